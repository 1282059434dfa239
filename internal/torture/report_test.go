//go:build linux

package torture

import (
	"fmt"
	"slices"
	"strings"
)

// The faults that a run is looked through for. Each has to be 0.
const (
	lost    = "lost lines"
	doubled = "doubled lines"
	torn    = "torn lines"
	holes   = "holes and overlaps of segments"
	wrong   = "wrong exit statuses"
	missing = "missing exit statuses"
	twice   = "exits told twice"
	twins   = "twins"
	orphans = "orphans"
	changed = "pids that changed"
	orders  = "orders lost or done twice"
	stuck   = "hangs"
)

var faults = []string{lost, doubled, torn, holes, wrong, missing, twice, twins, orphans, changed, orders, stuck}

// A report counts faults, and what was looked at.
type report struct {
	faults map[string]int
	seen   map[string]int
	words  []string // the first of each kind
}

func newReport() *report { return &report{faults: map[string]int{}, seen: map[string]int{}} }

// fault counts n of a kind and keeps the first words on it.
func (r *report) fault(kind string, n int, format string, args ...any) {
	if n <= 0 {
		return
	}
	if r.faults[kind] < 5 {
		r.words = append(r.words, kind+": "+fmt.Sprintf(format, args...))
	}
	r.faults[kind] += n
}

func (r *report) bad() (n int) {
	for _, k := range r.faults {
		n += k
	}
	return n
}

func (r *report) add(o *report) {
	for k, n := range o.faults {
		r.faults[k] += n
	}
	for k, n := range o.seen {
		r.seen[k] += n
	}
	r.words = append(r.words, o.words...)
}

func (r *report) String() string {
	var b strings.Builder
	for _, k := range faults {
		fmt.Fprintf(&b, "  %-32s %d\n", k, r.faults[k])
	}
	b.WriteString("looked at\n")
	var names []string
	for k := range r.seen {
		names = append(names, k)
	}
	slices.Sort(names)
	for _, k := range names {
		fmt.Fprintf(&b, "  %-32s %d\n", k, r.seen[k])
	}
	return b.String()
}
