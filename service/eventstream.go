package service

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"kitt.sh/service/api"
)

// allEvents is more than the log holds.
const allEvents = 1_000_000

// getEvents streams events: the last ?n=, or those ?since= or ?after=; and with ?follow=1 all that come.
func (d *Daemon) getEvents(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	n := number(q, "n", 0)
	if n == 0 {
		n = allEvents
	}
	since := sinceOf(time.Now(), q, "since")
	last, resumes := lastSeen(r)
	if resumes {
		n = allEvents
	}
	var live <-chan *api.Event
	if yes(q, "follow") {
		var stop func()
		live, stop = d.events.live.listen() // before the past is read: none is missed between
		defer stop()
	}
	t := newTeller(w, r, 256<<10)
	last = d.events.past(t, n, since, last)
	t.flush()
	alive, stop := t.alive()
	defer stop()
	for live != nil {
		ev, ok := next(r.Context(), t, alive, live)
		if !ok {
			return
		}
		last = d.sendEvent(t, ev, last)
		t.flush()
	}
}

// past tells those of the last n events that are since a time, and after a number that somebody has seen. It returns the
// number of the last event there is. A number that no event has had yet is of another log: then all are told.
func (e *Events) past(t *teller, n int, since time.Time, seen uint64) (last uint64) {
	all := e.records(n)
	if len(all) > 0 && seen > all[len(all)-1].seq {
		seen = 0
	}
	for _, r := range all {
		last = r.seq
		if !r.at.Before(since) && r.seq > seen {
			t.line("event", strconv.FormatUint(r.seq, 10), r.line)
		}
	}
	return last
}

// sendEvent sends ev after those before it that a slow reader missed, and returns the number of the last one sent.
func (d *Daemon) sendEvent(t *teller, ev *api.Event, last uint64) uint64 {
	if ev.Seq <= last {
		return last
	}
	if last > 0 && ev.Seq > last+1 {
		for _, missed := range d.events.between(last, ev.Seq-1) {
			t.tell("event", strconv.FormatUint(missed.Seq, 10), missed)
		}
	}
	t.tell("event", strconv.FormatUint(ev.Seq, 10), ev)
	return ev.Seq
}

// getWatch streams how everything is, and then each change.
func (d *Daemon) getWatch(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	project, near, names := q.Get("project"), d.near(r, q.Get("near")), words(q.Get("targets"))
	first, err := d.status(r.Context(), project, near, names)
	if err != nil {
		refuse(w, err)
		return
	}
	t := newTeller(w, r, 64<<10)
	alive, stop := t.alive()
	defer stop()
	events, end := d.events.live.listen() // a spec that became wrong changes nothing that runs
	defer end()
	var measure <-chan time.Time
	if every, err := time.ParseDuration(q.Get("every")); err == nil && every > 0 {
		tick := time.NewTicker(max(every, 500*time.Millisecond))
		defer tick.Stop()
		measure = tick.C
	}
	t.tell("watch", "", api.Watch{Status: first})
	seen := newSeen(first, measure != nil)
	for {
		t.flush()
		_, changed, _ := d.rec.Look(time.Now())
		now, err := d.status(r.Context(), project, near, names)
		if err != nil { // a name may mean nobody for a while
			now = &api.Status{Specs: first.Specs}
		}
		first = now
		if diff := seen.diff(now); diff != nil {
			t.tell("watch", "", diff)
			t.flush()
		}
		select {
		case <-r.Context().Done():
			return
		case <-alive:
			t.still()
		case <-measure:
		case <-changed:
			pause(r.Context(), atMostEvery)
		case <-events:
			pause(r.Context(), atMostEvery)
		}
	}
}

// atMostEvery is how long changes are gathered.
const atMostEvery = 50 * time.Millisecond

// pause waits for so long, or for ctx.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// seen is what somebody who watches was told last.
type seen struct {
	measured bool // cpu and memory count
	specs    string
	rows     map[string]string // id in full -> its row
}

func newSeen(s *api.Status, measured bool) *seen {
	v := &seen{measured: measured, rows: map[string]string{}}
	v.diff(s)
	return v
}

// diff is what is otherwise in s than what was seen; nil if nothing is. Then s was seen.
func (v *seen) diff(s *api.Status) *api.Watch {
	out, now := api.Watch{}, make(map[string]string, len(s.Instances))
	for _, in := range s.Instances {
		id, bare := in.Project+"/"+in.Process+"."+strconv.Itoa(in.N), in
		if !v.measured {
			bare.CPU, bare.Memory = 0, 0
		}
		b, _ := json.Marshal(bare) // plain types
		if now[id] = string(b); now[id] != v.rows[id] {
			out.Instances = append(out.Instances, in)
		}
	}
	for _, id := range sorted(v.rows) {
		if _, there := now[id]; !there {
			out.Gone = append(out.Gone, id)
		}
	}
	b, _ := json.Marshal(s.Specs)
	if string(b) != v.specs {
		out.Specs = s.Specs
	}
	v.rows, v.specs = now, string(b)
	if out.Instances == nil && out.Gone == nil && out.Specs == nil {
		return nil
	}
	return &out
}
