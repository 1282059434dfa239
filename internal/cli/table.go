package cli

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"kitt.sh/service/api"
)

// A column of the table of instances. A narrow terminal loses the columns with the highest rank first;
// rank 0 always stays.
type column struct {
	head  string
	right bool
	rank  int
	cell  func(now time.Time, in *api.Instance) string
}

var (
	nameColumn    = column{"NAME", false, 0, func(_ time.Time, in *api.Instance) string { return clean(in.ID) }}
	numberColumn  = column{"ID", true, 6, func(_ time.Time, in *api.Instance) string { return pmID(in) }}
	projectColumn = column{"PROJECT", false, 6, func(_ time.Time, in *api.Instance) string { return clean(in.Project) }}
	portColumn    = column{"PORT", true, 6, func(_ time.Time, in *api.Instance) string { return number(in.Port) }}
	readyColumn   = column{"READY", false, 7, func(_ time.Time, in *api.Instance) string { return yes(in.Ready) }}
	genColumn     = column{"GENERATION", true, 8, func(_ time.Time, in *api.Instance) string { return strconv.FormatUint(in.Generation, 10) }}
	exitColumn    = column{"EXIT", false, 9, func(now time.Time, in *api.Instance) string { return lastExit(now, in.Exit) }}
	reasonColumn  = column{"REASON", false, 0, func(_ time.Time, in *api.Instance) string { return clean(in.Reason) }}
	saysColumn    = column{"SAYS", false, 10, func(_ time.Time, in *api.Instance) string { return said(in) }}
	middle        = []column{
		{"PHASE", false, 0, func(_ time.Time, in *api.Instance) string { return clean(in.Phase) }},
		{"PID", true, 2, func(_ time.Time, in *api.Instance) string { return number(in.PID) }},
		{"AGE", true, 1, func(now time.Time, in *api.Instance) string { return since(now, in.Since) }},
		{"RESTARTS", true, 3, func(_ time.Time, in *api.Instance) string { return strconv.Itoa(in.Restarts) }},
		{"CPU", true, 5, func(_ time.Time, in *api.Instance) string { return alive(in, percent(in.CPU)) }},
		{"MEMORY", true, 4, func(_ time.Time, in *api.Instance) string { return alive(in, size(in.Memory)) }},
	}
)

const (
	phaseAt   = "PHASE"
	gap       = "  "
	leastText = 12 // columns of a reason below which a number makes room
)

// instances is the table of rows, aligned, fitted into width columns (0: any length), a line break after each line.
func instances(p Paint, now time.Time, rows []api.Instance, wideForm bool, width int) string {
	cols := columnsFor(rows, wideForm)
	cells, widths := measure(now, cols, rows)
	shown := fit(cols, widths, width)
	var b strings.Builder
	b.Grow((len(rows) + 1) * 100)
	for i, line := range cells {
		colour := ""
		if i > 0 {
			colour = phaseColours[rows[i-1].Phase]
		}
		writeRow(&b, p, cols, shown, widths, line, i == 0, colour)
	}
	return b.String()
}

func columnsFor(rows []api.Instance, wideForm bool) []column {
	cols := []column{nameColumn}
	if wideForm && slices.ContainsFunc(rows, func(in api.Instance) bool { return in.Number != nil }) {
		cols = append(cols, numberColumn)
	}
	if wideForm || severalProjects(rows) {
		cols = append(cols, projectColumn)
	}
	cols = append(cols, middle...)
	if wideForm && slices.ContainsFunc(rows, func(in api.Instance) bool { return in.Port > 0 }) {
		cols = append(cols, portColumn)
	}
	if wideForm {
		cols = append(cols, readyColumn, genColumn, exitColumn)
	}
	if wideForm && slices.ContainsFunc(rows, func(in api.Instance) bool { return in.Says != "" }) {
		cols = append(cols, saysColumn)
	}
	return append(cols, reasonColumn)
}

