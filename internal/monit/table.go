package monit

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"kitt.sh/service/api"
)

// widths of the columns for a screen of w columns.
func (m *Model) widths() (name, spark int) {
	name, spark = 8, 0
	for i := range m.rows {
		name = max(name, ansi.StringWidth(m.rows[i].ID))
	}
	switch {
	case m.w >= 140:
		spark = 30
	case m.w >= 72:
		spark = 12
	}
	return min(name, max(m.w/3, 8)), spark
}

func (m *Model) tableHead() string {
	name, spark := m.widths()
	text := cell("NAME", name) + " " + cell("STATE", 8) + " " + right("CPU", 6) + " " + right("MEM", 7)
	if m.w >= 60 {
		text += " " + right("RST", 4) + " " + right("AGE", 5)
	}
	if spark > 0 {
		text += "  " + cell("CPU", spark)
	}
	if m.w >= 140 {
		text += "  " + cell("MEMORY", spark)
	}
	return dim.Render(text + "  REASON")
}

// table draws n rows.
func (m *Model) table(n int) (out []string) {
	name, spark := m.widths()
	for i := m.top; i < len(m.rows) && len(out) < n; i++ {
		out = append(out, m.row(&m.rows[i], name, spark))
	}
	if len(m.rows) == 0 && m.filter != "" && n > 0 {
		out = append(out, dim.Render("nothing matches the filter "+m.filter))
	}
	return fill(out, max(n, 0))
}

func (m *Model) row(in *api.Instance, name, spark int) string {
	cpu, memory := "-", "-"
	if in.PID > 0 {
		cpu, memory = percent(in.CPU), size(in.Memory)
	}
	text := cell(in.ID, name) + " "
	state := cell(in.Phase, 8)
	rest := " " + right(cpu, 6) + " " + right(memory, 7)
	if m.w >= 60 {
		rest += " " + right(strconv.Itoa(in.Restarts), 4) + " " + right(age(m.now, in.Since), 5)
	}
	uses := m.uses[key(*in)]
	if spark > 0 {
		rest += "  " + graph(uses, spark, func(u use) float64 { return u.cpu }, 0.1)
	}
	if m.w >= 140 {
		rest += "  " + graph(uses, spark, func(u use) float64 { return float64(u.memory) }, 1)
	}
	rest += "  " + in.Reason
	if key(*in) == m.selected && !m.below {
		line := ansi.Truncate(text+state+rest, m.w, "")
		return marked.Render(line + strings.Repeat(" ", max(0, m.w-ansi.StringWidth(line))))
	}
	return text + inPhases[in.Phase].Render(state) + rest
}

// graph draws the last n values, the highest of them as a full block; least is what a full block is at the least.
func graph(uses []use, n int, of func(use) float64, least float64) string {
	const blocks = " ▁▂▃▄▅▆▇█"
	uses = uses[max(0, len(uses)-n):]
	most := least
	for _, u := range uses {
		most = max(most, of(u))
	}
	var b strings.Builder
	b.WriteString(strings.Repeat(" ", n-len(uses)))
	for _, u := range uses {
		b.WriteRune([]rune(blocks)[int(of(u)/most*8+0.5)])
	}
	return b.String()
}

// cell is text in exactly n columns.
func cell(text string, n int) string {
	text = ansi.Truncate(text, n, "…")
	return text + strings.Repeat(" ", max(0, n-ansi.StringWidth(text)))
}

func right(text string, n int) string {
	text = ansi.Truncate(text, n, "…")
	return strings.Repeat(" ", max(0, n-ansi.StringWidth(text))) + text
}

func percent(cores float64) string {
	if cores >= 9.995 {
		return fmt.Sprintf("%.0f%%", cores*100)
	}
	return fmt.Sprintf("%.1f%%", cores*100)
}

// size is bytes in at most 7 columns.
func size(n int64) string {
	v, units := float64(n), []string{"B", "kB", "MB", "GB", "TB"}
	i := 0
	for v >= 999.5 && i < len(units)-1 {
		v, i = v/1000, i+1
	}
	if i == 0 || v >= 99.95 {
		return fmt.Sprintf("%.0f %s", v, units[i])
	}
	return fmt.Sprintf("%.1f %s", v, units[i])
}

// age is a time span in at most 5 columns.
func age(now time.Time, t api.Time) string {
	if t.IsZero() {
		return "-"
	}
	d := max(now.Sub(t.Time), 0)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return fmt.Sprintf("%dd", d/(24*time.Hour))
}
