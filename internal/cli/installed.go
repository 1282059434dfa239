package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"kitt.sh/reconcile/keeper"
	"kitt.sh/service/api"
	"kitt.sh/service/home"
	"kitt.sh/service/unit"
)

// realServices is openServices on a real machine.
func realServices(_ context.Context, k *Kitt) (services, unit.Spec, error) {
	sp, fleeting, err := serviceSpec(k, os.Geteuid() == 0 && k.Env("SUDO_USER") != "")
	if err != nil {
		return nil, sp, err
	}
	m, err := unit.New(k.host(), sp)
	return installable{m, fleeting}, sp, err
}

// installing is what the flags of kitt service install say.
type installing struct {
	rehearse, noStart bool
	keep, stopAll     bool // a stop leaves the processes; an uninstall stops them
	runAs             string
	as                *syscall.Credential // whose kitt it is, where that is another user's
}

// installable is a Manager that refuses to install a program which will be gone soon; all else it does.
type installable struct {
	*unit.Manager
	fleeting error
}

func (i installable) Install(ctx context.Context, sp unit.Spec) (unit.Result, error) {
	if i.fleeting != nil {
		return unit.Result{}, i.fleeting
	}
	return i.Manager.Install(ctx, sp)
}

// serviceSpec says what kitt's service is to be for the user who asks, or who asks through sudo; fleeting is why this
// program is no fit one to install.
func serviceSpec(k *Kitt, sudo bool) (sp unit.Spec, fleeting, err error) {
	exe, err := os.Executable()
	if err != nil {
		return sp, nil, fmt.Errorf("find kitt: %w", err)
	}
	if path, _, err := unit.StablePath(exe, unit.Machine()); err != nil {
		fleeting = err
	} else {
		exe = path
	}
	u, err := user.Current()
	switch {
	case k.service.runAs != "":
		u, err = user.Lookup(k.service.runAs)
	case sudo:
		u, err = user.Lookup(k.Env("SUDO_USER"))
	}
	if err != nil {
		return sp, nil, fmt.Errorf("find user: %w", err)
	}
	if sudo || k.service.runAs != "" {
		if err := k.liveAs(u); err != nil {
			return sp, nil, err
		}
	}
	if unit.Simulation() != "" {
		u.HomeDir = k.Env("HOME")
	}
	sp = unit.Spec{Exe: exe, UserName: u.Username, UserHome: u.HomeDir, PATH: k.Env("PATH"), Lang: k.Env("LANG")}
	sp.UID, _ = strconv.Atoi(u.Uid)
	sp.GID, _ = strconv.Atoi(u.Gid)
	if d, err := home.Resolve("", only("HOME", u.HomeDir), runtime.GOOS); err != nil || d.Home != k.Dirs.Home {
		sp.Home = k.Dirs.Home
	}
	switch {
	case unit.OnMac() && sp.Home != "":
		sp.LogDir = k.Dirs.Own() // a home of its own keeps to itself
	case unit.OnMac():
		sp.LogDir = filepath.Join(u.HomeDir, "Library", "Logs", "kitt")
	}
	return sp, fleeting, nil
}

// only is an environment of one variable.
func only(name, value string) func(string) string {
	return func(asked string) string {
		if asked == name {
			return value
		}
		return ""
	}
}

// host is this machine, as package unit wants it.
func (k *Kitt) host() unit.Host {
	h := unit.Host{UID: os.Geteuid(), SudoUID: k.Env("SUDO_UID"), Run: unit.Exec, Sleep: sleep, Dry: k.service.rehearse, NoStart: k.service.noStart, Keep: k.service.keep, StopAll: k.service.stopAll,
		Ready: k.keeperPID, HandOver: k.handOver, Announce: k.announce, Tail: k.lastWords}
	if k.service.as != nil {
		k.asksAs(&h)
	}
	return h
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// keeperPID asks the running kitt for its keeper.
func (k *Kitt) keeperPID(ctx context.Context) (int, error) {
	var s api.Status
	if err := k.API.Read(ctx, "/v1/status", nil, &s); err != nil {
		return 0, err
	}
	return s.Keeper.PID, nil
}

// handOver ends a kitt that no service runs, and waits until it is gone: the service's keeper would leave at once, exit 0, to one
// that still answers, and launchd does not start again what exits 0. Its processes stay, and are found again by the service's.
func (k *Kitt) handOver(ctx context.Context) (lives int, err error) {
	c, err := keeper.Dial(ctx, k.Dirs.Keeper(), "cli")
	if err != nil {
		return 0, nil // none runs
	}
	defer c.Close()
	list, err := c.List(ctx)
	if err != nil && !errors.Is(err, keeper.ErrClosed) { // closed: it was about to end already
		return 0, err
	}
	for _, l := range list {
		if l.State == keeper.Running || l.State == keeper.Stopping {
			lives++
		}
	}
	if err := c.Shutdown(ctx, false); err != nil && !errors.Is(err, keeper.ErrClosed) {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		select {
		case _, there := <-c.Events():
			if !there {
				return lives, released(ctx, k.Dirs.Lock())
			}
		case <-ctx.Done():
			return 0, fmt.Errorf("keeper %d does not end: %w", c.PID(), ctx.Err())
		}
	}
}

// released waits until nobody holds the lock of a keeper: its sockets are closed a moment before that.
func released(ctx context.Context, lock string) error {
	f, err := os.Open(lock)
	if err != nil {
		return nil // whoever held it took it away
	}
	defer f.Close()
	for unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB) == unix.EWOULDBLOCK {
		if err := sleep(ctx, 2*time.Millisecond); err != nil {
			return fmt.Errorf("%s is not released: %w", lock, err)
		}
	}
	return nil
}

// announce tells the running kitt what its coming end means.
func (k *Kitt) announce(ctx context.Context, stay bool) error {
	body, err := json.Marshal(map[string]bool{"stay": stay})
	if err != nil {
		return err
	}
	r, err := k.API.Open(ctx, "POST", "/v1/announce", nil, body)
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = io.Copy(io.Discard, r)
	return err
}

// lastWords is the end of the keeper's and the daemon's log.
func (k *Kitt) lastWords(_ context.Context, n int) []string {
	var all bytes.Buffer
	for _, name := range []string{"keeper.log", "daemon.log"} {
		all.WriteString(lastLines(filepath.Join(k.Dirs.Own(), name), n) + "\n")
	}
	if text := strings.TrimSpace(all.String()); text != "" {
		return strings.Split(text, "\n")
	}
	return nil
}
