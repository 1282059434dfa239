package local

import (
	"encoding/json"
	"fmt"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/reconcile/keeper"
	"kitt.sh/spec"
)

// meta is what a life carries about itself; the keeper records it unread, so that it outlives the daemon.
type meta struct {
	Run      string     `json:"run"`
	Limits   string     `json:"lim"`
	Stop     spec.Stop  `json:"stop"`
	Restarts int        `json:"n,omitempty"`
	Before   int        `json:"b,omitempty"`
	Deaths   [][2]int64 `json:"d,omitempty"` // unix ms, ms it had run
	Last     *lastExit  `json:"x,omitempty"`
	Ready    bool       `json:"r,omitempty"`
	Said     string     `json:"said,omitempty"`
	Sick     string     `json:"sick,omitempty"`
	Note     string     `json:"note,omitempty"`
	Asleep   int64      `json:"z,omitempty"` // ns; see Observed.Asleep
	Port     int        `json:"port,omitempty"`
	World    *world     `json:"w,omitempty"` // where commands belong to its stop
}

// maxMeta is what the keeper takes.
const maxMeta = 32 << 10

// lastExit is how the life before ended.
type lastExit struct {
	How    string `json:"h"`
	Code   int    `json:"c,omitempty"`
	Signal string `json:"s,omitempty"`
	At     int64  `json:"t"` // unix ms
}

func newMeta(in reconcile.Instance, h reconcile.History) meta {
	return metaOf(&reconcile.Observed{Run: in.Run, Limits: reconcile.Limits(in.Process.Log), Stop: in.Process.Stop, History: h})
}

// metaOf is what fill reads, less the world.
func metaOf(o *reconcile.Observed) meta {
	h := o.History
	m := meta{Run: o.Run, Limits: o.Limits, Stop: o.Stop, Ready: o.Ready, Said: o.Said, Sick: o.Sick, Note: o.Note, Restarts: h.Restarts, Before: h.Before, Asleep: int64(o.Asleep), Port: o.Port}
	if x := h.Last; x.How != "" {
		m.Last = &lastExit{x.How, x.Code, x.Signal, x.At.UnixMilli()}
	}
	for _, d := range h.Deaths {
		m.Deaths = append(m.Deaths, [2]int64{d.At.UnixMilli(), d.Ran.Milliseconds()})
	}
	return m
}

// bytes is m for the keeper. A world that is too large to be kept is known to this daemon alone.
func (m meta) bytes() []byte {
	b, err := json.Marshal(m)
	if err != nil {
		panic("local: marshal meta: " + err.Error())
	}
	if len(b) > maxMeta && m.World != nil {
		m.World = nil
		return m.bytes()
	}
	return b
}

// fill puts what the life carries into o.
func (m meta) fill(o *reconcile.Observed) {
	o.Run, o.Limits, o.Stop, o.Ready, o.Note = m.Run, m.Limits, m.Stop, m.Ready, m.Note
	o.Said, o.Sick, o.Asleep, o.Port = m.Said, m.Sick, time.Duration(m.Asleep), m.Port
	o.History = reconcile.History{Before: m.Before, Restarts: m.Restarts}
	if x := m.Last; x != nil {
		o.History.Last = reconcile.Exit{How: x.How, Code: x.Code, Signal: x.Signal, At: time.UnixMilli(x.At)}
	}
	for _, d := range m.Deaths {
		death := reconcile.Death{At: time.UnixMilli(d[0]), Ran: time.Duration(d[1]) * time.Millisecond}
		o.History.Deaths = append(o.History.Deaths, death)
	}
}

// observed reads a keeper's life. A life with a strange name or meta is still observed, as far as it can be.
func observed(l keeper.Life) (o reconcile.Observed, w *world, ok bool) {
	id, gen, err := reconcile.ParseLife(l.Name)
	if err != nil {
		return o, nil, false
	}
	o = reconcile.Observed{ID: id, Life: l.Name, Generation: gen, PID: l.PID, Started: l.Started,
		Deadline: l.Deadline, Asked: !l.Deadline.IsZero(), Adopted: l.Adopted}
	var m meta
	if json.Unmarshal(l.Meta, &m) == nil {
		m.fill(&o)
	}
	switch l.State {
	case keeper.Running:
		o.State = reconcile.Running
	case keeper.Stopping:
		o.State = reconcile.Stopping
	default:
		o.State, o.Exit = reconcile.Exited, exit(l.Exit)
	}
	switch {
	case l.Escaped == 1:
		o.Trouble = "1 process of it escaped the stop"
	case l.Escaped > 1:
		o.Trouble = fmt.Sprintf("%d processes of it escaped the stop", l.Escaped)
	}
	return o, m.World, true
}

// exit translates a keeper's exit.
func exit(e keeper.Exit) reconcile.Exit {
	out := reconcile.Exit{How: e.How, Code: e.Code, At: e.At}
	if e.How == "signal" {
		out.Signal = signalName(e.Signal)
	}
	return out
}

// fresh gives a time that is about now the clock's monotonic reading, so that no clock jump bends a pause.
// One further back gets it as well.
func fresh(t time.Time) time.Time {
	now := time.Now()
	if d := now.Sub(t); d > -time.Second && d < time.Second {
		return now
	}
	return anchored(t)
}
