package cli

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"kitt.sh/service/api"
)

// A weaver puts what happened to processes between the lines that they wrote, by time. Where events
// are not told it is only the printer.
type weaver struct {
	k    *Kitt
	p    *logPrinter
	tell bool // events are told

	since, until time.Time         // zero since: from a little before the first line
	tail         bool              // only the last lines are meant: nothing before them, whatever since is
	names        map[string]string // of instances and processes in full -> as shown
	waiting      []happening       // by their places
	strangers    []api.Event       // the last ones about others: one of them may join
	loaded       bool
	seen, told   uint64           // numbers: of the last event that was taken in, of the last one to be told
	live         <-chan api.Event // nil without -f
	begin        func()
	stop         func()
}

// A happening is an event with its place among the lines. That of an exit is a little later, for the last words of a life
// may be stored after it; but not behind the start of the next one.
type happening struct {
	api.Event
	place time.Time
}

// weaver tells events on a terminal and in JSON, unless lines are chosen by what they say.
func (l Logs) weaver(ctx context.Context, k *Kitt, q logQuery, p *logPrinter) *weaver {
	w := &weaver{k: k, p: p, since: q.Since, until: q.Until, tail: q.Last >= 0, names: map[string]string{}, stop: func() {}}
	w.tell = !l.Raw && q.Keep == nil && (k.Pretty || k.Output == "json")
	if w.tell && l.Follow {
		live, done := make(chan api.Event), make(chan struct{})
		ctx, cancel := context.WithCancel(ctx)
		close(done)
		w.begin = func() {
			done = make(chan struct{})
			go func() { // ended by ctx, which stop ends
				defer close(done)
				follow(ctx, k, live)
			}()
		}
		w.live, w.stop = live, func() { cancel(); <-done }
	}
	return w
}

// follow hands over the last events, and those that come. Where they cannot be had, lines go on without.
func follow(ctx context.Context, k *Kitt, to chan<- api.Event) {
	q := url.Values{"follow": {"1"}, "n": {strconv.Itoa(fewEvents)}}
	for ev, err := range api.Follow[api.Event](ctx, k.API, "/v1/events", q) {
		if err != nil {
			return
		}
		select {
		case to <- ev:
		case <-ctx.Done():
			return
		}
	}
}

// join takes in whose lines are read from now on.
func (w *weaver) join(sources []logSource) {
	for _, s := range sources {
		process, shown := strings.LastIndexByte(s.Full, '.'), strings.LastIndexByte(s.ID, '.')
		if process > 0 && shown > 0 {
			w.names[s.Full], w.names[s.Full[:process]] = s.ID, s.ID[:shown]
		}
	}
	if len(sources) > 0 {
		others := w.strangers
		w.strangers = nil
		for _, ev := range others {
			w.put(ev)
		}
	}
}

// startSlack is how much earlier than the first line an event may be to be told: the start of the life that wrote it.
const startSlack = 200 * time.Millisecond

// fewEvents is how many of the last events are asked for before all of them are: the log of them may be large.
const fewEvents = 500

// load asks for the events from the first line on.
func (w *weaver) load(ctx context.Context, first time.Time) {
	w.loaded = true
	if w.since.IsZero() || w.tail && w.since.Before(first) {
		w.since = first.Add(-startSlack)
	}
	for _, q := range []url.Values{{"n": {strconv.Itoa(fewEvents)}}, {"since": {w.since.UTC().Format(time.RFC3339Nano)}}} {
		var some []api.Event
		for ev, err := range api.Follow[api.Event](ctx, w.k.API, "/v1/events", q) {
			if err != nil {
				break // lines are told without
			}
			some = append(some, ev)
		}
		if q.Has("n") && len(some) >= fewEvents && some[0].At.After(w.since) {
			continue
		}
		for _, ev := range some {
			w.add(ev)
		}
		break
	}
	if w.begin != nil {
		w.begin()
	}
}

// add takes in an event, unless that was done before.
func (w *weaver) add(ev api.Event) {
	if ev.Seq > w.seen && !ev.At.Before(w.since) && (w.until.IsZero() || !ev.At.After(w.until)) {
		w.seen = ev.Seq
		w.put(ev)
	}
}

// mostStrangers is how many events about others are remembered: an event may come before the news of a newcomer.
const mostStrangers = 64

