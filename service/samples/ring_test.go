package samples

import (
	"fmt"
	"runtime"
	"testing"
	"time"
)

var t0 = time.Unix(1_800_000_000, 0)

func at(slots int) time.Time { return t0.Add(time.Duration(slots) * Every) }

func use(cpu float64, memory int64) map[string]Use { return map[string]Use{"web": {cpu, memory}} }

func TestADayOfAHundredInstancesIsUnder20MB(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	r := &Ring{}
	uses := map[string]Use{}
	for i := range 100 {
		uses[fmt.Sprintf("shop/web.%d", i)] = Use{0.5, 100 << 20}
	}
	for n := range 3 * Slots { // three days: it does not grow
		r.Put(at(n), uses)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if took := int64(after.HeapAlloc) - int64(before.HeapAlloc); took > 20_000_000 {
		t.Errorf("%d bytes", took)
	}
	if got := len(r.Read("shop/web.7", at(0), at(3*Slots-1), 1_000_000)); got != Slots {
		t.Errorf("%d samples kept, want %d", got, Slots)
	}
}

func TestSamplesAreReadAsTheyWerePut(t *testing.T) {
	r := &Ring{}
	for n := range 6 {
		if !r.Due(at(n)) {
			t.Errorf("slot %d is not due", n)
		}
		r.Put(at(n), use(float64(n), int64(n)<<20))
		if r.Put(at(n).Add(time.Second), use(99, 99)); r.Due(at(n).Add(9 * time.Second)) {
			t.Errorf("slot %d is due twice", n)
		}
	}
	got := r.Read("web", at(2), at(5), 100)
	if len(got) != 4 || !got[0].At.Equal(at(2)) || got[0].CPU != 2 || got[3].Memory != 5<<20 {
		t.Errorf("%+v", got)
	}
	if got := r.Read("web", at(0), at(5), 2); len(got) > 3 || got[len(got)-1].CPU != 5 {
		t.Errorf("few points: %+v", got)
	}
	if got := r.Read("db", at(0), at(5), 9); got != nil {
		t.Errorf("of nobody: %+v", got)
	}
}

func TestAGapStaysAGapAndYesterdayIsNotToday(t *testing.T) {
	r := &Ring{}
	r.Put(at(0), use(1, 0))
	r.Put(at(5), use(2, 0))
	if got := r.Read("web", at(0), at(6), 100); len(got) != 2 || !got[1].At.Equal(at(5)) {
		t.Errorf("%+v", got)
	}
	if got := r.Read("web", at(0), at(Slots), 1_000_000); len(got) != 1 || got[0].CPU != 2 {
		t.Errorf("a day later: %+v", got)
	}
}

func TestWhoWasNotSeenForLongestMakesRoom(t *testing.T) {
	r := &Ring{Most: 2}
	r.Put(at(0), map[string]Use{"a": {}})
	r.Put(at(1), map[string]Use{"b": {}})
	r.Put(at(2), map[string]Use{"c": {}})
	if got := fmt.Sprint(r.IDs()); got != "[b c]" {
		t.Error(got)
	}
}
