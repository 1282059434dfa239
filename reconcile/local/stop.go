package local

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/reconcile/failpoint"
	"kitt.sh/reconcile/keeper"
	"kitt.sh/spec"
)

// askerMost is how long the keeper waits for the one who asked.
const askerMost = 2 * time.Second

// Stop asks the keeper to end a life, after the spec's own stop command if there is one. It returns at once.
func (r *Runtime) Stop(ctx context.Context, life string, how spec.Stop, asker int) error {
	sig, err := signalNumber(how.Signal)
	if err != nil {
		return fmt.Errorf("stop %s: %w", life, err)
	}
	order := keeper.StopOrder{Life: life, Signal: sig, Grace: how.Timeout, KillMode: how.KillMode, After: asker}
	if err := second(&order, how); err != nil {
		return fmt.Errorf("stop %s: %w", life, err)
	}
	most := how.Longest()
	if asker != 0 {
		most += askerMost
	}
	if !r.begin(life, most) {
		return nil
	}
	if how.Runs() || how.Drain > 0 {
		r.commands.Go(func() { r.stopByCommand(context.WithoutCancel(ctx), how, order) }) // bounded by its times; Close waits
		return nil
	}
	return r.ask(ctx, how, order)
}

// second puts the signal that follows the first into an order.
func second(order *keeper.StopOrder, how spec.Stop) (err error) {
	name, after := how.Second()
	if name != "" {
		order.Second, err = signalNumber(name)
		order.SecondAfter = after
	}
	return err
}

// ask has the program told to end: by a message where it has one, else by the signal.
func (r *Runtime) ask(ctx context.Context, how spec.Stop, order keeper.StopOrder) error {
	if len(how.Command) == 0 && r.say(order.Life, how.Message) {
		order.Signal = keeper.NoSignal // the message takes its place
	}
	return r.order(ctx, order)
}

// Close waits for the stop commands that still run, each at most its own time, until the keeper has their orders.
func (r *Runtime) Close() { r.commands.Wait() }

// begin notes that a life is being stopped; first is false if it was already, is over, or is not known.
func (r *Runtime) begin(life string, most time.Duration) (first bool) {
	r.mark(life, func(o *reconcile.Observed) {
		if first = o.State == reconcile.Running; first {
			o.State, o.Asked, o.Deadline, o.More = reconcile.Stopping, true, time.Now().Add(most), time.Time{}
		}
	})
	return first
}

// order hands a stop that was begun to the keeper. That the life is gone is no error.
// After an error it counts as not begun.
func (r *Runtime) order(ctx context.Context, o keeper.StopOrder) error {
	r.ordering(o)
	failpoint.Here("daemon.stop.before")
	err := r.Keeper.Stop(ctx, o)
	failpoint.Here("daemon.stop.after")
	if err == nil || errors.Is(err, keeper.ErrUnknown) {
		r.mark(o.Life, func(l *reconcile.Observed) {
			if l.State == reconcile.Stopping && o.After == 0 {
				l.Deadline = later(time.Now().Add(o.Grace), l.More)
			}
		})
		return nil
	}
	r.mark(o.Life, func(l *reconcile.Observed) {
		if l.State == reconcile.Stopping {
			l.State, l.Asked, l.Deadline = reconcile.Running, false, time.Time{}
		}
	})
	return fmt.Errorf("stop %s: %w", o.Life, err)
}

// stopByCommand waits for what drains, runs stop.pre and stop.command and then orders the stop, whatever became of them.
// If the daemon dies in between, the next one begins the stop again.
func (r *Runtime) stopByCommand(ctx context.Context, how spec.Stop, order keeper.StopOrder) {
	r.drained(ctx, order.Life, how.Drain)
	of := "timeout"
	if how.PreTimeout > 0 {
		of = "pre_timeout"
	}
	r.runStopCommand(ctx, order.Life, "stop.pre", how.Pre, how.PreTime(), "stop."+of)
	r.runStopCommand(ctx, order.Life, "stop.command", how.Command, how.Timeout, "stop.timeout")
	if r.ask(ctx, how, order) != nil {
		r.poke(reconcile.ID{})
	}
}

