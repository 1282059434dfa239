package reconcile

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"kitt.sh/spec"
)

// A Verb of an action.
type Verb string

const (
	Start  Verb = "start"
	Stop   Verb = "stop"
	Tune   Verb = "tune"
	Forget Verb = "forget"
)

// An Action is one step towards what is wanted, with its reason: "start shop/web.1: exit 1, try 3".
type Action struct {
	Verb    Verb
	ID      ID
	Life    string    // what it acts on; "" for a start
	Reason  string    // plain words
	Want    Instance  // start, tune: what is wanted
	History History   // start: what the new life inherits
	How     spec.Stop // stop: how
	Begun   time.Time // when it was done, for who is told; zero in a plan
}

// A World is all that Plan may look at.
type World struct {
	Want map[ID]Instance
	Have map[ID][]Observed
	Lost map[string]bool   // projects of which it is not known what is wanted; "" stands for all that Want does not name
	Why  map[string]string // run digest that was replaced by an edit -> the fields that changed

	Renamed map[string]string // project that is no more -> what its spec file is called now

	Edits map[string][]ID // project -> the instances that its last edit changed, in the order in which they give way
	Plain bool            // what would be done in the end is asked for, whatever waits for what

	Waiters map[ID][]ID // process (N is 0) -> the instances that depend on it; nil: read off Want

	turns map[string]turn // project -> whose turn it is, as far as it was looked up; nil: nothing is kept

	judged *judged // of those that others wait for, as far as they were looked at; nil: nothing is kept beyond one instance

	depth int // of the dependencies that are being followed
}

// Plan says what to do now for the given instances, and when to look again if nothing happens before (zero: never).
// It is pure. Instances of one plan do not depend on its order.
func Plan(now time.Time, w World, ids []ID) (do []Action, wake time.Time) {
	for _, id := range ids {
		v := Judge(now, w, id)
		do = append(do, v.Do...)
		if !v.Wake.IsZero() && (wake.IsZero() || v.Wake.Before(wake)) {
			wake = v.Wake
		}
	}
	return do, wake
}

// IDs lists every instance that is wanted or had, sorted.
func (w World) IDs() []ID {
	ids := make([]ID, 0, len(w.Want))
	for id := range w.Want {
		ids = append(ids, id)
	}
	for id := range w.Have {
		if _, ok := w.Want[id]; !ok {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, CompareIDs)
	return ids
}

// has tells whether an instance is wanted or had.
func (w World) has(id ID) bool {
	_, wanted := w.Want[id]
	return wanted || len(w.Have[id]) > 0
}

// CompareIDs orders by project, process and number.
func CompareIDs(a, b ID) int {
	if c := strings.Compare(a.Project, b.Project); c != 0 {
		return c
	}
	if c := strings.Compare(a.Process, b.Process); c != 0 {
		return c
	}
	return cmp.Compare(a.N, b.N)
}
