package cli

import (
	"context"
	"encoding/json"
	"fmt"
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
	order    []upProcess
	restarts map[string]spec.Restart // as the spec says

	reader logReader
	out    *logPrinter
	seen   map[string]api.Instance
	rows   []api.Instance

	ending bool
	end    upEnd
	forced bool
	asked  map[string]time.Time // when a process was told to end
	again  time.Duration        // when to look for the next one to be told; 0: when something happens
}

// run starts everything and returns when nothing of it is left, all of its output printed.
func (f *foreground) run(ctx context.Context, got <-chan os.Signal) error {
	f.seen, f.asked = map[string]api.Instance{}, map[string]time.Time{}
	f.out = &logPrinter{k: f.k, up: true, colours: map[string]string{}}
	if err := f.start(ctx); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	news := f.follow(ctx)
	defer func() {
		stop()
		for range news { // until it has ended
		}
	}()
	if err := f.watch(ctx, news, got); err != nil {
		return err
	}
	return f.finish(ctx)
}

// start has the kitt of this foreground started, and the spec applied in it.
func (f *foreground) start(ctx context.Context) error {
	if _, err := ensure(ctx, f.k); err != nil {
		return err
	}
	for line, err := range f.k.API.Post(ctx, "apply", f.load) {
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

// follow hands over the daemon's pokes until ctx ends; then the channel is closed.
func (f *foreground) follow(ctx context.Context) <-chan upNews {
	news := make(chan upNews)
	go func() { // ended by ctx, or the stream's end
		defer close(news)
		for n, err := range api.Follow[logNews](ctx, f.k.API, "/v1/logs/wait", nil) {
			select {
			case news <- upNews{n, err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return news
}

// watch prints what comes and follows how the processes stand, until none of them lives.
func (f *foreground) watch(ctx context.Context, news <-chan upNews, got <-chan os.Signal) error {
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
		case s := <-got:
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
	var now api.Status
	if err := f.k.API.Read(ctx, "/v1/status", nil, &now); err != nil {
		return false, err
	}
	if err := f.print(ctx); err != nil {
		return false, err
	}
	f.rows = now.Instances
	for _, in := range f.rows {
		f.tell(f.seen[in.ID], in)
		f.seen[in.ID] = in
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
	return false, f.stopSome(ctx)
}

// print prints the output that is stored and was not printed yet.
func (f *foreground) print(ctx context.Context) error {
	if f.reader == nil {
		return nil
	}
	return f.out.end(f.reader.Read(ctx, f.out.print))
}

// begin begins the end.
func (f *foreground) begin(end upEnd) {
	f.ending, f.end = true, end
	if len(upLives(f.rows)) > 0 || end.code != 0 {
		f.say("stop", "", end.why+"; ending all", nil)
	}
}

// stopSome tells those to end whose turn it is.
func (f *foreground) stopSome(ctx context.Context) error {
	lives := upLives(f.rows)
	for {
		name := ""
		if name, f.again = upNextStop(f.k.Now(), f.order, lives, f.asked); name == "" {
			return nil
		}
		if err := f.stop(ctx, name); err != nil {
			return err
		}
	}
}

// stop tells one process to end, in its own way.
func (f *foreground) stop(ctx context.Context, name string) error {
	f.asked[name] = f.k.Now()
	for _, err := range f.k.API.Post(ctx, "stop", api.Order{Project: f.spec.Project, Targets: []string{f.spec.Project + "/" + name}}) {
		if err != nil {
			return err
		}
	}
	return nil
}

// signalled acts on a signal: the first that asks for the end begins it, the second forces it, the third leaves it to
// the keeper. Others are passed on.
func (f *foreground) signalled(ctx context.Context, sig syscall.Signal) error {
	name := signalName(sig)
	switch {
	case sig == syscall.SIGUSR1 || sig == syscall.SIGUSR2 || sig == syscall.SIGHUP && os.Getpid() == 1:
		f.send(ctx, api.Signal{All: true, Signal: name})
		return nil
	case f.forced:
		return told(codeStopped)
	case f.ending:
		f.forced, f.end.code = true, codeStopped
		f.say("stop", "", "forced: killing what is left", nil)
		return f.kill(ctx)
	}
	f.begin(upEnd{0, name})
	return nil
}

// kill ends everything at once.
func (f *foreground) kill(ctx context.Context) error {
	for _, p := range f.order {
		if _, told := f.asked[p.name]; told || !upLives(f.rows)[p.name] {
			continue
		}
		if err := f.stop(ctx, p.name); err != nil {
			return err
		}
	}
	f.send(ctx, api.Signal{All: true, Signal: "SIGKILL", Tree: true})
	return nil
}

// send passes a signal on. That nothing of it lives any more is no trouble.
func (f *foreground) send(ctx context.Context, s api.Signal) {
	for range f.k.API.Post(ctx, "signal", s) {
	}
}

// finish ends the kitt of this foreground and prints what is left to print.
func (f *foreground) finish(ctx context.Context) error {
	for _, err := range f.k.API.Post(ctx, "shutdown", api.Order{All: true, Wait: true}) {
		if err != nil {
			break // its end is seen below
		}
	}
	gone(ctx, f.k, 10*time.Second)
	if f.reader != nil {
		f.reader.Ended()
		err := f.print(ctx)
		_ = f.reader.Close()
		if err != nil {
			return err
		}
	}
	f.say("done", "", fmt.Sprintf("exit code %d", f.end.code), nil)
	return told(f.end.code)
}

// tell says what became of an instance since it was seen last.
func (f *foreground) tell(was, is api.Instance) {
	switch {
	case is.Exit != nil && (was.Exit == nil || !is.Exit.At.Equal(was.Exit.At.Time)):
		f.say("exit", is.ID, upExit(is), is.Exit)
	case is.Phase == "failed" && is.Exit == nil && was.Phase != "failed":
		f.say("exit", is.ID, upExit(is), nil)
	}
	if is.PID != 0 && is.PID != was.PID {
		f.say("start", is.ID, fmt.Sprintf("started, pid %d", is.PID), nil)
	}
}

// An upSaid is one line of kitt's own in JSON; docs/json.md promises it. A line of a process has type "line".
type upSaid struct {
	Type   string    `json:"type"` // start exit stop done
	ID     string    `json:"id,omitempty"`
	At     api.Time  `json:"at"`
	Reason string    `json:"reason"`
	Exit   *api.Exit `json:"exit,omitempty"`
	Code   *int      `json:"code,omitempty"` // done: the exit code
}

func (f *foreground) say(kind, id, text string, exit *api.Exit) {
	if f.k.Output == "json" {
		said := upSaid{Type: kind, ID: id, At: api.Time{Time: f.k.Now()}, Reason: text, Exit: exit}
		if kind == "done" {
			said.Code = &f.end.code
		}
		b, _ := json.Marshal(said) // strings and numbers: cannot fail
		_, _ = f.k.Out.Write(append(api.Harmless(b), '\n'))
		return
	}
	switch {
	case f.k.Quiet || kind == "done":
	case id == "":
		fmt.Fprintf(f.k.Err, "%s %s\n", f.k.Talk.in(dim, "kitt:"), indentLines(text))
	default:
		fmt.Fprintf(f.k.Err, "%s %s %s\n", f.k.Talk.in(dim, "kitt:"), clean(id), indentLines(text))
	}
}
