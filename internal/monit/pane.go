package monit

import (
	"fmt"
	"strings"

	"charm.land/lipgloss/v2"

	"kitt.sh/service/api"
)

// A paneLine is text with the style of its whole.
type paneLine struct {
	head  string // dim, before the text
	text  string
	style lipgloss.Style
}

// paneText is everything that the pane has, of which the end is shown.
func (m *Model) paneText() []paneLine {
	switch m.pane {
	case eventPane:
		return m.eventText()
	case detailPane:
		return m.detailText()
	}
	out := make([]paneLine, 0, len(m.lines)+1)
	for i := range m.lines {
		style := plain
		if m.lines[i].Err {
			style = red
		}
		out = append(out, paneLine{clock(m.lines[i].At) + " ", m.lines[i].Text, style})
	}
	if m.logErr != "" {
		out = append(out, paneLine{"", m.logErr, yellow})
	}
	return out
}

func (m *Model) eventText() (out []paneLine) {
	for _, e := range m.show.Events {
		text := e.Kind
		if e.Reason != "" {
			text += "  " + e.Reason
		}
		if e.By != "" {
			text += "  by " + e.By
		}
		style := plain
		if e.Kind == "exit" || e.Kind == "gave-up" {
			style = yellow
		}
		out = append(out, paneLine{e.At.Local().Format("01-02 15:04:05") + " ", text, style})
	}
	return out
}

func (m *Model) detailText() (out []paneLine) {
	in, ok := m.chosen()
	if !ok {
		return nil
	}
	field := func(name, format string, args ...any) {
		out = append(out, paneLine{cell(name, 12), fmt.Sprintf(format, args...), plain})
	}
	field("instance", "%s of project %s", in.ID, in.Project)
	field("state", "%s since %s", in.Phase, in.Since.Local().Format("2006-01-02 15:04:05"))
	if in.Reason != "" {
		field("reason", "%s", in.Reason)
	}
	if in.PID > 0 {
		field("pid", "%d", in.PID)
		field("use", "%s of a core, %s", percent(in.CPU), size(in.Memory))
	}
	field("restarts", "%d", in.Restarts)
	if in.Exit != nil {
		field("last exit", "%s at %s", exit(in.Exit), in.Exit.At.Local().Format("2006-01-02 15:04:05"))
	}
	field("stdout", "%s", in.Log.Out)
	field("stderr", "%s", in.Log.Err)
	for _, x := range m.show.Metrics {
		if x.ID == in.ID {
			field("measured", "%s  %s %s", x.Name, x.Value, x.Unit)
		}
	}
	for _, p := range m.show.Tree {
		if p.ID == in.ID {
			field("tree", "%d  %s  %s", p.PID, size(p.Memory), p.Command)
		}
	}
	field("why", "kitt show %s; kitt explain %s", in.ID, in.Process)
	return out
}

func exit(x *api.Exit) string {
	switch {
	case x.Signal != "":
		return x.Signal
	case x.Code != nil:
		return "code " + itoa(*x.Code)
	}
	return "unknown"
}

// paneLines draws what is shown of the pane, the last line that is due at the bottom of it.
func (m *Model) paneLines() (out []string) {
	text, n := m.paneText(), m.paneRows()
	if m.pane == detailPane {
		m.back = 0
	}
	m.back = max(0, min(m.back, len(text)-1))
	text = text[:len(text)-m.back]
	for _, l := range text[max(0, len(text)-n):] {
		out = append(out, dim.Render(l.head)+m.lit(l))
	}
	if len(out) == 0 && n > 0 {
		out = append(out, dim.Render(map[pane]string{logPane: "nothing was written yet", eventPane: "nothing has happened yet"}[m.pane]))
	}
	return fill(out, max(n, 0))
}

// lit is a line's text, with what is searched for marked.
func (m *Model) lit(l paneLine) string {
	low, want := strings.ToLower(l.text), strings.ToLower(m.search)
	if want == "" || len(low) != len(l.text) || !strings.Contains(low, want) {
		return l.style.Render(l.text)
	}
	var b strings.Builder
	at := 0
	for i := strings.Index(low, want); i >= 0; i = strings.Index(low[at:], want) {
		if at > 0 {
			i += at
		}
		b.WriteString(l.style.Render(l.text[at:i]) + marked.Render(l.text[i:i+len(want)]))
		at = i + len(want)
	}
	return b.String() + l.style.Render(l.text[at:])
}