// said is what a program says of itself, marked as its words.
func said(in *api.Instance) string {
	if in.Says == "" {
		return ""
	}
	return `"` + clean(in.Says) + `"`
}

// pmID is the number by which pm2's users call an instance.
func pmID(in *api.Instance) string {
	if in.Number == nil {
		return ""
	}
	return strconv.Itoa(*in.Number)
}

func severalProjects(rows []api.Instance) bool {
	for i := range rows {
		if rows[i].Project != rows[0].Project {
			return true
		}
	}
	return false
}

func measure(now time.Time, cols []column, rows []api.Instance) (cells [][]string, widths []int) {
	cells, widths = make([][]string, len(rows)+1), make([]int, len(cols))
	flat := make([]string, (len(rows)+1)*len(cols))
	for i := range cells {
		cells[i], flat = flat[:len(cols)], flat[len(cols):]
		for j := range cols {
			if i == 0 {
				cells[i][j] = cols[j].head
			} else {
				cells[i][j] = cols[j].cell(now, &rows[i-1])
			}
			widths[j] = max(widths[j], wide(cells[i][j]))
		}
	}
	return cells, widths
}

// fit picks the columns that are shown and narrows the reason, then the name, until all of it fits.
func fit(cols []column, widths []int, width int) (shown []bool) {
	last := len(cols) - 1
	shown = make([]bool, len(cols))
	for i := range shown {
		shown[i] = true
	}
	if widths[last] == len(reasonColumn.head) { // nobody has anything to say
		shown[last] = false
	}
	if width <= 0 {
		return shown
	}
	want := widths[last]
	for rank := 9; rank > 0 && total(shown, widths)-want+min(want, leastText) > width; rank-- {
		for i, c := range cols {
			if c.rank == rank {
				shown[i] = false
			}
		}
	}
	if over := total(shown, widths) - width; over > 0 && shown[last] {
		widths[last] = max(widths[last]-over, leastText)
	}
	if over := total(shown, widths) - width; over > 0 {
		widths[0] = max(widths[0]-over, 8)
	}
	return shown
}

func total(shown []bool, widths []int) (n int) {
	for i, w := range widths {
		if shown[i] {
			n += w + len(gap)
		}
	}
	return n - len(gap)
}

func writeRow(b *strings.Builder, p Paint, cols []column, shown []bool, widths []int, cells []string, head bool, colour string) {
	blanks := 0 // written before the next cell, so that no line ends in blanks
	for i, c := range cols {
		if !shown[i] {
			continue
		}
		cell := shorten(cells[i], widths[i])
		room := widths[i] - wide(cell)
		if c.right {
			blanks += room
			room = 0
		}
		if cell != "" {
			for ; blanks > 0; blanks-- {
				b.WriteByte(' ')
			}
		}
		switch {
		case head:
			cell = p.in(dim, cell)
		case c.head == phaseAt:
			cell = p.in(colour, cell)
		}
		b.WriteString(cell)
		blanks += room + len(gap)
	}
	b.WriteByte('\n')
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func number(n int) string {
	if n == 0 {
		return "-"
	}
	return strconv.Itoa(n)
}

func alive(in *api.Instance, s string) string {
	if in.PID == 0 {
		return "-"
	}
	return s
}

func since(now time.Time, t api.Time) string {
	if t.IsZero() {
		return "-"
	}
	return age(now.Sub(t.Time))
}

// lastExit is code 1, SIGKILL or unknown, and how long ago.
func lastExit(now time.Time, e *api.Exit) string {
	if e == nil {
		return "-"
	}
	text := exitText(e)
	if !e.At.IsZero() {
		text += ", " + age(now.Sub(e.At.Time)) + " ago"
	}
	return text
}

func exitText(e *api.Exit) string {
	switch {
	case e.Code != nil:
		return "code " + strconv.Itoa(*e.Code)
	case e.Signal != "":
		return clean(e.Signal)
	}
	return "unknown"
}
