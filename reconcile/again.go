package reconcile

import (
	"strings"
	"time"
)

// A Cause is why kitt itself asked for a generation of an instance: a file that it watches, a limit that was passed.
type Cause struct {
	Generation uint64 `json:"generation"`
	Reason     string `json:"reason"`
}

// askedFor is the reason of a restart that nobody in particular must answer for.
const askedFor = "restart asked for"

// Beginnings of the reasons of restarts that kitt asks for by itself.
const (
	ReasonWatch  = "watch: "
	ReasonMemory = "memory: "
	ReasonSick   = "unhealthy: "
	ReasonStall  = "stalled: "
	ReasonWake   = "the machine woke up"
	ReasonRun    = "run asked for" // the whole of it
)

// RaiseFor asks for one more life of an instance as Raise does, by kitt itself: no hold is lifted by it.
func (p *Project) RaiseFor(id ID, reason string) {
	if p.Causes == nil {
		p.Causes = map[string]Cause{}
	}
	p.Causes[id.Short()] = Cause{p.Raise(id), reason}
}

// cause is why kitt asked for the present generation; "" where a user did.
func (p *Project) cause(id ID) string {
	if c := p.Causes[id.Short()]; c.Generation == p.generation(id) {
		return c.Reason
	}
	return ""
}

// askedFor is why a life of an older generation than the wanted one is replaced.
func (in Instance) askedFor() string {
	if in.Cause != "" {
		return in.Cause
	}
	return askedFor
}

// byItself is 1 for a life whose end kitt itself had asked for: that counts among the restarts.
func byItself(now time.Time, want Instance, end Observed) int {
	if want.Cause != "" && end.Generation < want.Generation || overdue(now, want, &end) != "" {
		return 1
	}
	return 0
}

// Replaces tells whether an action's reason is that of a restart: a start follows the stop.
func Replaces(reason string) bool {
	return reason == askedFor || strings.HasPrefix(reason, ReasonWatch) || strings.HasPrefix(reason, ReasonMemory) ||
		strings.HasPrefix(reason, ReasonSick) || strings.HasPrefix(reason, ReasonStall) || strings.HasPrefix(reason, ReasonWake) ||
		strings.HasPrefix(reason, "restart.cron ")
}
