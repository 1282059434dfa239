package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"kitt.sh/internal/early"
	"kitt.sh/reconcile/keeper"
	"kitt.sh/service"
	"kitt.sh/service/api"
	"kitt.sh/service/home"
)

// Upgrade has the running kitt become another build of it, in place: processes, and the keeper's pid, stay.
type Upgrade struct {
	To      string
	Timeout time.Duration
}

// An upgradeReport is what `kitt upgrade -o json` prints.
type upgradeReport struct {
	Changed   bool    `json:"changed"`
	From      string  `json:"from"`
	To        string  `json:"to"`
	Path      string  `json:"path"`
	Keeper    int     `json:"keeper"`    // pid
	Kept      bool    `json:"kept"`      // the keeper's pid is the one of before
	Daemon    int     `json:"daemon"`    // pid
	Processes int     `json:"processes"` // that run on
	PauseMS   float64 `json:"pause_ms"`  // without a keeper
	AnswerMS  float64 `json:"answer_ms"` // until the new daemon answered
	Error     string  `json:"error,omitempty"`
}

func (u Upgrade) Run(ctx context.Context, k *Kitt) error {
	if err := k.may("json", "yaml"); err != nil {
		return err
	}
	if k.homeless != nil {
		return k.homeless
	}
	c, err := keeper.Dial(ctx, k.Dirs.Keeper(), "cli")
	if err != nil {
		return &trouble{text: "upgrade: " + api.ErrNotRunning.Error(), hint: "kitt apply starts it, as the build that you call", code: codeNoDaemon, err: err}
	}
	defer c.Close()
	r := upgradeReport{From: c.Version(), To: c.Version(), Keeper: c.PID(), Kept: true}
	if r.Path, err = u.path(k, c.About().Path); err != nil {
		return err
	}
	image := keeper.ImageOf(c.PID(), k.Dirs.State, c.About().Path)
	next, err := preflight(ctx, k.Dirs, r.Path, c.About().Handover)
	if err != nil {
		return err
	}
	if same, err := service.SameFile(r.Path, image); err == nil && same {
		return u.nothing(k, r)
	}
	if err := keepPrevious(k.Dirs, image); err != nil {
		return fmt.Errorf("upgrade: keep the present build: %w; nothing was changed", err)
	}
	r.To = next.Version
	r.Processes = running(ctx, c)
	return u.move(ctx, k, c, r)
}

// path is the program to become: --to, or what lies where the running kitt was started from.
func (u Upgrade) path(k *Kitt, started string) (string, error) {
	if started == "" { // it says hello, and nothing of where it lies
		return "", &trouble{text: "upgrade: the running kitt is too old to become another in place; nothing was changed",
			hint: "kitt shutdown && kitt apply, which restarts the processes", code: codeFailed}
	}
	path := u.To
	if path == "" {
		path = started
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(k.Cwd, path)
	}
	st, err := os.Stat(path)
	var at *os.PathError
	switch {
	case errors.As(err, &at):
		err = at.Err
	case err == nil && !st.Mode().IsRegular():
		err = errors.New("it is not a file")
	case err == nil && st.Mode()&0o111 == 0:
		err = errors.New("it is not executable")
	}
	if err != nil {
		return "", &trouble{text: fmt.Sprintf("upgrade to %s: %v; nothing was changed", path, err), hint: "name the program: kitt upgrade --to PATH", code: codeFailed}
	}
	return path, nil
}

// nothing is told when the very build runs already; the one that was called may be another.
func (u Upgrade) nothing(k *Kitt, r upgradeReport) error {
	var s api.Status
	if k.API.Read(context.Background(), "/v1/version", nil, &s.Daemon) == nil {
		r.Daemon = s.Daemon.PID
	}
	if k.Output != "table" {
		return k.emitValue(r)
	}
	if !k.Quiet {
		fmt.Fprintf(k.Out, "nothing to do: kitt runs %s, from %s\n", clean(r.From), clean(r.Path))
	}
	if own, err := early.CalledAs(); err == nil && own != r.Path {
		if same, err := service.SameFile(own, r.Path); err == nil && !same {
			k.note("this program is another build: %s, from %s", Version(), own)
			k.hint("kitt upgrade --to " + own)
		}
	}
	return nil
}

// running is how many lives run.
func running(ctx context.Context, c *keeper.Client) (n int) {
	lives, _ := c.List(ctx)
	for _, l := range lives {
		if l.State != keeper.Exited {
			n++
		}
	}
	return n
}

// keepPrevious copies the build that runs to where the keeper finds it if the next one fails. A copy, because what
// lies at a path may be written over.
func keepPrevious(d home.Dirs, image string) error {
	kept := keeper.Previous(d.State)
	if same, err := service.SameFile(kept, image); err == nil && same {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(kept), 0o700); err != nil {
		return err
	}
	from, err := os.Open(image)
	if err != nil {
		return err
	}
	defer from.Close()
	tmp := kept + ".new"
	_ = os.Remove(tmp)
	to, err := os.OpenFile(tmp, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o700)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	if err := errors.Join(err, to.Close()); err != nil {
		_ = os.Remove(tmp)
		return err
	}
	return os.Rename(tmp, kept)
}

// move gives the order, and waits until the new daemon answers or the old build is back.
func (u Upgrade) move(ctx context.Context, k *Kitt, c *keeper.Client, r upgradeReport) error {
	var before api.Daemon
	_ = k.API.Read(ctx, "/v1/version", nil, &before) // a daemon that does not answer is replaced like any other
	about, begun := c.About(), k.Now()
	if err := c.Upgrade(ctx, r.Path, r.To); err != nil {
		return &trouble{text: fmt.Sprintf("upgrade to %s: %v; nothing was changed", r.Path, err), code: codeFailed, err: err}
	}
	a := arrival{k: k, about: about, path: r.Path, before: before.PID, since: begun}
	err := a.wait(ctx, u.Timeout)
	r.Daemon, r.PauseMS, r.AnswerMS = a.daemon, ms(a.pause), ms(k.Now().Sub(begun))
	r.Kept, r.Keeper = a.keeper == r.Keeper, a.keeper
	r.Changed = err == nil
	if err != nil {
		r.Error = err.Error()
	}
	if k.Output != "table" {
		if e := k.emitValue(r); e != nil {
			return e
		}
		return err
	}
	if err == nil && !k.Quiet {
		r.print(k)
	}
	if err == nil && about.Service && about.Path != r.Path {
		k.note("the service starts %s, which may be another build", about.Path)
		k.hint("kitt service install, called as the new build, has it start that one")
	}
	return err
}

func (r upgradeReport) print(k *Kitt) {
	keeperText := fmt.Sprintf("keeper %d replaced in place, away for %.1f ms", r.Keeper, r.PauseMS)
	if !r.Kept {
		keeperText = fmt.Sprintf("keeper %d is new", r.Keeper)
	}
	fmt.Fprintf(k.Out, "upgraded %s -> %s (%s)\n  %s\n  daemon %d is new, answered after %.0f ms; calls meanwhile waited\n  %d running, none touched\n",
		clean(r.From), clean(r.To), clean(r.Path), keeperText, r.Daemon, r.AnswerMS, r.Processes)
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
