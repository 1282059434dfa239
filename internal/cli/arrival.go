package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"kitt.sh/internal/early"
	"kitt.sh/reconcile/keeper"
	"kitt.sh/service/api"
)

// An arrival is the waiting for a build that was upgraded to. Where no service does, it starts a keeper that died
// again: the keeper counts its starts, and goes back to the build before when they are too many.
type arrival struct {
	k      *Kitt
	about  keeper.About // of the keeper before
	path   string
	before int // pid of the daemon before
	since  time.Time

	keeper, daemon int // pids
	pause          time.Duration
	starts         int
	started        time.Time
}

// startEvery is how long a keeper that was started may take until it can be dialled.
const startEvery = 500 * time.Millisecond

// wait returns nil when the new build answers.
func (a *arrival) wait(ctx context.Context, most time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	for pause := time.Millisecond; ; pause = min(2*pause, 20*time.Millisecond) {
		switch there := a.greet(ctx); {
		case there && a.answered(ctx):
			return a.verdict()
		case !there && !a.about.Service:
			a.help(ctx)
		}
		select {
		case <-ctx.Done():
			return &trouble{text: fmt.Sprintf("upgrade to %s: no answer in %s", a.path, most), hint: "look into " + a.k.Dirs.Own(), code: codeNotReady}
		case <-time.After(pause):
		}
	}
}

// verdict tells whether the build that answers is the new one.
func (a *arrival) verdict() error {
	if last, ok := keeper.LastUpgrade(a.k.Dirs.State); ok && last.Back != "" {
		return &trouble{text: fmt.Sprintf("upgrade to %s: %s was given up: %s; back to %s", a.path, last.To, last.Back, last.From),
			hint: "look into " + a.k.Dirs.Own(), code: codeFailed}
	}
	return nil
}

// greet asks the keeper who it is.
func (a *arrival) greet(ctx context.Context) bool {
	c, err := keeper.Dial(ctx, a.k.Dirs.Keeper(), "cli")
	if err != nil {
		return false
	}
	defer c.Close()
	a.keeper, a.pause = c.PID(), c.About().Pause
	return true
}

// answered asks for the daemon that came.
func (a *arrival) answered(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	var d api.Daemon
	if a.k.API.Read(ctx, "/v1/version", nil, &d) != nil || d.PID == a.before {
		return false
	}
	a.daemon = d.PID
	return true
}

// help starts a keeper, if the one before had its time; the build before where the new one cannot even count.
func (a *arrival) help(ctx context.Context) {
	now := a.k.Now()
	if now.Sub(a.since) < startEvery || now.Sub(a.started) < startEvery {
		return
	}
	if err := a.k.API.Ping(ctx); err == nil || !errors.Is(err, api.ErrNotRunning) {
		return
	}
	opt, err := early.KeeperOptions(a.k.Dirs, false)
	if err != nil {
		return
	}
	a.started = now
	opt.Exe, opt.Program = a.path, a.path // by its path, as a service manager would
	if a.starts++; a.starts > 3 {
		opt.Program = keeper.Previous(a.k.Dirs.State)
		keeper.GiveUp(a.k.Dirs.State, "its keeper ended at its start, 4 times")
	}
	_ = keeper.StartDetached(opt) // tried again
}
