package spec

import (
	"fmt"
	"slices"
	"strings"
)

// A differing is one thing that kitt does otherwise than pm2, and which fields of the file meet it.
type differing struct {
	text string
	hint string
	at   Pos // of the first
	who  []string
}

// differs notes that a field of the file is meant otherwise here than in pm2. Each text is told once, however many
// fields meet it.
func (e *ecosystem) differs(at Pos, who, hint, text string) {
	i := slices.IndexFunc(e.differing, func(d differing) bool { return d.text == text })
	if i < 0 {
		e.differing = append(e.differing, differing{text: text, hint: hint, at: at})
		i = len(e.differing) - 1
	}
	if d := &e.differing[i]; !slices.Contains(d.who, who) {
		d.who = append(d.who, who)
	}
}

// tellDiffers puts what differs into the spec, a line each.
func (e *ecosystem) tellDiffers() {
	for _, d := range e.differing {
		who := strings.Join(d.who, ", ")
		if n := len(d.who); n > 3 {
			who = fmt.Sprintf("%s and %d more", strings.Join(d.who[:2], ", "), n-2)
		}
		if c, fresh := e.remark(d.at, d.hint, who+": "+d.text); fresh {
			e.spec.Differs = append(e.spec.Differs, c)
		}
	}
}
