package cli

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"time"

	"kitt.sh/service/api"
)

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
		name, again := upNextStop(f.k.Now(), f.order, lives, f.asked)
		if name == "" {
			if f.again == 0 { // else there is more to print
				f.again = again
			}
			return nil
		}
		if err := f.stop(ctx, name); err != nil {
			return err
		}
	}
}

// stop tells one process to end, in its own way.
func (f *foreground) stop(ctx context.Context, name string) error {
	for _, err := range f.k.API.Post(ctx, "stop", api.Order{Project: f.spec.Project, Targets: []string{f.spec.Project + "/" + name}}) {
		if err != nil {
			return err
		}
	}
	f.asked[name] = f.k.Now()
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
		more, err := f.print(ctx, func() bool { return false })
		_ = f.reader.Close()
		if err != nil {
			return err
		}
		if more { // one more Ctrl-C: nobody wants to see the rest
			return told(codeStopped)
		}
	}
	f.tellAll()
	f.say("done", "", fmt.Sprintf("exit code %d", f.end.code), nil)
	return told(f.end.code)
}
