// Package samples keeps what instances used for a day: CPU and memory every ten seconds, in a fixed space.
//
// It takes no sample itself: who looks at what runs puts down what was seen. A ring is not safe for use by several goroutines
// at once.
package samples

import (
	"math"
	"slices"
	"time"
)

// Every is the time between two samples of an instance, and Slots how many are kept: one day.
const (
	Every = 10 * time.Second
	Slots = int(24 * time.Hour / Every)
)

// chunk is how many slots of an instance are made at once: one that lives for a minute costs 3 kB, not 69.
const chunk = 360

// A Use is what one instance used at a time: cores over the time before, and bytes resident.
type Use struct {
	CPU    float64
	Memory int64
}

// A Ring keeps the last Slots samples of each of at most Most instances; those not seen for longest make room.
type Ring struct {
	Most int // 0: 500

	number int64 // of the slot that is written now: unix time / Every
	series map[string]*series
}

// A series is one instance's: a slot of a day is empty where its number is not that of the day.
type series struct {
	last   int64 // number of its newest slot
	chunks [(Slots + chunk - 1) / chunk]*[chunk]slot
}

// A slot is one sample: 12 bytes, so that 100 instances take 10 MB a day.
type slot struct {
	number uint32 // unix time / Every; 0: none
	cpu    float32
	memory uint32 // KiB
}

// Due tells whether there is no sample yet for the slot of now.
func (r *Ring) Due(now time.Time) bool { return numberOf(now) != r.number }

func numberOf(t time.Time) int64 { return t.UnixNano() / int64(Every) }

// Put keeps what instances use at now, by their ids. A second one for the same slot is left out.
func (r *Ring) Put(now time.Time, uses map[string]Use) {
	n := numberOf(now)
	if n == r.number || n <= 0 || n > math.MaxUint32 {
		return
	}
	r.number = n
	if r.series == nil {
		r.series = map[string]*series{}
	}
	for id, u := range uses {
		s := r.series[id]
		if s == nil {
			r.makeRoom()
			s = &series{}
			r.series[id] = s
		}
		s.put(n, u)
	}
}

// makeRoom forgets the instance that was not seen for longest, if there are too many, and all that are older than a day.
func (r *Ring) makeRoom() {
	oldest, at := "", int64(math.MaxInt64)
	for id, s := range r.series {
		if s.last < at {
			oldest, at = id, s.last
		}
	}
	most := r.Most
	if most == 0 {
		most = 500
	}
	if len(r.series) >= most || oldest != "" && at < r.number-int64(Slots) {
		delete(r.series, oldest)
	}
}

func (s *series) put(n int64, u Use) {
	i := int(n % int64(Slots))
	c := s.chunks[i/chunk]
	if c == nil {
		c = new([chunk]slot)
		s.chunks[i/chunk] = c
	}
	c[i%chunk] = slot{uint32(n), float32(max(0, u.CPU)), uint32(min(max(0, u.Memory)>>10, math.MaxUint32))}
	s.last = n
}

// A Point is one sample as it is read: the highest of those that lie in its span.
type Point struct {
	At time.Time
	Use
}

// IDs are the instances of which there are samples, sorted.
func (r *Ring) IDs() (ids []string) {
	for id := range r.series {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// Read returns the samples of an instance since a time, oldest first, at most points of them: where there are more, each is the
// highest of several. Times without a sample are left out.
func (r *Ring) Read(id string, since, now time.Time, points int) (out []Point) {
	s := r.series[id]
	if s == nil || points <= 0 {
		return nil
	}
	to := numberOf(now)
	from := max(numberOf(since), to-int64(Slots)+1)
	span := max(1, (to-from+int64(points))/int64(points)) // slots of a point
	for begin := from - from%span; begin <= to; begin += span {
		p, ok := Point{At: time.Unix(0, begin*int64(Every))}, false
		for n := max(begin, from); n < begin+span && n <= to; n++ {
			if c := s.chunks[int(n%int64(Slots))/chunk]; c != nil {
				if x := c[int(n%int64(Slots))%chunk]; int64(x.number) == n {
					p.CPU, p.Memory, ok = max(p.CPU, float64(x.cpu)), max(p.Memory, int64(x.memory)<<10), true
				}
			}
		}
		if ok {
			out = append(out, p)
		}
	}
	return out
}
