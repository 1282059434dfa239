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
	most := how.Timeout
	if asker != 0 {
		most += askerMost
	}
	if len(how.Command) > 0 {
		most += how.Timeout
	}
	if !r.begin(life, most) {
		return nil
	}
	if len(how.Command) == 0 && r.say(life, how.Message) {
		order.Signal = keeper.NoSignal // the message takes its place
	}
	if len(how.Command) == 0 {
		return r.order(ctx, order)
	}
	r.commands.Go(func() { r.stopByCommand(context.WithoutCancel(ctx), how, order) }) // bounded by its time; Close waits
	return nil
}

// Close waits for the stop commands that still run, each at most its stop.timeout, until the keeper has their orders.
func (r *Runtime) Close() { r.commands.Wait() }

// begin notes that a life is being stopped; first is false if it was already, is over, or is not known.
func (r *Runtime) begin(life string, most time.Duration) (first bool) {
	r.mark(life, func(o *reconcile.Observed) {
		if first = o.State == reconcile.Running; first {
			o.State, o.Asked, o.Deadline = reconcile.Stopping, true, time.Now().Add(most)
		}
	})
	return first
}

// order hands a stop that was begun to the keeper. That the life is gone is no error.
// After an error it counts as not begun.
func (r *Runtime) order(ctx context.Context, o keeper.StopOrder) error {
	failpoint.Here("daemon.stop.before")
	err := r.Keeper.Stop(ctx, o)
	failpoint.Here("daemon.stop.after")
	if err == nil || errors.Is(err, keeper.ErrUnknown) {
		r.mark(o.Life, func(l *reconcile.Observed) {
			if l.State == reconcile.Stopping && o.After == 0 {
				l.Deadline = time.Now().Add(o.Grace)
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

// stopByCommand runs stop.command and then orders the stop, whatever became of the command.
// If the daemon dies in between, the next one begins the stop again.
func (r *Runtime) stopByCommand(ctx context.Context, how spec.Stop, order keeper.StopOrder) {
	if err := r.runStopCommand(ctx, order.Life, how); err != nil {
		r.mark(order.Life, func(o *reconcile.Observed) { o.Trouble = "stop.command: " + err.Error() })
	}
	if r.order(ctx, order) != nil {
		r.poke(reconcile.ID{})
	}
}

// runStopCommand runs stop.command as the instance's own user, in its folder, with its environment and KITT_PID. What
// of it is left after stop.timeout is killed.
func (r *Runtime) runStopCommand(ctx context.Context, life string, how spec.Stop) error {
	o, _ := r.known(life)
	w := r.world(o)
	env := append(list(w.Env), "KITT_PID="+strconv.Itoa(o.PID))
	path, err := lookPath(how.Command[0], w.Cwd, w.Env["PATH"])
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, how.Timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, how.Command[1:]...)
	cmd.Args[0], cmd.Dir, cmd.Env = how.Command[0], w.Cwd, env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: w.User}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if err := cmd.Run(); ctx.Err() != nil {
		return fmt.Errorf("killed after %s, its stop.timeout", how.Timeout)
	} else if err != nil {
		return fmt.Errorf("run %s: %w", path, err)
	}
	return nil
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

// stopWorld is what is to be recorded with a life that has a stop command, nil for others.
func (r *Runtime) stopWorld(life string, in reconcile.Instance) *world {
	if len(in.Process.Stop.Command) == 0 {
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

// worldOf puts off the work until a stop command asks for it.
func (r *Runtime) worldOf(in reconcile.Instance) func() world {
	return func() world {
		w, _, _ := r.enter(in)
		return w
	}
}
