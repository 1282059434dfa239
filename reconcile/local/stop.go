package local

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"strconv"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/reconcile/keeper"
	"kitt.sh/spec"
)

// Stop asks the keeper to end a life, after the spec's own stop command if there is one. It returns at once.
func (r *Runtime) Stop(ctx context.Context, life string, how spec.Stop, asker int) error {
	sig, err := signalNumber(how.Signal)
	if err != nil {
		return fmt.Errorf("stop %s: %w", life, err)
	}
	order := keeper.StopOrder{Life: life, Signal: sig, Grace: how.Timeout, KillMode: how.KillMode, After: asker}
	switch {
	case len(how.Command) == 0:
		err = r.order(ctx, order)
	case r.begin(life):
		r.commands.Go(func() { r.stopByCommand(ctx, how, order) }) // ends with the command or its time; Close waits
	}
	if err != nil {
		return fmt.Errorf("stop %s: %w", life, err)
	}
	return nil
}

// Close waits for the stop commands that still run.
func (r *Runtime) Close() { r.commands.Wait() }

// begin notes that a life is being stopped; first is false if it was already, or is not known.
func (r *Runtime) begin(life string) (first bool) {
	r.mark(life, func(o *reconcile.Observed) {
		first = o.State == reconcile.Running
		o.Asked, o.State = true, max(o.State, reconcile.Stopping)
	})
	return first
}

// order hands a stop to the keeper. That the life is gone is no error.
func (r *Runtime) order(ctx context.Context, o keeper.StopOrder) error {
	err := r.Keeper.Stop(ctx, o)
	if errors.Is(err, keeper.ErrUnknown) {
		return nil
	}
	if err == nil {
		r.begin(o.Life)
		r.mark(o.Life, func(l *reconcile.Observed) { l.Deadline = time.Now().Add(o.Grace) })
	}
	return err
}

// stopByCommand runs stop.command and then orders the stop, whatever became of the command.
// If the daemon dies in between, the next one begins the stop again.
func (r *Runtime) stopByCommand(ctx context.Context, how spec.Stop, order keeper.StopOrder) {
	r.runStopCommand(ctx, order.Life, how)
	if r.order(ctx, order) == nil {
		return
	}
	r.mark(order.Life, func(o *reconcile.Observed) { o.State = reconcile.Running })
	r.poke(reconcile.ID{})
}

// runStopCommand runs stop.command, at most as long as stop.timeout, with the PATH and the folder of the instance's
// last start, and KITT_PID.
func (r *Runtime) runStopCommand(ctx context.Context, life string, how spec.Stop) {
	pid := 0
	var id reconcile.ID
	r.mark(life, func(o *reconcile.Observed) { pid, id = o.PID, o.ID })
	r.mu.Lock()
	world := r.worlds[id]
	r.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, how.Timeout)
	defer cancel()
	env := maps.Clone(world.env)
	if env == nil { // started by an earlier daemon
		env = r.identity(id)
		env["PATH"] = defaultPath
	}
	env["KITT_PID"] = strconv.Itoa(pid)
	path, err := lookPath(how.Command[0], world.cwd, env["PATH"])
	if err != nil {
		return
	}
	cmd := exec.CommandContext(ctx, path, how.Command[1:]...)
	cmd.Args[0], cmd.Dir, cmd.Env = how.Command[0], world.cwd, list(env)
	_ = cmd.Run() // its failure changes nothing: the signal follows
}

// A world is what a stop command needs to know of the instance's last start.
type world struct {
	env map[string]string
	cwd string
}
