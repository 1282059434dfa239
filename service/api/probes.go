package api

import (
	"time"

	"kitt.sh/spec"
)

// probe has the times that ready and alive share, as text.
type probe struct {
	MaxAge       span `json:"max_age,omitempty"`
	InitialDelay span `json:"initial_delay,omitempty"`
	Period       span `json:"period,omitempty"`
	Timeout      span `json:"timeout,omitempty"`
}

func probeOf(p spec.Probe) probe {
	return probe{span(p.MaxAge), span(p.InitialDelay), span(p.Period), span(p.Timeout)}
}

func (t probe) fill(p *spec.Probe) {
	p.MaxAge, p.InitialDelay = time.Duration(t.MaxAge), time.Duration(t.InitialDelay)
	p.Period, p.Timeout = time.Duration(t.Period), time.Duration(t.Timeout)
}

type hiddenReady struct{ spec.Ready } // a level deeper: what is beside it hides its durations

type ready struct {
	hiddenReady
	probe
	Stable span `json:"stable,omitempty"`
	Within span `json:"within,omitempty"`
}

func readyOf(r spec.Ready) ready {
	return ready{hiddenReady{r}, probeOf(r.Probe), span(r.Stable), span(r.Within)}
}

func (t ready) back() spec.Ready {
	r := t.hiddenReady.Ready
	t.fill(&r.Probe)
	r.Stable, r.Within = time.Duration(t.Stable), time.Duration(t.Within)
	return r
}

type hiddenAlive struct{ spec.Alive }

type alive struct {
	hiddenAlive
	probe
	Watchdog     span `json:"watchdog,omitempty"`
	StalledAfter span `json:"stalled_after,omitempty"`
}

func aliveOf(a spec.Alive) alive {
	return alive{hiddenAlive{a}, probeOf(a.Probe), span(a.Watchdog), span(a.StalledAfter)}
}

func (t alive) back() spec.Alive {
	a := t.hiddenAlive.Alive
	t.fill(&a.Probe)
	a.Watchdog, a.StalledAfter = time.Duration(t.Watchdog), time.Duration(t.StalledAfter)
	return a
}
