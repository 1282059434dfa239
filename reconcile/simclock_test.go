package reconcile_test

import (
	"container/heap"
	"testing"
	"time"
	"unsafe"
)

// A simClock is the time of a simulated world. Like a machine's it has two: one that only runs, and what the wall
// says, which somebody may set. It moves when it is told to.
type simClock struct {
	ran    time.Duration // since the world began
	off    time.Duration // by how much the wall was set since
	timers timers
	made   int
}

var simBegin = time.Date(2031, 4, 5, 6, 7, 8, 0, time.UTC)

// now is both times in one, as time.Now gives them to a process: what is subtracted from another such is by the one
// that only runs.
func (c *simClock) now() time.Time { return moment(c.wall(), c.ran) }

// wall is what the wall says.
func (c *simClock) wall() time.Time { return simBegin.Add(c.ran + c.off) }

// after calls do once d has run by, unless it is stopped.
func (c *simClock) after(d time.Duration, do func()) (stop func() bool) {
	c.made++
	t := &timer{at: c.ran + max(d, 0), n: c.made, do: do}
	heap.Push(&c.timers, t)
	return func() bool {
		was := t.do != nil
		t.do = nil
		return was
	}
}

// run lets d pass, and what is due within it happen.
func (c *simClock) run(d time.Duration) {
	end := c.ran + max(d, 0)
	for len(c.timers) > 0 && c.timers[0].at <= end {
		t := heap.Pop(&c.timers).(*timer)
		if t.do != nil {
			do := t.do
			c.ran, t.do = t.at, nil
			do()
		}
	}
	c.ran = end
}

type timer struct {
	at time.Duration
	n  int // of two at once the older comes first
	do func()
}

// timers is a heap, the next one first.
type timers []*timer

func (t timers) Len() int { return len(t) }
func (t timers) Less(i, j int) bool {
	return t[i].at < t[j].at || t[i].at == t[j].at && t[i].n < t[j].n
}
func (t timers) Swap(i, j int) { t[i], t[j] = t[j], t[i] }
func (t *timers) Push(x any)   { *t = append(*t, x.(*timer)) }
func (t *timers) Pop() any {
	last := (*t)[len(*t)-1]
	*t = (*t)[:len(*t)-1]
	return last
}

// moment makes a time.Time of two clocks that disagree, which package time has no way to ask for. It writes the fields
// that time.Time documents: bit 63 for a monotonic time, seconds since 1885, nanoseconds; and the monotonic time.
func moment(wall time.Time, mono time.Duration) (t time.Time) {
	const to1885 = 62135596800 - (1884*365+1884/4-1884/100+1884/400)*86400
	p := (*struct {
		wall uint64
		ext  int64
		loc  *time.Location
	})(unsafe.Pointer(&t))
	p.wall = 1<<63 | uint64(wall.Unix()+to1885)<<30 | uint64(wall.Nanosecond())
	p.ext = int64(mono) + 1
	return t
}

func TestMomentIsTwoClocks(t *testing.T) {
	a, b := moment(simBegin, time.Hour), moment(simBegin.Add(-time.Hour), time.Hour+time.Second)
	if !a.Round(0).Equal(simBegin) || b.Sub(a) != time.Second || b.Round(0).Sub(a.Round(0)) != -time.Hour || !a.Before(b) {
		t.Errorf("%v and %v are %v apart, by the wall %v", a, b, b.Sub(a), b.Round(0).Sub(a.Round(0)))
	}
}
