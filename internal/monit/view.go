package monit

import (
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

var (
	plain    = lipgloss.NewStyle()
	dim      = lipgloss.NewStyle().Faint(true)
	bold     = lipgloss.NewStyle().Bold(true)
	marked   = lipgloss.NewStyle().Reverse(true)
	red      = lipgloss.NewStyle().Foreground(lipgloss.Red)
	yellow   = lipgloss.NewStyle().Foreground(lipgloss.Yellow)
	green    = lipgloss.NewStyle().Foreground(lipgloss.Green)
	cyan     = lipgloss.NewStyle().Foreground(lipgloss.Cyan)
	inPhases = map[string]lipgloss.Style{"running": green, "starting": cyan, "waiting": yellow, "stopping": yellow, "failed": red, "held": dim, "done": dim}
)

// View draws the screen: exactly h lines of at most w columns.
func (m *Model) View() tea.View {
	lines := m.screen()
	for i, line := range lines {
		lines[i] = ansi.Truncate(line, m.w, "")
	}
	v := tea.NewView(strings.Join(lines, "\n"))
	v.AltScreen = true
	v.WindowTitle = "kitt"
	return v
}

// least is the height below which only the head is shown, and as many rows as fit.
const least = 8

func (m *Model) screen() []string {
	out := []string{m.head()}
	switch {
	case m.help:
		out = append(out, m.helpLines()...)
	case m.h < least:
		out = append(out, m.table(m.h-1)...)
	case m.zoom:
		out = append(append(out, m.tabs()), m.paneLines()...)
	default:
		out = append(out, m.tableHead())
		out = append(out, m.table(m.tableRows())...)
		out = append(append(out, m.tabs()), m.paneLines()...)
	}
	if m.h >= least {
		out = append(fill(out, m.h-1), m.foot())
	}
	return fill(out, m.h)
}

// fill makes it n lines.
func fill(lines []string, n int) []string {
	for len(lines) < n {
		lines = append(lines, "")
	}
	return lines[:n]
}

// tableRows is how many rows of the table are shown.
func (m *Model) tableRows() int {
	if m.zoom {
		return 0
	}
	if m.h < least {
		return max(m.h-1, 0)
	}
	most := (m.h - 4) / 2
	if len(m.rows) > most {
		return most
	}
	return max(min(len(m.rows), most), 1)
}

// paneRows is how many lines of the pane are shown.
func (m *Model) paneRows() int {
	if m.h < least {
		return 0
	}
	if m.zoom {
		return m.h - 3
	}
	return m.h - 4 - m.tableRows()
}

// head counts.
func (m *Model) head() string {
	counts := map[string]int{}
	var cpu float64
	var memory int64
	for i := range m.all {
		counts[m.all[i].Phase]++
		cpu, memory = cpu+m.all[i].CPU, memory+m.all[i].Memory
	}
	parts := []string{bold.Render("kitt")}
	for _, phase := range []string{"failed", "waiting", "starting", "stopping", "running", "held", "done"} {
		if n := counts[phase]; n > 0 {
			parts = append(parts, inPhases[phase].Render(fmt.Sprintf("%d %s", n, phase)))
		}
	}
	if len(m.all) > 0 {
		parts = append(parts, percent(cpu), size(memory))
	}
	for _, s := range m.specs {
		if s.Error != nil {
			parts = append(parts, red.Render(s.Project+": spec not followed"))
		}
	}
	switch {
	case m.trouble != "":
		parts = append(parts, red.Render(m.trouble))
	case !m.looked:
		parts = append(parts, dim.Render("asking…"))
	case len(m.all) == 0:
		parts = append(parts, dim.Render("no processes; kitt apply starts those of a spec"))
	}
	return strings.Join(parts, dim.Render(" · "))
}

// tabs is the line between table and pane.
func (m *Model) tabs() string {
	var b strings.Builder
	for i, name := range []string{"logs", "events", "details"} {
		text := fmt.Sprintf(" %d %s ", i+1, name)
		style := dim
		if pane(i) == m.pane {
			style = bold
			if m.below {
				style = marked
			}
		}
		b.WriteString(style.Render(text))
	}
	if in, ok := m.chosen(); ok {
		b.WriteString(" " + bold.Render(in.ID) + " " + inPhases[in.Phase].Render(in.Phase))
		if in.Reason != "" {
			b.WriteString(" " + in.Reason)
		}
	}
	if m.back > 0 {
		b.WriteString(dim.Render(fmt.Sprintf("  %d below", m.back)))
	}
	if rest := m.w - ansi.StringWidth(b.String()) - 1; rest > 0 {
		b.WriteString(" " + dim.Render(strings.Repeat("─", rest)))
	}
	return b.String()
}

// foot asks, lets type, tells, or names the keys.
func (m *Model) foot() string {
	switch {
	case m.ask != nil:
		return bold.Render(m.ask.text) + " y/n"
	case m.typing != nil:
		return bold.Render(m.typing.what+": ") + m.typing.text + marked.Render(" ")
	case m.said() != "":
		return yellow.Render(m.said())
	}
	keys := "q quit  ? help"
	if m.filter != "" {
		keys = "filter: " + m.filter + " (esc)  " + keys
	}
	for _, k := range []string{"r restart", "x stop", "tab pane", "z zoom", "/ find", "f filter", "s sort:" + orders[m.sort].name, "a start", "+- scale"} {
		if ansi.StringWidth(keys)+2+ansi.StringWidth(k) <= m.w {
			keys += "  " + k
		}
	}
	return dim.Render(keys)
}

func (m *Model) helpLines() []string {
	return strings.Split(`
  up down j k     select an instance, or scroll the pane
  pgup pgdn g G   a page, the first, the last
  tab             keys go to the pane, or to the table
  z enter         the pane takes the whole screen, or not
  1 2 3           logs, events, details
  /  then n N     search in the pane, next upwards and downwards
  f               filter the table: words of name, state and reason
  s               sort by name, cpu, memory, restarts, age, state
  r x a           restart, stop, start the selected instance
  + -             one instance of the process more, or less
  esc             take back search, zoom, filter
  q ctrl+c        quit; what runs is not touched`, "\n")
}

func clock(t time.Time) string { return t.Local().Format("15:04:05") }
