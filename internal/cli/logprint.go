package cli

import (
	"regexp"
	"strconv"
	"strings"

	"kitt.sh/service/api"
)

// A logPrinter writes lines, each with the name of who wrote it.
type logPrinter struct {
	k       *Kitt
	raw     bool
	pretty  bool // records are shown in their parts, for a terminal
	up      bool // of `kitt up`: JSON lines have a type
	width   int
	colours map[string]string // by process
	buf     []byte
}

var palette = []string{cyan, yellow, green, magenta, blue, "\x1b[96m", "\x1b[93m", "\x1b[92m", "\x1b[95m", "\x1b[94m"}

func (p *logPrinter) join(sources []logSource) {
	for _, s := range sources {
		p.width = max(p.width, wide(clean(s.ID)))
		process := s.ID[:max(0, strings.LastIndexByte(s.ID, '.'))]
		if _, ok := p.colours[process]; !ok {
			p.colours[process] = palette[len(p.colours)%len(palette)]
		}
	}
}

// A told line in JSON; docs/json.md promises it.
type loggedLine struct {
	Type     string   `json:"type,omitempty"` // of `kitt up` alone: line
	ID       string   `json:"id"`
	Stream   string   `json:"stream"`
	At       api.Time `json:"at"`
	Text     string   `json:"text"` // without its line break; bytes that are no UTF-8 become U+FFFD
	Process  string   `json:"process,omitempty"`
	Instance int      `json:"instance,omitempty"`
	Near     bool     `json:"near,omitempty"`
	*loggedRecord
}

func (p *logPrinter) print(l logLine) error {
	switch {
	case p.raw:
		p.buf = append(p.buf, l.Text...)
	case p.k.Output == "json":
		if err := p.end(nil); err != nil {
			return err
		}
		return p.k.emitValue(p.object(l))
	default:
		if l.Apart {
			p.buf = append(p.buf, p.k.Paint.in(dim, "--")+"\n"...)
		}
		p.text(l)
	}
	if len(p.buf) < 64<<10 {
		return nil
	}
	return p.end(nil)
}

func (p *logPrinter) object(l logLine) loggedLine {
	o := loggedLine{ID: l.ID, Stream: l.Stream, At: api.Time{Time: l.At}, Text: strings.TrimSuffix(string(l.Text), "\n"), Near: l.Near}
	if p.up {
		o.Type = "line"
		return o
	}
	o.Process, o.Instance = processOf(l.ID)
	o.loggedRecord = recordOf(l.Text)
	return o
}

// processOf takes web.1 and shop/web.1 apart.
func processOf(id string) (process string, n int) {
	_, short, full := strings.Cut(id, "/")
	if !full {
		short = id
	}
	dot := max(0, strings.LastIndexByte(short, '.'))
	n, _ = strconv.Atoi(short[min(dot+1, len(short)):])
	return short[:dot], n
}

// text is `web.1 | hello`; on stderr it was `web.1 ! hello`.
func (p *logPrinter) text(l logLine) {
	bar := " | "
	if l.Stream == "err" {
		bar = p.k.Paint.in(red, " ! ")
	}
	if p.pretty && p.record(l, bar) {
		return
	}
	p.head(l.ID, bar)
	p.buf = append(p.buf, p.harmless(strings.TrimRight(string(l.Text), "\r\n"))...)
	p.buf = append(p.buf, '\n')
}

// head is what stands before a text: the id, coloured, and a bar.
func (p *logPrinter) head(id, bar string) {
	colour := p.colours[id[:max(0, strings.LastIndexByte(id, '.'))]]
	p.buf = append(p.buf, p.k.Paint.in(colour, pad(clean(id), p.width))...)
	p.buf = append(p.buf, bar...)
}

// end writes what is ready. err, if any, is returned after that.
func (p *logPrinter) end(err error) error {
	if len(p.buf) > 0 {
		_, failed := p.k.Out.Write(p.buf)
		p.buf = p.buf[:0]
		if err == nil {
			err = failed
		}
	}
	return err
}

var colourCode = regexp.MustCompile(`^\x1b\[[0-9;:]*m`)

// harmless lets a program's colours and tabs through to a terminal that has colours, and escapes all else
// that a terminal would act on: a log line must not move the cursor or set the title.
func (p *logPrinter) harmless(s string) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	coloured := false
	for s != "" {
		next := strings.IndexAny(s, "\x1b\t")
		if next < 0 {
			b.WriteString(clean(s))
			break
		}
		b.WriteString(clean(s[:next]))
		s = s[next:]
		code := colourCode.FindString(s)
		switch {
		case s[0] == '\t':
			b.WriteByte('\t')
			s = s[1:]
		case code == "":
			b.WriteString(clean(s[:1]))
			s = s[1:]
		default:
			s = s[len(code):]
			if p.k.Paint {
				coloured = true
				b.WriteString(code)
			}
		}
	}
	if coloured {
		b.WriteString(reset)
	}
	return b.String()
}
