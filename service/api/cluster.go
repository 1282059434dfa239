package api

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Cluster is how the workers of a process in mode cluster are, as their primary tells it.
type Cluster struct {
	Workers []Worker `json:"workers"`
	Round   uint64   `json:"round"`             // grows with each reload
	Trouble string   `json:"trouble,omitempty"` // why the last reload was not gone on with
}

// workerStates are those that a primary tells.
var workerStates = []string{"starting", "running", "replacing", "waiting", "done", "failed"}

// Sound tells whether c may have come from a primary: it is told by a program, which could say anything.
func (c *Cluster) Sound() bool {
	return len(c.Workers) <= 1000 && len(c.Trouble) <= 200 && !slices.ContainsFunc(c.Workers, func(w Worker) bool {
		return !slices.Contains(workerStates, w.State) || w.Exit != nil && len(w.Exit.Signal) > 20
	})
}

// A Worker is one of them.
type Worker struct {
	N        int         `json:"n"`     // from 1
	PID      int         `json:"pid"`   // 0: none
	State    string      `json:"state"` // starting running replacing waiting done failed
	Round    uint64      `json:"round"`
	Since    int64       `json:"since"` // unix ms
	Restarts int         `json:"restarts"`
	Exit     *WorkerExit `json:"exit,omitempty"` // the last death
}

// A WorkerExit is how a worker ended.
type WorkerExit struct {
	Code   *int   `json:"code"`
	Signal string `json:"signal,omitempty"`
}

func (x *WorkerExit) String() string {
	switch {
	case x.Signal != "":
		return x.Signal
	case x.Code != nil:
		return fmt.Sprintf("code %d", *x.Code)
	}
	return "ended"
}

// Reason says in plain words what of the cluster is not as it should be; "" if nothing.
func (c *Cluster) Reason() string {
	if c == nil {
		return ""
	}
	running, rest := 0, []string{}
	for _, w := range c.Workers {
		if w.State == "running" || w.State == "replacing" {
			running++
			continue
		}
		text := fmt.Sprintf("worker %d is %s", w.N, w.State)
		if w.Exit != nil {
			text += ": " + w.Exit.String()
		}
		rest = append(rest, text)
	}
	if c.Trouble != "" {
		rest = append(rest, c.Trouble)
	}
	if len(rest) == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d workers run; %s", running, len(c.Workers), strings.Join(rest[:min(3, len(rest))], "; "))
}

// A Metric is what a program measured of itself and sent over its channel.
type Metric struct {
	ID    string `json:"id"` // web.1
	Name  string `json:"name"`
	Value string `json:"value"`
	Unit  string `json:"unit,omitempty"`
}

// SortMetrics puts them in order.
func (s *Show) SortMetrics() {
	slices.SortFunc(s.Metrics, func(a, b Metric) int { return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Name, b.Name)) })
}
