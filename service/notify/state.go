package notify

import (
	"fmt"
	"slices"
	"time"

	"kitt.sh/spec"
)

// A Kind of fact. The words unhealthy, healthy and stalled are those of the events that probes raise.
type Kind string

const (
	Started   Kind = "start"
	Died      Kind = "died"      // unasked, and not as it should
	Returned  Kind = "returned"  // unasked, exit 0, and it is to run always
	Ended     Kind = "ended"     // as asked
	Done      Kind = "done"      // unasked, as it should: a job
	Worker    Kind = "worker"    // a program of a cluster died; the instance lives
	GaveUp    Kind = "gaveup"    // it stays down, or cannot start
	Unhealthy Kind = "unhealthy" // it lives and does not do its work
	Stalled   Kind = "stalled"   // the same, known by its silence
	Healthy   Kind = "healthy"
)

// A Fact is one thing that happened to an instance.
type Fact struct {
	Kind Kind
	At   time.Time
	ID   string // in full
	Life string
	Text string
}

// An Alert is one thing to tell.
type Alert struct {
	Event  string    `json:"event"` // of spec.Alerts, or test
	ID     string    `json:"id"`    // shop/web.1
	At     time.Time `json:"at"`
	Text   string    `json:"text"`             // plain words
	Deaths int       `json:"deaths,omitempty"` // within the block's window
	Times  int       `json:"times,omitempty"`  // how often it was not told since it was told last
	Lines  []string  `json:"lines,omitempty"`  // the last ones of the life that ended
	Life   string    `json:"life,omitempty"`
}

// A State is what is known of one notify block between two facts. The zero State knows nothing. It is kept as JSON.
type State struct {
	Cursor    uint64            `json:"cursor"` // number of the last event that was taken in
	Instances map[string]*track `json:"instances,omitempty"`
	Muted     map[string]*mute  `json:"muted,omitempty"` // by event and id
	Held      []Alert           `json:"held,omitempty"`  // to be told
	Since     time.Time         `json:"since,omitzero"`  // when the first of Held came
	More      int               `json:"more,omitempty"`  // and how many there was no room for
	Out       *Message          `json:"out,omitempty"`   // under way
	Tries     int               `json:"tries,omitempty"`
	Next      time.Time         `json:"next,omitzero"` // when it is tried again
	Last      time.Time         `json:"last,omitzero"` // when a message last arrived
	Sent      int               `json:"sent,omitempty"`
	Trouble   string            `json:"trouble,omitempty"` // why it cannot be sent
	Begun     time.Time         `json:"begun,omitzero"`    // since when
}

// A track is what an instance with trouble has been through.
type track struct {
	Open     bool        `json:"open,omitempty"` // it has not recovered yet
	Told     bool        `json:"told,omitempty"` // somebody knows
	Up       time.Time   `json:"up,omitzero"`    // since when it lives; zero: it does not
	Down     time.Time   `json:"down,omitzero"`  // of its last end: a start before that is told late
	Deaths   []time.Time `json:"deaths,omitempty"`
	Flapping bool        `json:"flapping,omitempty"`
	GaveUp   bool        `json:"gave_up,omitempty"`
	Hung     bool        `json:"hung,omitempty"`
	At       time.Time   `json:"at"` // of the last fact
}

// A mute counts what is not told since it was told last.
type mute struct {
	At    time.Time `json:"at"`
	Times int       `json:"times,omitempty"`
}

const (
	mostHeld = 50               // alerts of one digest; more are counted
	forget   = 24 * time.Hour   // an instance of which nothing was heard for so long
	gather   = time.Second      // what happens at once is one message
	settle   = time.Millisecond // what the times in the event log are exact to
)