// runStopCommand runs a command of a stop as the instance's own user, in its folder, with its environment and KITT_PID. What
// of it is left after its time is killed. That it failed is told, and stops nothing. It is not run for what has ended.
func (r *Runtime) runStopCommand(ctx context.Context, life, what string, argv []string, most time.Duration, limit string) {
	o, known := r.known(life)
	if len(argv) == 0 || !known || !alive(o) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	_, err := r.beside(ctx, life, argv, false)
	switch {
	case ctx.Err() != nil:
		err = fmt.Errorf("killed after %s, its %s", most, limit)
	case err == nil:
		return
	}
	text := what + ": " + err.Error()
	r.mark(life, func(o *reconcile.Observed) { o.Trouble = text })
	r.poke(o.ID)
	if r.Failed != nil {
		r.Failed(o, text)
	}
}

// Beside runs argv as a life's own user, in its folder, with its environment and KITT_PID, and returns the beginning of what it
// wrote. It is over when its first process is; what of its group is left then, or when ctx ends, is killed: it is asked often.
func (r *Runtime) Beside(ctx context.Context, life string, argv []string) (said string, err error) {
	return r.beside(ctx, life, argv, true)
}

// beside is that; without alone, what of it is left at its end goes on, for a second at most with its output.
func (r *Runtime) beside(ctx context.Context, life string, argv []string, alone bool) (said string, err error) {
	o, _ := r.known(life)
	w := r.world(o)
	env := append(list(w.Env), "KITT_PID="+strconv.Itoa(o.PID))
	if o.Port > 0 {
		env = append(env, "PORT="+strconv.Itoa(o.Port))
	}
	path, err := lookPath(argv[0], w.Cwd, w.Env["PATH"])
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, path, argv[1:]...)
	cmd.Args[0], cmd.Dir, cmd.Env = argv[0], w.Cwd, env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: w.User}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second // a grandchild may hold its output
	if alone {
		said, err = runAlone(cmd)
	} else {
		out := &head{}
		cmd.Stdout, cmd.Stderr = out, out
		err, said = cmd.Run(), out.String()
	}
	if err != nil {
		err = fmt.Errorf("run %s: %w", path, err)
	}
	return said, err
}

// A head keeps the beginning of what is written to it.
type head struct{ strings.Builder }

const headMost = 4096 // bytes

func (h *head) Write(b []byte) (int, error) {
	h.Builder.Write(b[:min(len(b), headMost-h.Len())])
	return len(b), nil
}

// world is what a life runs in, as far as it is known.
func (r *Runtime) world(o reconcile.Observed) world {
	r.mu.Lock()
	known := r.worlds[o.Life]
	r.mu.Unlock()
	w := world{Cwd: "/"} // begun by an earlier daemon, before it had a stop command
	if known != nil {
		w = known()
	}
	if w.Env == nil {
		w.Env = r.inherited(o)
	}
	return w
}

// inherited is the environment of a life that an earlier daemon began, as its process still has it.
func (r *Runtime) inherited(o reconcile.Observed) map[string]string {
	env := map[string]string{}
	if o.PID > 0 {
		for _, kv := range environOf(o.PID) {
			if name, value, ok := strings.Cut(kv, "="); ok {
				env[name] = value
			}
		}
	}
	for _, name := range strange {
		delete(env, name)
	}
	maps.Copy(env, r.Identity(o.ID))
	if env["PATH"] == "" {
		env["PATH"] = defaultPath
	}
	return env
}

// stopWorld is what is to be recorded with a life to whose stop commands belong, nil for others.
func (r *Runtime) stopWorld(life string, in reconcile.Instance) *world {
	if !in.Process.Stop.Runs() {
		return nil
	}
	r.mu.Lock()
	known := r.worlds[life]
	if known == nil {
		known = r.worldOf(in)
		r.worlds[life] = known
	}
	r.mu.Unlock()
	w := known()
	return &w
}

// Began says as what a life began that an earlier daemon may have begun, so that what is run beside it is run in its folder and
// as its user.
func (r *Runtime) Began(life string, in reconcile.Instance) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.worlds[life] == nil {
		r.worlds[life] = r.worldOf(in)
	}
}

// worldOf puts off the work until a stop command asks for it.
func (r *Runtime) worldOf(in reconcile.Instance) func() world {
	return func() world {
		w, _, _ := r.enter(in)
		return w
	}
}
