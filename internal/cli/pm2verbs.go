package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"kitt.sh/service/api"
)

// Reset has the restarts of processes counted from 0 again.
type Reset struct {
	All   bool
	Names []string
}

func (r Reset) Run(ctx context.Context, k *Kitt) error {
	return k.named(ctx, "reset", api.Order{Targets: r.Names, All: r.All})
}

// Flush empties the stored output of processes; without a name of all, as in pm2.
type Flush struct {
	Names []string
}

func (f Flush) Run(ctx context.Context, k *Kitt) error {
	return k.order(ctx, "flush", api.Order{Targets: f.Names, All: len(f.Names) == 0})
}

// SignalVerb sends a signal to processes.
type SignalVerb struct {
	All    bool
	Tree   bool
	Signal string
	Names  []string
}

func (s SignalVerb) Run(ctx context.Context, k *Kitt) error {
	if err := k.may("json"); err != nil {
		return err
	}
	name, err := signalWord(s.Signal)
	if err == nil {
		err = whom("signal "+s.Signal, api.Order{Targets: s.Names, All: s.All})
	}
	if err != nil {
		return err
	}
	body := api.Signal{Project: k.project(), Targets: s.Names, All: s.All, Signal: name, Tree: s.Tree}
	return unanswered("signal", s.Names, k.asking(ctx, func() error {
		return (&stream{k: k}).print(ctx, "signal", k.API.Post(ctx, "signal", body))
	}))
}

// signalWord reads SIGHUP, HUP, hup or 1.
func signalWord(word string) (string, error) {
	name := "SIG" + strings.TrimPrefix(strings.ToUpper(word), "SIG")
	if n, err := strconv.Atoi(word); err == nil {
		name = unix.SignalName(unix.Signal(n))
	}
	if unix.SignalNum(name) == 0 {
		return "", usage(fmt.Sprintf("%q is no signal", word), "for instance SIGHUP, USR2 or 15")
	}
	return name, nil
}

// Pid prints process ids, one a line.
type Pid struct {
	Names []string
}

func (p Pid) Run(ctx context.Context, k *Kitt) error {
	l, err := k.listing(ctx, p.Names)
	if err != nil {
		return err
	}
	for _, in := range l.Instances {
		if in.PID != 0 {
			fmt.Fprintln(k.Out, in.PID)
		}
	}
	return nil
}

// ID prints the numbers of instances as pm2 does: [ 0, 1 ].
type ID struct {
	Names []string
}

func (i ID) Run(ctx context.Context, k *Kitt) error {
	l, err := k.listing(ctx, i.Names)
	if err != nil {
		return err
	}
	var ids []string
	for _, p := range pm2List(l) {
		if id := strconv.Itoa(p.ID); p.ID >= 0 && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		fmt.Fprintln(k.Out, "[]")
		return nil
	}
	fmt.Fprintln(k.Out, "[ "+strings.Join(ids, ", ")+" ]")
	return nil
}

// listing asks for instances and the settings of their processes.
func (k *Kitt) listing(ctx context.Context, names []string) (l api.Listing, err error) {
	err = k.asking(ctx, func() error { return k.API.Read(ctx, "/v1/listing", k.targets(names), &l) })
	return l, err
}

// Env is show --env.
type Env struct {
	Reveal bool
	Name   string
}

func (e Env) Run(ctx context.Context, k *Kitt) error {
	return Show{Env: true, Reveal: e.Reveal, Name: e.Name}.Run(ctx, k)
}

// Ping tells whether kitt runs.
type Ping struct{}

func (Ping) Run(ctx context.Context, k *Kitt) error {
	var v struct{ Version string }
	if err := k.asking(ctx, func() error { return k.API.Read(ctx, "/v1/version", nil, &v) }); err != nil {
		return err
	}
	fmt.Fprintln(k.Out, "{ msg: 'pong' }")
	return nil
}

// A NoNeed is a verb of pm2 that kitt does not need: it says what kitt does instead, and is done.
type NoNeed struct {
	Says string
}

func (n NoNeed) Run(ctx context.Context, k *Kitt) error {
	if err := k.asking(ctx, func() error { return k.API.Ping(ctx) }); err != nil {
		return err
	}
	k.note("%s", n.Says)
	return nil
}