func (w *weaver) put(ev api.Event) {
	if _, ours := w.names[ev.ID]; !ours {
		w.strangers = append(w.strangers[max(0, len(w.strangers)-mostStrangers+1):], ev)
		return
	}
	w.told = max(w.told, ev.Seq)
	h := happening{ev, ev.At.Time}
	if ev.Kind == "exit" {
		h.place = h.place.Add(lastWords)
	}
	i := len(w.waiting)
	for i > 0 && w.waiting[i-1].place.After(h.place) {
		i--
	}
	w.waiting = slices.Insert(w.waiting, i, h)
	w.part(ev.ID)
}

// part has the exits of a life told before the start of the next one.
func (w *weaver) part(id string) {
	start := -1
	for i := 0; i < len(w.waiting); i++ {
		switch h := w.waiting[i]; {
		case h.ID != id:
		case h.Kind == "start":
			start = i
		case h.Kind == "exit" && start >= 0 && !h.At.After(w.waiting[start].At.Time):
			h.place = w.waiting[start].place
			w.waiting = slices.Insert(slices.Delete(w.waiting, i, i+1), start, h)
			start++
		}
	}
}

// print prints lines, each after what happened before it.
func (w *weaver) print(ctx context.Context) func(logLine) error {
	if !w.tell {
		return w.p.print
	}
	return func(l logLine) error {
		if !w.loaded {
			w.load(ctx, l.At)
		}
		if err := w.before(l.At); err != nil {
			return err
		}
		return w.p.print(l)
	}
}

// before tells what happened before at.
func (w *weaver) before(at time.Time) error {
	n := 0
	for n < len(w.waiting) && !w.waiting[n].place.After(at) {
		if err := w.p.event(w.waiting[n].Event, w.names[w.waiting[n].ID]); err != nil {
			return err
		}
		n++
	}
	w.waiting = w.waiting[n:]
	return nil
}

// end tells what happened after the last line that is stored. err, if any, is returned instead.
func (w *weaver) end(ctx context.Context, err error, follows bool) error {
	if err != nil || !w.tell {
		return err
	}
	if !w.loaded && (follows || !w.since.IsZero()) {
		w.load(ctx, w.k.Now().Add(startSlack))
	}
	if len(w.waiting) == 0 {
		return nil
	}
	return w.before(w.waiting[len(w.waiting)-1].place)
}

// A loggedEvent is what happened, among lines in JSON; docs/json.md promises it.
type loggedEvent struct {
	Kind     string    `json:"kind"` // event
	ID       string    `json:"id"`
	At       api.Time  `json:"at"`
	Event    string    `json:"event"` // the kind of the event
	Process  string    `json:"process,omitempty"`
	Instance int       `json:"instance,omitempty"`
	Text     string    `json:"text"`
	Reason   string    `json:"reason,omitempty"`
	PID      int       `json:"pid,omitempty"`
	Exit     *api.Exit `json:"exit,omitempty"`
	By       string    `json:"by,omitempty"`
}

// event prints what happened to id.
func (p *logPrinter) event(ev api.Event, id string) error {
	if p.k.Output == "json" {
		if err := p.end(nil); err != nil {
			return err
		}
		process, n := processOf(id)
		if n == 0 {
			process = id[strings.IndexByte(id, '/')+1:]
		}
		return p.k.emitValue(loggedEvent{"event", id, ev.At, ev.Kind, process, n, happenedText(ev), ev.Reason, ev.PID, ev.Exit, ev.By})
	}
	mark := verbMarks[ev.Kind]
	if slices.Contains([]string{"exit", "gaveup", "error"}, ev.Kind) {
		mark.colour = red
	}
	p.head(id, p.k.Paint.in(mark.colour, " = "))
	p.buf = append(p.buf, p.k.Paint.in(dim, ev.At.Local().Format("15:04:05.000"))+" "+p.k.Paint.in(mark.colour, clean(happenedText(ev)))+"\n"...)
	return nil
}

// happenedText is an event in words: exited: code 1 (pid 812).
func happenedText(ev api.Event) string {
	words := map[string]string{"start": "started", "exit": "exited", "stop": "stopped", "restart": "restart asked for", "gaveup": "gave up"}[ev.Kind]
	if words == "" {
		words = ev.Kind
	}
	why := ev.Reason
	if why == "" && ev.Exit != nil {
		why = exitText(ev.Exit)
	}
	if code, ok := strings.CutPrefix(why, "exit "); ok && ev.Kind == "exit" {
		why = "code " + code
	}
	if why != "" {
		words += ": " + why
	}
	if ev.PID != 0 {
		words += " (pid " + strconv.Itoa(ev.PID) + ")"
	}
	if ev.By != "" {
		words += " by " + ev.By
	}
	return words
}
