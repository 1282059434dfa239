package monit

import (
	"fmt"

	tea "charm.land/bubbletea/v2"
)

// Update takes in one message.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.w, m.h = max(msg.Width, 1), max(msg.Height, 1)
	case tea.KeyPressMsg:
		return m, m.key(msg.Keystroke(), msg.Text)
	case tea.PasteMsg:
		m.typed(msg.Content)
	case lookedMsg:
		return m, m.looks(msg)
	case lookMsg:
		return m, m.look()
	case readMsg:
		return m, tea.Batch(m.read(), after(readEvery, readMsg{}))
	case linesMsg:
		m.reads(msg)
	case shownMsg:
		if msg.of == m.selected {
			m.show = *msg.show
		}
	case orderedMsg:
		m.noteAt, m.note = m.now, msg.text
		if msg.err != nil {
			m.note = msg.err.Error()
		}
		return m, m.look()
	}
	return m, nil
}

// looks takes in an answer, or that there was none: then what was known stays on the screen.
func (m *Model) looks(msg lookedMsg) tea.Cmd {
	m.now, m.looked = msg.at, true
	next := after(lookEvery, lookMsg{})
	if msg.err != nil {
		m.trouble = msg.err.Error()
		return next
	}
	m.trouble, m.all, m.specs = "", msg.status.Instances, msg.status.Specs
	m.measure()
	m.arrange()
	return tea.Batch(next, m.askMore())
}

// measure adds to the history of each instance, and forgets those that are gone.
func (m *Model) measure() {
	uses := make(map[string][]use, len(m.all))
	for _, in := range m.all {
		list := append(m.uses[key(in)], use{in.CPU, in.Memory})
		uses[key(in)] = list[max(0, len(list)-keepUse):]
	}
	m.uses = uses
}

// reads takes in lines of a log.
func (m *Model) reads(msg linesMsg) {
	m.reading = false
	if msg.of != m.tailOf {
		_ = msg.tail.Close()
		return
	}
	m.logErr = ""
	if msg.err != nil {
		m.logErr = msg.err.Error()
	}
	m.lines = append(m.lines, msg.lines...)
	if m.back > 0 {
		m.back += len(msg.lines) // what is looked at stays where it is
	}
	if cut := len(m.lines) - keepLines; cut > 0 {
		m.lines = append([]Line(nil), m.lines[cut:]...)
	}
}

// say shows a note for a while.
func (m *Model) say(format string, args ...any) {
	m.note, m.noteAt = fmt.Sprintf(format, args...), m.now
}

// said is the note that is still to be shown.
func (m *Model) said() string {
	if m.now.Sub(m.noteAt) > noteLasts {
		return ""
	}
	return m.note
}
