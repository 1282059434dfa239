package spec

import (
	"slices"
	"time"
)

var stopFields = []field{
	{"stop.signal", func(p *Process, v *hclValue) { p.Stop.Signal = v.signal() }},
	{"stop.message", func(p *Process, v *hclValue) { p.Stop.Message = v.text() }},
	{"stop.timeout", func(p *Process, v *hclValue) { p.Stop.Timeout = v.duration() }},
	{"stop.command", func(p *Process, v *hclValue) { p.Stop.Command = v.command() }},
	{"stop.pre", func(p *Process, v *hclValue) { p.Stop.Pre = v.command() }},
	{"stop.pre_timeout", func(p *Process, v *hclValue) { p.Stop.PreTimeout = v.duration() }},
	{"stop.second_signal", func(p *Process, v *hclValue) { p.Stop.SecondSignal = v.signal() }},
	{"stop.drain", func(p *Process, v *hclValue) { p.Stop.Drain = v.duration() }},
	{"stop.second_after", func(p *Process, v *hclValue) { p.Stop.SecondAfter = v.duration() }},
}

// PreTime is how long Pre may take.
func (s *Stop) PreTime() time.Duration {
	if s.PreTimeout > 0 {
		return s.PreTimeout
	}
	return s.Timeout
}

// Second is the signal that follows the first, and how long after it; "" where none does.
func (s *Stop) Second() (signal string, after time.Duration) {
	if s.SecondSignal != "" && s.SecondAfter == 0 {
		return s.SecondSignal, s.Timeout / 2
	}
	return s.SecondSignal, s.SecondAfter
}

// Runs tells whether commands belong to the stop, so that what they run in must be known.
func (s *Stop) Runs() bool { return len(s.Pre) > 0 || len(s.Command) > 0 }

// Longest is the longest time that it can take until SIGKILL: what it drains, its commands', and that from the first signal on.
func (s *Stop) Longest() time.Duration {
	most := s.Timeout
	if len(s.Command) > 0 {
		most += s.Timeout
	}
	most += s.Drain
	if len(s.Pre) > 0 {
		most += s.PreTime()
	}
	return most
}

// Same tells whether two instances are ended in the same way.
func (s *Stop) Same(o *Stop) bool {
	return s.Signal == o.Signal && s.Timeout == o.Timeout && s.KillMode == o.KillMode && s.Message == o.Message &&
		s.PreTimeout == o.PreTimeout && s.SecondSignal == o.SecondSignal && s.SecondAfter == o.SecondAfter && s.Drain == o.Drain &&
		slices.Equal(s.Command, o.Command) && slices.Equal(s.Pre, o.Pre)
}

func (d *differ) stop(old, new Stop) {
	d.live("stop.signal", old.Signal, new.Signal)
	d.live("stop.timeout", old.Timeout.String(), new.Timeout.String())
	d.live("stop.command", quoteWords(old.Command), quoteWords(new.Command))
	d.live("stop.pre", quoteWords(old.Pre), quoteWords(new.Pre))
	d.live("stop.pre_timeout", old.PreTimeout.String(), new.PreTimeout.String())
	d.live("stop.second_signal", old.SecondSignal, new.SecondSignal)
	d.live("stop.drain", old.Drain.String(), new.Drain.String())
	d.live("stop.second_after", old.SecondAfter.String(), new.SecondAfter.String())
}

// validateStop looks at what is more than a signal and a time.
func (r *reading) validateStop(p *Process) {
	s := &p.Stop
	for _, f := range []struct {
		field string
		d     time.Duration
	}{{"stop.pre_timeout", s.PreTimeout}, {"stop.second_after", s.SecondAfter}} {
		if f.d < 0 {
			r.complain(p.at(f.field), "", "process %q: %s: %s is less than nothing", p.Name, f.field, f.d)
			return
		}
	}
	if s.SecondSignal != "" {
		if _, ok := parseSignal(s.SecondSignal); !ok {
			r.complain(p.at("stop.second_signal"), didYouMean(s.SecondSignal, sigNames()), "process %q: stop.second_signal: %q is not a signal", p.Name, s.SecondSignal)
		}
	}
	switch {
	case s.PreTimeout > 0 && len(s.Pre) == 0:
		r.complain(p.at("stop.pre_timeout"), `stop { pre = "./drain.sh" }, or take it out`, "process %q: stop.pre_timeout: there is no stop.pre", p.Name)
	case s.SecondAfter > 0 && s.SecondSignal == "":
		r.complain(p.at("stop.second_after"), `stop { second_signal = "SIGINT" }, or take it out`, "process %q: stop.second_after: there is no stop.second_signal", p.Name)
	case s.SecondAfter >= s.Timeout && s.SecondSignal != "":
		r.complain(p.at("stop.second_after"), "SIGKILL comes first: make stop.timeout longer", "process %q: stop.second_after: %s is not less than stop.timeout, %s", p.Name, s.SecondAfter, s.Timeout)
	}
}
