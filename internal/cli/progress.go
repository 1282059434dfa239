package cli

import (
	"fmt"
	"os"
	"time"

	"kitt.sh/internal/early"
	"kitt.sh/service/api"
)

// progress shows how far a waiting is: one line that is redrawn on a terminal; elsewhere
// a line now and then, so that a log of a long wait is not silent.
type progress struct {
	k     *Kitt
	down  bool // what is waited for is that all is down
	drawn bool
	shown *api.Line // what the redrawn line says; nil: nothing yet
	last  time.Time // of the last plain line
	width func() int
}

// plainPause is the least time between two plain lines.
const plainPause = 5 * time.Second

func (p *progress) show(line api.Line) {
	if p.k.Quiet || p.k.Output == "json" {
		return
	}
	if p.k.Live {
		p.shown = &line
		fmt.Fprint(p.k.Err, "\r\x1b[K"+shorten(p.text(line), p.columns()-1))
		p.drawn = true
		return
	}
	now := p.k.Now()
	if p.last.IsZero() {
		p.last = now
	}
	if len(line.Pending) > 0 && now.Sub(p.last) >= plainPause {
		p.last = now
		fmt.Fprintln(p.k.Err, p.text(line))
	}
}

// again draws the line anew below what was printed in its place.
func (p *progress) again() {
	if p.shown != nil {
		p.show(*p.shown)
	}
}

func (p *progress) columns() int {
	if p.width != nil {
		return p.width()
	}
	if n := early.Columns(os.Stderr); n > 0 {
		return n
	}
	return 80
}

// text is 2/3 up (or down) · api.1 starting: no answer on :3000 yet · and 4 more.
func (p *progress) text(line api.Line) string {
	text := fmt.Sprintf("%d/%d %s", line.Up, line.Total, p.goal())
	for i, w := range line.Pending {
		if i == 2 {
			return text + fmt.Sprintf(" · and %d more", len(line.Pending)-i)
		}
		text += " · " + clean(w.ID) + " " + clean(w.Phase)
		if w.Reason != "" {
			text += ": " + clean(w.Reason)
		}
	}
	return text
}

func (p *progress) goal() string {
	if p.down {
		return "down"
	}
	return "up"
}

func (p *progress) clear() {
	if p.drawn {
		fmt.Fprint(p.k.Err, "\r\x1b[K")
		p.drawn = false
	}
}
