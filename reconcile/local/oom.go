package local

import (
	"time"

	"kitt.sh/reconcile"
)

// outOfMemory is what is said of a life that was killed just when the system ended a process for want of memory.
const outOfMemory = "the system was out of memory"

// oneShortage is how long after each other the ends of one shortage are told: the system counts a kill when it decides on it, and a
// large process takes a while to be gone.
const oneShortage = 5 * time.Second

// shortage remembers which of the kills that the system counts are told of a life already.
type shortage struct {
	seen int       // how many it had counted at the last look
	open int       // how many of them no life's end was explained by
	at   time.Time // of the last look that found new ones
}

// explains tells whether a life that was killed at end is one of counted, and takes it if so.
func (s *shortage) explains(counted int, end time.Time) bool {
	if end.Sub(s.at) > oneShortage {
		s.open = 0 // of others than kitt's
	}
	if counted > s.seen {
		s.open, s.seen, s.at = s.open+counted-s.seen, counted, end
	}
	if s.open == 0 {
		return false
	}
	s.open--
	return true
}

// explainKill gives the exit of a life that somebody killed its cause, where the system tells one: how many processes
// it has ended for want of memory has grown. The caller holds mu.
func (r *Runtime) explainKill(o *reconcile.Observed) {
	if o.State != reconcile.Exited || o.Asked || o.Exit.Signal != "SIGKILL" {
		return
	}
	if r.oom.explains(oomKills(), o.Exit.At) {
		o.Exit.Text = outOfMemory
	}
}