// What pm2's verbs that are not needed are told.
const (
	saysSave   = "nothing to save: what you apply, start, stop and scale is on disk already, and comes back after a reboot (kitt service install)"
	saysReopen = "nothing to reopen: kitt finds a log file that was moved away by itself"
)

// Save and ReloadLogs are not needed.
type (
	Save       struct{ Force bool }
	ReloadLogs struct{}
)

func (Save) Run(ctx context.Context, k *Kitt) error { return NoNeed{saysSave}.Run(ctx, k) }
func (ReloadLogs) Run(ctx context.Context, k *Kitt) error {
	return NoNeed{saysReopen}.Run(ctx, k)
}

// Resurrect starts kitt, if it does not run: everything that is wanted comes back with it.
type Resurrect struct{}

func (Resurrect) Run(ctx context.Context, k *Kitt) error {
	if _, err := ensure(ctx, k); err != nil {
		return err
	}
	k.note("kitt runs, and with it everything that is wanted; after a reboot kitt service install does this by itself")
	return Status{}.Run(ctx, k)
}

// Startup is service install, Unstartup service uninstall. What pm2 is told besides (the platform, -u, --hp) kitt finds.
type (
	Startup struct {
		System   bool
		User     string
		HomePath string
		Platform string
	}
	Unstartup Startup
)

func (s Startup) Run(ctx context.Context, k *Kitt) error {
	k.note("startup is kitt service install")
	return ServiceInstall{System: s.System}.Run(ctx, k)
}

func (s Unstartup) Run(ctx context.Context, k *Kitt) error {
	k.note("unstartup is kitt service uninstall")
	return ServiceUninstall{System: s.System}.Run(ctx, k)
}

// Update is upgrade: the kitt that runs becomes the build that is installed.
type Update struct{}

func (Update) Run(ctx context.Context, k *Kitt) error {
	k.note("update is kitt upgrade: your processes run on")
	return Upgrade{Timeout: 40 * time.Second}.Run(ctx, k)
}

// StartOr is apply: pm2's startOrRestart and startOrReload.
type StartOr struct {
	Profile string
	File    string
}

func (s StartOr) Run(ctx context.Context, k *Kitt) error {
	return Apply{Name: s.File, Profile: s.Profile, Timeout: defaultWait}.Run(ctx, k)
}

// Report is what to paste into a question.
type Report struct{}

func (Report) Run(ctx context.Context, k *Kitt) error {
	fmt.Fprintf(k.Out, "kitt %s\nhome %s\nsystem %s\n\n", Version(), k.Dirs.Home, system())
	s, err := Status{}.look(ctx, k)
	switch {
	case errors.Is(err, api.ErrNotRunning):
		fmt.Fprintln(k.Out, "kitt does not run")
		return nil
	case err != nil:
		return err
	}
	fmt.Fprintf(k.Out, "daemon %s, pid %d; keeper pid %d; specs %d; instances %d\n\n", s.Daemon.Version, s.Daemon.PID, s.Keeper.PID, len(s.Specs), len(s.Instances))
	fmt.Fprint(k.Out, statusText(k.Paint, k.Now(), s, true, 0))
	if words := lastLines(k.Dirs.Own()+"/daemon.log", 10); words != "" {
		fmt.Fprintf(k.Out, "\nlast words of the daemon\n%s\n", indentLines(words))
	}
	return nil
}

// files are the names of an order that are spec files: they stand for the processes of their project.
func (k *Kitt) files(ctx context.Context, o api.Order) (api.Order, error) {
	at := slices.IndexFunc(o.Targets, func(name string) bool { return isSpec(k, name) && isScript(k, name) })
	if at < 0 {
		return o, nil
	}
	req, err := Source{Name: o.Targets[at], Look: true}.request(k)
	if err != nil {
		return o, err
	}
	s, err := k.read(ctx, req)
	if err != nil {
		return o, err
	}
	var names []string
	for _, p := range s.Processes {
		names = append(names, s.Project+"/"+p.Name)
	}
	o.Targets = slices.Concat(o.Targets[:at], names, o.Targets[at+1:])
	return k.files(ctx, o)
}
