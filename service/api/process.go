package api

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"kitt.sh/spec"
)

// A Process is a spec.Process as Show tells it: its durations are text.
type Process struct{ spec.Process }

// Masked is p with stars for the values of its environment and of what it sends in probes, which are nobody's business.
func Masked(p spec.Process) Process {
	stars := func(env map[string]string) map[string]string {
		out := make(map[string]string, len(env))
		for name := range env {
			out[name] = "***"
		}
		return out
	}
	p.Env, p.Each = stars(p.Env), slices.Clone(p.Each)
	for _, headers := range []*map[string]string{&p.Ready.Headers, &p.Alive.Headers} {
		if len(*headers) > 0 {
			*headers = stars(*headers)
		}
	}
	for i := range p.Each {
		p.Each[i].Env = stars(p.Each[i].Env)
	}
	return Process{p}
}

// span is a duration, "1m30s" as a spec file has it.
type span time.Duration

func (s span) MarshalJSON() ([]byte, error) {
	text := time.Duration(s).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return json.Marshal(text)
}

// UnmarshalJSON reads text, or the nanoseconds that an older daemon tells.
func (s *span) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) != nil {
		return json.Unmarshal(b, (*time.Duration)(s))
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf("read duration: %w", err)
	}
	*s = span(d)
	return nil
}

// told is the form of a Process: what has durations hides what it embeds.
type told struct {
	spec.Process
	Restart restart `json:"restart"`
	Stop    stop    `json:"stop"`
	Watch   watch   `json:"watch,omitzero"`
	Ready   ready   `json:"ready,omitzero"`
	Alive   alive   `json:"alive,omitzero"`
}

type restart struct {
	spec.Restart
	BackoffMin span `json:"backoff_min"`
	BackoffMax span `json:"backoff_max"`
	Stable     span `json:"stable"`
	Within     span `json:"within"`
	MinUptime  span `json:"min_uptime,omitempty"`
}

type stop struct {
	spec.Stop
	Timeout     span `json:"timeout"`
	PreTimeout  span `json:"pre_timeout,omitempty"`
	SecondAfter span `json:"second_after,omitempty"`
	Drain       span `json:"drain,omitempty"`
}

type watch struct {
	spec.Watch
	Delay span `json:"delay,omitempty"`
}

// MarshalJSON writes durations as text.
func (p Process) MarshalJSON() ([]byte, error) {
	r := p.Restart
	return json.Marshal(told{p.Process,
		restart{r, span(r.BackoffMin), span(r.BackoffMax), span(r.Stable), span(r.Within), span(r.MinUptime)},
		stop{p.Stop, span(p.Stop.Timeout), span(p.Stop.PreTimeout), span(p.Stop.SecondAfter), span(p.Stop.Drain)}, watch{p.Watch, span(p.Watch.Delay)},
		readyOf(p.Ready), aliveOf(p.Alive)})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (p *Process) UnmarshalJSON(b []byte) error {
	var t told
	if err := json.Unmarshal(b, &t); err != nil {
		return err
	}
	p.Process, p.Process.Restart, p.Process.Stop = t.Process, t.Restart.Restart, t.Stop.Stop
	r := &p.Process.Restart
	r.BackoffMin, r.BackoffMax, r.Stable = time.Duration(t.Restart.BackoffMin), time.Duration(t.Restart.BackoffMax), time.Duration(t.Restart.Stable)
	r.Within, r.MinUptime = time.Duration(t.Restart.Within), time.Duration(t.Restart.MinUptime)
	p.Process.Watch = t.Watch.Watch
	p.Process.Watch.Delay = time.Duration(t.Watch.Delay)
	s := &p.Process.Stop
	s.Timeout, s.PreTimeout, s.SecondAfter = time.Duration(t.Stop.Timeout), time.Duration(t.Stop.PreTimeout), time.Duration(t.Stop.SecondAfter)
	s.Drain = time.Duration(t.Stop.Drain)
	p.Process.Ready, p.Process.Alive = t.Ready.back(), t.Alive.back()
	return nil
}
