package reconcile

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"kitt.sh/spec"
)

// readied tells of a life that has yet to be ready, was not so in time, or answers badly.
func (v Verdict) readied(now time.Time, p *spec.Process, l *Observed) Verdict {
	most := p.Within()
	if most == 0 || l.Ready {
		if p.Alive.Probes() { // else it is the answer to a question that is asked no more
			v.Reason = cmp.Or(v.Reason, l.Unwell)
		}
		return v
	}
	due, asked := l.Started.Add(most), ""
	if l.More.After(due) {
		due, asked = l.More, "; it asked for more time, which ends at "+l.More.Local().Format("15:04:05")
		most = due.Sub(l.Started).Round(time.Second)
	}
	if left := due.Sub(now); left > 0 && left <= most+time.Second { // more: the clock was set back
		v.Phase, v.Wake, v.Final = PhaseStarting, due, false
		v.Reason, v.Hint = cmp.Or(v.Reason, unready(p, l, "is not ready yet")+asked), deaf(p, l)
		return v
	}
	if p.Patient() {
		v.Reason = cmp.Or(v.Reason, fmt.Sprintf("has not said that it is ready for %s; it counts as running", most))
		return v
	}
	v.Phase, v.Final = PhaseStarting, true
	v.Reason = cmp.Or(v.Reason, unready(p, l, fmt.Sprintf("was not ready within %s", most)))
	v.Hint = cmp.Or(deaf(p, l), "kitt logs "+l.ID.Short()+" shows what it does; ready { within = … } gives it more time")
	return v
}

// deaf is the way out for a program that does not listen where it is told to; "" for others.
func deaf(p *spec.Process, l *Observed) string {
	if p.Expose == "" || l.Port == 0 || !strings.HasSuffix(l.Unwell, "connection refused") {
		return ""
	}
	return fmt.Sprintf("with expose it is to listen at $PORT, which is %d for this life", l.Port)
}

// unready says what a life still owes: what it was asked last, or what it has not said.
func unready(p *spec.Process, l *Observed, head string) string {
	if l.Unwell != "" {
		return head + ": " + l.Unwell
	}
	what := ""
	for _, need := range p.Ready.Needs() {
		if what == "" && !l.HasSaid(need) {
			what = silence[need]
		}
	}
	switch {
	case p.Patient():
		return silence["message"]
	case what == "":
		return head
	}
	return head + ": " + what
}

// silence is what is missing where a program has not said something.
var silence = map[string]string{
	"message": "has not said yet that it is ready",
	"notify":  "has not sent READY=1 to $NOTIFY_SOCKET",
	"fd":      "has not written a line to descriptor 3",
	"log":     "no line of its output matches ready.log",
}

// HasSaid tells whether a life has said one of the things that spec.Ready.Needs names.
func (o *Observed) HasSaid(what string) bool {
	for word := range strings.FieldsSeq(o.Said) {
		if word == what {
			return true
		}
	}
	return false
}

// isReady tells whether a life counts as ready for those that depend on it: it is no longer starting.
func (o *Observed) isReady(now time.Time, p *spec.Process) bool {
	return Verdict{Phase: PhaseRunning}.readied(now, p, o).Phase == PhaseRunning
}

// isHealthy tells whether it is ready, and answers where it is asked whether it is alive.
func (o *Observed) isHealthy(now time.Time, p *spec.Process) bool {
	return o.isReady(now, p) && (o.Healthy || !p.Alive.Asks()) && o.Sick == ""
}

// IsReady tells whether a life counts as ready: it is no longer starting.
func (o *Observed) IsReady(now time.Time, p *spec.Process) bool { return o.isReady(now, p) }