// Take takes in a fact and returns what is to be told of it: Hold is called with that.
func (s *State) Take(n *spec.Notify, f Fact) []Alert {
	out := s.tick(n, f.At)
	t := s.Instances[f.ID]
	if t == nil {
		if f.Kind == Started || f.Kind == Ended || f.Kind == Done || f.Kind == Healthy {
			return out
		}
		t = &track{}
		if s.Instances == nil {
			s.Instances = map[string]*track{}
		}
		s.Instances[f.ID] = t
	}
	t.At = f.At
	switch f.Kind {
	case Started:
		if !f.At.Before(t.Down) {
			t.Up, t.GaveUp = f.At, false
		}
	case Died, Returned, Worker:
		out = append(out, s.died(n, t, f)...)
	case Ended:
		t.Up, t.Down, t.Hung = time.Time{}, f.At, false
	case Done:
		out = append(out, s.recovered(n, t, f.ID, f.At, f.Text)...)
	case GaveUp:
		t.Up, t.Down = time.Time{}, f.At.Add(settle)
		if !t.GaveUp {
			t.GaveUp, t.Open = true, true
			out = append(out, s.alert(n, t, "gave-up", f)...)
		}
	case Unhealthy, Stalled:
		if !t.Hung {
			t.Hung, t.Open = true, true
			out = append(out, s.alert(n, t, "hung", f)...)
		}
	case Healthy:
		if t.Hung {
			t.Hung = false
			out = append(out, s.recovered(n, t, f.ID, f.At, "healthy again")...)
		}
	}
	return out
}

// died counts a death; the first is a failure, and several are flapping.
func (s *State) died(n *spec.Notify, t *track, f Fact) (out []Alert) {
	if k := len(t.Deaths); t.Open && k > 0 && f.At.Sub(t.Deaths[k-1]) > n.Within { // what was told is long ago
		t.Open, t.Flapping = false, false
	}
	t.Deaths = slices.DeleteFunc(append(t.Deaths, f.At), func(at time.Time) bool { return f.At.Sub(at) > n.Within })
	if over := len(t.Deaths) - 100; over > 0 {
		t.Deaths = t.Deaths[over:]
	}
	t.Up, t.Down, t.Hung = time.Time{}, f.At.Add(settle), false
	if f.Kind == Worker {
		t.Up, t.Down = f.At, f.At
	}
	if f.Kind != Returned && !t.Open {
		t.Open = true
		out = s.alert(n, t, "failed", f)
	}
	if len(t.Deaths) >= n.Deaths && !t.Flapping {
		t.Flapping, t.Open = true, true
		f.Text = fmt.Sprintf("%d deaths within %s, the last: %s", len(t.Deaths), n.Within, f.Text)
		out = append(out, s.alert(n, t, "flapping", f)...)
	}
	return out
}

// recovered ends the trouble of an instance, and tells those who knew of it.
func (s *State) recovered(n *spec.Notify, t *track, id string, at time.Time, text string) []Alert {
	told := t.Open && t.Told
	t.Open, t.Told, t.Flapping, t.GaveUp = false, false, false, false
	if !told || !slices.Contains(n.On, "recovered") {
		return nil
	}
	return []Alert{{Event: "recovered", ID: id, At: at, Text: text}}
}

// alert is what is told of a fact: nothing where it is not asked for, or was told a short while ago.
func (s *State) alert(n *spec.Notify, t *track, event string, f Fact) []Alert {
	if !slices.Contains(n.On, event) {
		return nil
	}
	key := event + " " + f.ID
	m := s.Muted[key]
	if m != nil && f.At.Sub(m.At) < n.Repeat && f.At.After(m.At) {
		m.Times++
		return nil
	}
	a := Alert{Event: event, ID: f.ID, At: f.At, Text: f.Text, Life: f.Life, Deaths: len(t.Deaths)}
	if m != nil {
		a.Times = m.Times
	}
	if s.Muted == nil {
		s.Muted = map[string]*mute{}
	}
	s.Muted[key] = &mute{At: f.At}
	t.Told = true
	return []Alert{a}
}

