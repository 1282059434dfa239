package monit

import (
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"kitt.sh/service/api"
)

// key acts on a key: stroke is its name, text what it types.
func (m *Model) key(stroke, text string) tea.Cmd {
	switch {
	case stroke == "ctrl+c":
		return tea.Quit
	case m.typing != nil:
		m.typeKey(stroke, text)
		return nil
	case m.ask != nil:
		q := m.ask
		m.ask = nil
		if stroke == "y" || stroke == "enter" {
			return q.yes
		}
		return nil
	case m.help:
		m.help = false
		return nil
	}
	if m.moved(stroke) {
		return m.askMore()
	}
	return m.command(stroke, text)
}

// command is what a key means that neither moves nor answers.
func (m *Model) command(stroke, text string) tea.Cmd {
	switch stroke {
	case "q":
		return tea.Quit
	case "esc":
		m.escape()
	case "tab":
		m.below = !m.below
	case "z", "enter":
		m.zoom = !m.zoom
		m.below = m.zoom
	case "1", "2", "3":
		m.pane, m.back, m.show = pane(stroke[0]-'1'), 0, api.Show{}
		return m.askMore()
	case "s":
		m.sort = (m.sort + 1) % len(orders)
		m.arrange()
	case "/":
		m.begin()
	case "f":
		m.typing = &input{"filter", m.filter, setFilter}
	case "n":
		m.jump(1)
	case "N", "shift+n":
		m.jump(-1)
	case "r", "x", "a":
		return m.verb(map[string]string{"r": "restart", "x": "stop", "a": "start"}[stroke])
	case "+", "-", "=", "shift+=", "shift++":
		return m.scale(text)
	case "?", "h", "shift+/":
		m.help = true
	}
	return nil
}

// escape takes back the last thing: the search, the zoom, the filter.
func (m *Model) escape() {
	switch {
	case m.search != "":
		m.search = ""
	case m.zoom:
		m.zoom, m.below = false, false
	case m.filter != "":
		setFilter(m, "")
	default:
		m.below = false
	}
}

// begin begins to type a search in the pane, or a filter of the table.
func (m *Model) begin() {
	if m.below || m.zoom {
		m.typing = &input{"search", "", func(m *Model, text string) { m.search = text; m.jump(0) }}
		return
	}
	m.typing = &input{"filter", m.filter, setFilter}
}

func setFilter(m *Model, text string) {
	m.filter = text
	m.arrange()
}

// typeKey edits the line that is being typed. A filter acts while it is typed.
func (m *Model) typeKey(stroke, text string) {
	t := m.typing
	switch stroke {
	case "enter":
		m.typing = nil
		t.set(m, t.text)
	case "esc":
		m.typing = nil
		if t.what == "filter" {
			t.set(m, "")
		}
	case "backspace":
		if _, n := utf8.DecodeLastRuneInString(t.text); n > 0 {
			t.text = t.text[:len(t.text)-n]
		}
		m.typed("")
	case "ctrl+u":
		t.text = ""
		m.typed("")
	default:
		m.typed(text)
	}
}

func (m *Model) typed(text string) {
	t := m.typing
	if t == nil {
		return
	}
	t.text += strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, text)
	if t.what == "filter" {
		t.set(m, t.text)
	}
}

// verb asks before it ends something.
func (m *Model) verb(verb string) tea.Cmd {
	in, ok := m.chosen()
	if !ok {
		m.say("%s: no instance is selected", verb)
		return nil
	}
	do := m.order(verb, in, 0)
	if verb == "start" {
		return do
	}
	m.ask = &question{verb + " " + in.ID + "?", do}
	return nil
}

// scale asks for one instance more or less.
func (m *Model) scale(text string) tea.Cmd {
	in, ok := m.chosen()
	if !ok {
		return nil
	}
	n := 0
	for i := range m.all {
		if m.all[i].Project == in.Project && m.all[i].Process == in.Process && wanted(m.all[i]) {
			n++
		}
	}
	to := n + 1
	if text == "-" {
		to = max(n-1, 0)
	}
	m.ask = &question{text: "scale " + in.Process + " from " + itoa(n) + " to " + itoa(to) + "?", yes: m.order("scale", in, to)}
	return nil
}

func wanted(in api.Instance) bool { return in.Phase != "stopping" }
