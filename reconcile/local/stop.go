package local

import (
	"context"
	"os/exec"
	"strconv"

	"kitt.sh/reconcile"
	"kitt.sh/spec"
)

// runStopCommand runs stop.command, at most as long as stop.timeout. Its failure changes nothing: the signal follows.
func (r *Runtime) runStopCommand(ctx context.Context, life string, how spec.Stop) {
	if len(how.Command) == 0 {
		return
	}
	pid := 0
	var id reconcile.ID
	r.mark(life, func(o *reconcile.Observed) { pid, id = o.PID, o.ID })
	ctx, cancel := context.WithTimeout(ctx, how.Timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, how.Command[0], how.Command[1:]...)
	env := r.identity(id)
	env["KITT_PID"], env["PATH"] = strconv.Itoa(pid), defaultPath
	cmd.Env = list(env)
	_ = cmd.Run()
}