// tick finds those that have recovered by now, and forgets what is long ago.
func (s *State) tick(n *spec.Notify, now time.Time) (out []Alert) {
	for id, t := range s.Instances {
		if t.Open && !t.Up.IsZero() && !t.Hung && now.Sub(t.Up) >= n.Stable {
			out = append(out, s.recovered(n, t, id, t.Up.Add(n.Stable), "runs since "+t.Up.UTC().Format(time.RFC3339))...)
		}
		if now.Sub(t.At) > max(forget, n.Within) {
			delete(s.Instances, id)
		}
	}
	for key, m := range s.Muted {
		if now.Sub(m.At) > n.Repeat {
			if m.Times == 0 || now.Sub(m.At) > max(forget, n.Repeat) {
				delete(s.Muted, key)
			}
		}
	}
	slices.SortFunc(out, func(a, b Alert) int { return a.At.Compare(b.At) })
	return out
}

// Hold keeps alerts for the next message.
func (s *State) Hold(now time.Time, alerts []Alert) {
	for _, a := range alerts {
		if len(s.Held) == 0 {
			s.Since = now
		}
		if len(s.Held) >= mostHeld {
			s.More++
			continue
		}
		s.Held = append(s.Held, a)
	}
}

// Due moves time on to now: it tells whether Out is to be sent, and when to ask again if nothing happens before (zero:
// never). While a message is under way what comes meanwhile waits.
func (s *State) Due(n *spec.Notify, now time.Time) (send bool, wake time.Time) {
	s.Hold(now, s.tick(n, now))
	sooner := func(at time.Time) {
		if wake.IsZero() || at.Before(wake) {
			wake = at
		}
	}
	for _, t := range s.Instances {
		if t.Open && !t.Up.IsZero() && !t.Hung {
			sooner(t.Up.Add(n.Stable))
		}
	}
	if s.Out == nil && len(s.Held) > 0 {
		due := later(s.Since.Add(gather), s.Last.Add(n.Every))
		if due.Sub(now) > max(gather, n.Every) { // the clock was set back
			due = now
		}
		if now.Before(due) {
			sooner(due)
			return false, wake
		}
		s.Out = &Message{ID: fmt.Sprintf("%d-%d", s.Cursor, now.UnixMilli()), At: now, Alerts: s.Held, More: s.More}
		s.Held, s.More, s.Since, s.Tries, s.Next = nil, 0, time.Time{}, 0, time.Time{}
	}
	if s.Out == nil {
		return false, wake
	}
	if now.Before(s.Next) && s.Next.Sub(now) <= maxPause {
		sooner(s.Next)
		return false, wake
	}
	return true, wake
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

const (
	minPause = time.Second
	maxPause = 10 * time.Minute
	mostAge  = 24 * time.Hour // a message that cannot be sent for so long is dropped
)

// Tried takes in how the sending of Out went. news is what people are to know of it: that a target cannot be reached, or
// can be again; once each.
func (s *State) Tried(now time.Time, err error) (news string) {
	if s.Out == nil {
		return ""
	}
	if err == nil {
		if s.Trouble != "" {
			news = "alerts arrive again"
		}
		s.Out, s.Tries, s.Next, s.Last, s.Trouble, s.Begun = nil, 0, time.Time{}, now, "", time.Time{}
		s.Sent++
		return news
	}
	s.Tries++
	pause := minPause << min(s.Tries-1, 12)
	fault := asFault(err)
	s.Next = now.Add(min(max(pause, fault.After), maxPause))
	if s.Trouble == "" {
		s.Begun = now
		news = "alerts do not arrive: " + err.Error()
	}
	s.Trouble = err.Error()
	if fault.Final || now.Sub(s.Out.At) > mostAge { // another try would end the same way
		s.Out, s.Tries, s.Last, s.Next = nil, 0, now, time.Time{}
	}
	return news
}

// Retry has a message that could not be sent tried at once: its target was changed.
func (s *State) Retry() { s.Next, s.Tries = time.Time{}, 0 }
