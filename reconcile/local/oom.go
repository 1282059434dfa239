package local

import "kitt.sh/reconcile"

// outOfMemory is what is said of a life that was killed just when the system ended a process for want of memory.
const outOfMemory = "the system was out of memory"

// explainKill gives the exit of a life that somebody killed its cause, where the system tells one: how many processes
// it has ended for want of memory has grown since the last look. The caller holds mu.
func (r *Runtime) explainKill(o *reconcile.Observed) {
	if o.State != reconcile.Exited || o.Asked || o.Exit.Signal != "SIGKILL" {
		return
	}
	if n := oomKills(); n > r.oom {
		r.oom = n
		o.Exit.Text = outOfMemory
	}
}
