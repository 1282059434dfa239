package cli

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"

	"kitt.sh/service/api"
	"kitt.sh/spec"
)

// A foreground is one `kitt up` under way: the processes of a spec in a kitt of their own, until they are to end.
type foreground struct {
	k        *Kitt // speaks to that kitt
	mode     upMode
	spec     *spec.Spec
	load     api.Load
	reread   func(context.Context, *api.Load) error // with other ports
	forget   func()                                 // removes a file that was to be read only
	order    []upProcess
	restarts map[string]spec.Restart // as the spec says

	got    <-chan os.Signal
	reader logReader
	out    *logPrinter
	seen   map[string]api.Instance
	rows   []api.Instance

	away   time.Time // since when its kitt does not answer; zero: it does
	ending bool
	end    upEnd
	forced bool
	asked  map[string]time.Time // when a process was told to end
	again  time.Duration        // when to look for the next one to be told; 0: when something happens
}

// run starts everything and returns when nothing of it is left, all of its output printed.
func (f *foreground) run(ctx context.Context, got <-chan os.Signal) error {
	f.got = got
	f.seen, f.asked = map[string]api.Instance{}, map[string]time.Time{}
	f.out = &logPrinter{k: f.k, up: true, colours: map[string]string{}}
	if err := f.start(ctx); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	news := newsOf(ctx, f.k, nil)
	defer func() {
		stop()
		for range news { // until it has ended
		}
	}()
	if err := f.watch(ctx, news); err != nil {
		return err
	}
	return f.finish(ctx)
}

// start has the kitt of this foreground started, and the spec applied in it.
func (f *foreground) start(ctx context.Context) error {
	if _, err := ensure(ctx, f.k); err != nil {
		return err
	}
	defer f.forget()
	for line, err := range f.k.posted(ctx, "apply", f.load, f.reread) {
		switch {
		case err != nil:
			return err
		case line.Type == "done" && line.Code != 0:
			return &trouble{text: line.Text, hint: line.Hint, code: line.Code}
		}
	}
	return nil
}

// upNews is where logs lie, or that there is more of them or something changed; err is the end.
type upNews struct {
	logNews
	err error
}

// watch prints what comes and follows how the processes stand, until none of them lives.
func (f *foreground) watch(ctx context.Context, news <-chan upNews) error {
	for {
		var due <-chan time.Time
		if f.again > 0 {
			due = time.After(f.again)
		}
		select {
		case n, ok := <-news:
			if !ok {
				return &trouble{text: "up: its keeper is gone", hint: "everything is ended", code: codeFailed}
			}
			if n.err != nil {
				return n.err
			}
			if err := f.sources(n.Sources); err != nil {
				return err
			}
		case s := <-f.got:
			if err := f.signalled(ctx, s.(syscall.Signal)); err != nil {
				return err
			}
		case <-due:
		}
		if over, err := f.look(ctx); over || err != nil {
			return err
		}
	}
}

// sources takes note of where the output of processes lies.
func (f *foreground) sources(all []logSource) (err error) {
	f.out.join(all)
	switch {
	case all == nil:
	case f.reader == nil:
		f.reader, err = openLogs(all, logQuery{Last: -1, Out: true, Err: true, Whole: true})
	default:
		f.reader.Follow(all)
	}
	return err
}

// look prints what there is and judges it. over says that all was to end and nothing lives any more.
func (f *foreground) look(ctx context.Context) (over bool, err error) {
	until := f.k.Now().Add(upPrintMost)
	var now api.Status
	if err := f.k.API.Read(ctx, "/v1/status", nil, &now); err != nil {
		return false, f.patient(err)
	}
	f.away = time.Time{}
	more, err := f.print(ctx, func() bool { return f.k.Now().After(until) })
	if err != nil {
		return false, err
	}
	f.again = 0
	if f.rows = now.Instances; more { // what they wrote before something happened to them comes first
		f.again = time.Nanosecond
	} else {
		f.tellAll()
	}
	if !f.ending {
		if end, all := upJudge(f.mode, f.rows, f.restarts); all {
			f.begin(end)
		}
	}
	if !f.ending {
		return false, nil
	}
	if len(upLives(f.rows)) == 0 {
		return true, nil
	}
	return false, f.patient(f.stopSome(ctx))
}

// upAway is how long its own kitt may be away: a keeper that was killed is brought back in that time.
const upAway = 5 * time.Second

// patient is nil for an error that passes when its own kitt is back; then it is to be tried again.
func (f *foreground) patient(err error) error {
	if !errors.Is(err, api.ErrNotRunning) && !errors.Is(err, api.ErrGone) {
		return err
	}
	now := f.k.Now()
	if f.away.IsZero() {
		f.away = now
	}
	if now.Sub(f.away) > upAway {
		return err
	}
	f.again = 20 * time.Millisecond
	return nil
}
