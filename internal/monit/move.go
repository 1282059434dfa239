package monit

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"kitt.sh/service/api"
)

// orders are what the table can be sorted by; ties go by name.
var orders = []struct {
	name string
	by   func(a, b *api.Instance) int
}{
	{"name", func(a, b *api.Instance) int { return 0 }},
	{"cpu", func(a, b *api.Instance) int { return cmp.Compare(b.CPU, a.CPU) }},
	{"memory", func(a, b *api.Instance) int { return cmp.Compare(b.Memory, a.Memory) }},
	{"restarts", func(a, b *api.Instance) int { return cmp.Compare(b.Restarts, a.Restarts) }},
	{"age", func(a, b *api.Instance) int { return b.Since.Compare(a.Since.Time) }},
	{"state", func(a, b *api.Instance) int { return cmp.Compare(urgency(a.Phase), urgency(b.Phase)) }},
}

// urgency is how much a phase wants to be seen: the lowest first.
func urgency(phase string) int {
	return slices.Index([]string{"failed", "waiting", "stopping", "starting", "running", "held", "done"}, phase)
}

// arrange filters and sorts the rows. The selected instance stays selected while it is shown.
func (m *Model) arrange() {
	at := max(m.index(), 0)
	m.rows = m.rows[:0:0]
	for _, in := range m.all {
		if m.filter == "" || matches(in, m.filter) {
			m.rows = append(m.rows, in)
		}
	}
	by := orders[m.sort].by
	slices.SortStableFunc(m.rows, func(a, b api.Instance) int {
		return cmp.Or(by(&a, &b), cmp.Compare(a.Project, b.Project), cmp.Compare(a.Process, b.Process), cmp.Compare(a.N, b.N))
	})
	if m.index() < 0 && len(m.rows) > 0 {
		m.choose(min(at, len(m.rows)-1))
	}
	m.inView()
}

// matches: every word of a filter is in what the row says.
func matches(in api.Instance, filter string) bool {
	text := strings.ToLower(in.Project + "/" + in.ID + " " + in.Phase + " " + in.Reason)
	for _, word := range strings.Fields(strings.ToLower(filter)) {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}

// choose selects a row.
func (m *Model) choose(i int) {
	if i = max(0, min(i, len(m.rows)-1)); len(m.rows) > 0 && m.selected != key(m.rows[i]) {
		m.selected, m.show, m.back = key(m.rows[i]), api.Show{}, 0
	}
	m.inView()
}

// inView scrolls the table to the selected row.
func (m *Model) inView() {
	n := m.tableRows()
	if i := m.index(); i >= 0 {
		m.top = min(max(m.top, i-n+1), i)
	}
	m.top = max(0, min(m.top, len(m.rows)-n))
}

// moved moves the selection, or scrolls the pane; false if the key moves nothing.
func (m *Model) moved(stroke string) bool {
	page := m.tableRows()
	if m.below {
		page = m.paneRows()
	}
	by := map[string]int{"up": -1, "k": -1, "down": 1, "j": 1, "pgup": -page, "ctrl+b": -page, "pgdown": page, "ctrl+f": page, "space": page,
		"home": -1 << 20, "g": -1 << 20, "end": 1 << 20, "G": 1 << 20, "shift+g": 1 << 20}[stroke]
	switch {
	case by == 0:
		return false
	case m.below:
		m.scroll(by)
	default:
		m.choose(m.index() + by)
	}
	return true
}

// scroll moves the pane down by n lines. At its end it follows what comes.
func (m *Model) scroll(n int) {
	m.back = max(0, min(m.back-n, len(m.paneText())-m.paneRows()))
}

// jump scrolls to the next line that matches the search: 1 is upwards from here, 0 from the end.
func (m *Model) jump(dir int) {
	text := m.paneText()
	if m.search == "" || len(text) == 0 {
		return
	}
	last := len(text) - 1 - m.back
	from, step := last-dir, -1
	if dir < 0 {
		from, step = last+1, 1
	}
	for i := from; i >= 0 && i < len(text); i += step {
		if found(text[i].text, m.search) {
			m.back = max(0, len(text)-1-i)
			return
		}
	}
	m.say("search: %q is not %s here", m.search, map[bool]string{true: "above", false: "below"}[step < 0])
}

func found(text, search string) bool {
	return search != "" && strings.Contains(strings.ToLower(text), strings.ToLower(search))
}

func itoa(n int) string { return strconv.Itoa(n) }
