package cli

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"kitt.sh/service/unit"
)

// ServiceSelftest tries kitt as a service of this very machine, from install to uninstall, in a home and under a name of its own.
//
//	about (versions) -> steps, each on what the ones before it left -> clear, whatever happened
type ServiceSelftest struct {
	DryRun bool
}

// A selfReport is what there is to send back.
type selfReport struct {
	OK      bool       `json:"ok"`
	Kitt    string     `json:"kitt"`
	System  string     `json:"system"`  // macOS 15.1 (24B83), arm64
	Manager string     `json:"manager"` // in its own words
	Service string     `json:"service"` // the name that it had; "" in a rehearsal
	Steps   []selfStep `json:"steps"`
	MS      int64      `json:"ms"`
	Left    []string   `json:"left"` // what could not be taken away again
}

// A selfStep is one of its lines.
type selfStep struct {
	Step   string `json:"step"`
	What   string `json:"what"`
	Result string `json:"result"` // ok, failed, skipped; "" in a rehearsal
	MS     int64  `json:"ms"`
	Detail string `json:"detail,omitempty"` // why it failed, or what is worth knowing
}

// Run exits 1 where a step failed or something is left behind.
func (s ServiceSelftest) Run(ctx context.Context, k *Kitt) error {
	if err := k.may("json", "yaml"); err != nil {
		return err
	}
	if os.Geteuid() == 0 && k.Env("SUDO_UID") != "" && k.Env("SUDO_UID") != "0" {
		return usage("selftest: sudo would try a service of root's, not yours", "kitt service selftest, without sudo")
	}
	m, _, err := openServices(ctx, k)
	if err != nil {
		return err
	}
	r := &selfReport{OK: true, Kitt: Version() + ", " + runtime.GOOS + "/" + runtime.GOARCH, System: systemName(ctx), Left: []string{}}
	if v, ok := m.(interface{ Version(context.Context) string }); ok {
		r.Manager = v.Version(ctx)
	}
	if s.DryRun {
		return s.rehearse(k, r)
	}
	return s.real(ctx, k, r)
}

// rehearse says what would be done.
func (ServiceSelftest) rehearse(k *Kitt, r *selfReport) error {
	for _, step := range selfSteps {
		r.Steps = append(r.Steps, selfStep{Step: step.name, What: step.what})
	}
	if k.Output != "table" {
		return k.emitValue(r)
	}
	k.note("%s", selfWill("a folder of its own in "+k.Env("HOME")))
	k.selfHead(r)
	for _, step := range r.Steps {
		k.selfLine(step)
	}
	return nil
}

func selfWill(where string) string {
	return "this installs, kills, upgrades and uninstalls a second kitt, in " + where + ", within a minute or so.\n" +
		"Your own kitt and its service are not touched, nothing is asked of the network, and all is taken away again"
}

func (ServiceSelftest) real(ctx context.Context, k *Kitt, r *selfReport) error {
	// A second Ctrl-C, a terminal that is closed and a pipe that nobody reads must not keep it from clearing up.
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	defer stop()
	begun := k.Now()
	t, err := newTrial(k)
	if err != nil {
		return err
	}
	table := k.Output == "table"
	if table {
		k.note("%s", selfWill(t.dir))
		k.selfHead(r)
	}
	t.try(ctx, k.Now, selfSteps, func(step selfStep) {
		r.Steps = append(r.Steps, step)
		r.OK = r.OK && step.Result == "ok"
		if table {
			k.selfLine(step)
		}
	})
	if ctx.Err() != nil {
		k.note("interrupted: taking all away again, which another Ctrl-C does not hurry")
	}
	r.Service = t.service
	r.Left = append(r.Left, t.clear(context.WithoutCancel(ctx))...)
	r.OK, r.MS = r.OK && len(r.Left) == 0, k.Now().Sub(begun).Milliseconds()
	err = k.selfEnd(r)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// selfEnd is the last line, or the whole as JSON.
func (k *Kitt) selfEnd(r *selfReport) error {
	if k.Output != "table" {
		if err := k.emitValue(r); err != nil {
			return err
		}
	} else {
		for _, path := range r.Left {
			fmt.Fprintln(k.Out, k.Paint.in(red, "left behind: ")+cleanLines(path))
		}
		word := k.Paint.in(green, "all is well")
		if !r.OK {
			word = k.Paint.in(red, "not all is well")
		}
		fmt.Fprintf(k.Out, "%s, in %s\n", word, seconds(r.MS))
	}
	if !r.OK {
		return told(codeFailed)
	}
	return nil
}

func (k *Kitt) selfHead(r *selfReport) {
	k.fields([]field{{"kitt", r.Kitt}, {"system", r.System}, {"manager", r.Manager}})
}

// selfLine is a row of the table: step, result, time, and what it is about; below it what is to be said.
func (k *Kitt) selfLine(s selfStep) {
	colour, took := map[string]string{"ok": green, "failed": red}[s.Result], seconds(s.MS)
	if s.Result == "" || s.Result == "skipped" {
		took = ""
	}
	fmt.Fprintf(k.Out, "%-10s %s %8s  %s\n", s.Step, k.Paint.in(colour, fmt.Sprintf("%-7s", s.Result)), took, clean(s.What))
	if s.Detail != "" {
		for line := range strings.Lines(s.Detail) {
			fmt.Fprintf(k.Out, "%29s%s\n", "", clean(strings.TrimRight(line, "\n")))
		}
	}
}

func seconds(ms int64) string { return fmt.Sprintf("%.2f s", float64(ms)/1000) }

// try takes the steps one after the other. After one that the others need, or an interruption, the rest is skipped.
func (t *trial) try(ctx context.Context, now func() time.Time, steps []step, tell func(selfStep)) {
	skip := false
	for _, s := range steps {
		row := selfStep{Step: s.name, What: s.what, Result: "skipped"}
		if skip || ctx.Err() != nil {
			tell(row)
			continue
		}
		begun := now()
		within, cancel := context.WithTimeout(ctx, stepLimit)
		detail, err := s.do(t, within)
		cancel()
		row.Result, row.Detail, row.MS = "ok", detail, now().Sub(begun).Milliseconds()
		if err != nil {
			row.Result, row.Detail, skip = "failed", err.Error(), s.first
			if ctx.Err() != nil {
				row.Detail = "interrupted"
			}
		}
		tell(row)
	}
}

// systemName is what this machine runs: macOS 15.1 (24B83), Darwin 24.1.0.
func systemName(ctx context.Context) string {
	var u unix.Utsname
	_ = unix.Uname(&u)
	name := unix.ByteSliceToString(u.Sysname[:]) + " " + unix.ByteSliceToString(u.Release[:])
	if text, err := os.ReadFile("/etc/os-release"); err == nil {
		for line := range strings.Lines(string(text)) {
			if v, ok := strings.CutPrefix(strings.TrimSpace(line), "PRETTY_NAME="); ok {
				return strings.Trim(v, `"`) + ", " + name
			}
		}
	}
	if runtime.GOOS == "darwin" {
		version, _, _ := unit.Exec(ctx, "sw_vers", "-productVersion")
		build, _, _ := unit.Exec(ctx, "sw_vers", "-buildVersion")
		return "macOS " + strings.TrimSpace(version) + " (" + strings.TrimSpace(build) + "), " + name
	}
	return name
}
