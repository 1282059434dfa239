package logs

// around chooses lines with their neighbours.
type around struct {
	keep          func(line []byte) bool
	before, after int
	held          []Line // the last lines that were not handed over, at most before
	left          int    // how many more are after a line that is meant
	apart         bool   // something was left out since the last one that was handed over
}

// over hands the lines that are meant on to emit, and those beside them, each once and in their order.
func (a *around) over(emit func(Line) error) func(Line) error {
	return func(l Line) error {
		switch {
		case a.keep(l.Text):
			held := a.held
			a.held, a.left = a.held[:0], a.after
			for _, h := range held {
				if err := a.emit(h, true, emit); err != nil {
					return err
				}
			}
			return a.emit(l, false, emit)
		case a.left > 0:
			a.left--
			return a.emit(l, true, emit)
		}
		a.hold(l)
		return nil
	}
}

func (a *around) emit(l Line, near bool, emit func(Line) error) error {
	l.Near, l.Apart, a.apart = near, a.apart, false
	return emit(l)
}

// hold keeps a line for the case that the next one is meant.
func (a *around) hold(l Line) {
	if a.before == 0 {
		a.apart = true
		return
	}
	if len(a.held) < a.before {
		l.Text = append([]byte(nil), l.Text...)
		a.held = append(a.held, l)
		return
	}
	a.apart = true
	first := a.held[0]
	copy(a.held, a.held[1:])
	l.Text = append(first.Text[:0], l.Text...)
	a.held[len(a.held)-1] = l
}

// group is a past of lines with their neighbours: it keeps the last lines that are meant, with theirs.
type group struct {
	most, before int
	lines        []member
	newest       int // the last line that is meant: the how manieth
}

// member is a line with the number of the last line that is meant and that it is beside, or is itself.
type member struct {
	Line
	of  int
	own int // its own number, if it is meant
}

func (g *group) put(l Line) error {
	if g.most == 0 {
		return nil
	}
	l.Text = append([]byte(nil), l.Text...)
	if l.Near {
		g.lines = append(g.lines, member{l, g.newest, 0})
		return nil
	}
	g.newest++
	g.lines = append(g.lines, member{l, g.newest, g.newest})
	for i := len(g.lines) - 1; i > 0 && i >= len(g.lines)-g.before && !g.lines[i].Apart; i-- {
		g.lines[i-1].of = g.newest
	}
	g.drop(g.newest - g.most)
	return nil
}

// drop lets go of what belongs to no number above n. Of those meant before, only what is beside a later one stays.
func (g *group) drop(n int) {
	first := 0
	for first < len(g.lines) && g.lines[first].of <= n {
		first++
	}
	g.lines = g.lines[first:]
	for i := range g.lines {
		if g.lines[i].own > n {
			return
		}
		g.lines[i].Near = true
	}
}

func (g *group) each(emit func(Line) error) error {
	for i, m := range g.lines {
		m.Apart = m.Apart && i > 0
		if err := emit(m.Line); err != nil {
			return err
		}
	}
	return nil
}
