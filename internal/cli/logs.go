package cli

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"kitt.sh/service/api"
)

// Logs prints what processes wrote, merged by time.
type Logs struct {
	Follow bool
	Lines  string // a number, or all
	Err    bool
	Out    bool
	Raw    bool
	Since  string
	Until  string
	Grep   string
	Past   bool // pm2's --nostream: nothing but the past, as without -f
	Names  []string
}

// A logSource is one instance and the folders of its streams.
type logSource struct {
	ID  string `json:"id"`
	Out string `json:"out"`
	Err string `json:"err"`
}

// A logQuery says which lines are meant.
type logQuery struct {
	Last     int // lines of the past, over all sources; below 0: all
	Out, Err bool
	Since    time.Time
	Until    time.Time              // lines that began later are left out; zero: none
	Keep     func(line []byte) bool // nil keeps all
	Whole    bool                   // an unfinished last line waits for its end
}

// A logLine is one stored line. Text holds its line break; the last line of a stream may have none yet.
type logLine struct {
	ID     string
	Stream string // out or err
	At     time.Time
	Text   []byte
}

// A logReader reads the stored streams of several instances as one.
type logReader interface {
	// Read hands over every stored line that it has not handed over yet, in the order of time.
	// The first call keeps to the query's Last, Since and Until. An error of emit ends it and is returned.
	Read(ctx context.Context, emit func(logLine) error) error
	// Follow says of which instances Read is to read from now on. The new ones start where they begin.
	Follow(sources []logSource)
	// Ended says that nothing more will be written: Read then hands over unfinished last lines too.
	Ended()
	Close() error
}

// A logNews is one line of GET /v1/logs/wait: where logs lie, or that there is more of them.
type logNews struct {
	Sources []logSource `json:"sources"`
	Poke    bool        `json:"poke"`
}

func (l Logs) Run(ctx context.Context, k *Kitt) error {
	if err := k.may("json"); err != nil {
		return err
	}
	q, err := l.query(k.Now())
	if err != nil {
		return err
	}
	where := k.targets(l.Names)
	l.Follow = l.Follow && !l.Past
	if l.Follow {
		lingers()
		var stop func()
		ctx, stop = untilRead(ctx, k.Out)
		defer stop()
	}
	p := &logPrinter{k: k, raw: l.Raw, colours: map[string]string{}}
	return k.asking(ctx, func() error { return l.read(ctx, k, where, q, p) })
}

func (l Logs) query(now time.Time) (q logQuery, err error) {
	q = logQuery{Out: !l.Err || l.Out, Err: !l.Out || l.Err, Whole: l.Follow && !l.Raw}
	switch n, err := strconv.Atoi(l.Lines); {
	case l.Lines == "all", l.Lines == "" || l.Lines == defaultLines && l.Since != "":
		q.Last = -1
	case err != nil || n < 0:
		return q, usage(fmt.Sprintf("-n %q is no number of lines", l.Lines), "for instance -n 100, or -n all")
	default:
		q.Last = n
	}
	if q, err = l.span(now, q); err != nil {
		return q, err
	}
	if l.Grep != "" {
		re, err := regexp.Compile(l.Grep)
		if err != nil {
			return q, usage("--grep: "+err.Error(), `a dot, a bracket or a star for itself is written \. \[ \*`)
		}
		q.Keep = re.Match
	}
	return q, nil
}

// span adds --since and --until.
func (l Logs) span(now time.Time, q logQuery) (_ logQuery, err error) {
	if l.Since != "" {
		if q.Since, err = moment(now, "--since", l.Since); err != nil {
			return q, err
		}
	}
	if l.Until == "" {
		return q, nil
	}
	if q.Until, err = moment(now, "--until", l.Until); err != nil {
		return q, err
	}
	switch {
	case l.Follow:
		return q, usage("both -f and --until given", "leave one of them out: what comes is later than any --until")
	case q.Until.Before(q.Since):
		return q, usage(fmt.Sprintf("--until %s is before --since %s", l.Until, l.Since), "for instance --since 2h --until 1h")
	}
	return q, nil
}

// defaultLines is -n where nobody says otherwise; main.go says it too.
const defaultLines = "15"

// read prints what is stored, and with -f what comes, each time the daemon says that there is more.
func (l Logs) read(ctx context.Context, k *Kitt, where url.Values, q logQuery, p *logPrinter) error {
	var reader logReader
	defer func() {
		if reader != nil {
			_ = reader.Close()
		}
	}()
	for news, err := range api.Follow[logNews](ctx, k.API, "/v1/logs/wait", where) {
		switch {
		case ctx.Err() != nil:
			return nil // Ctrl-C is how it ends
		case err != nil:
			return err
		case reader == nil && news.Sources == nil:
			continue
		case reader == nil:
			if reader, err = openLogs(news.Sources, q); err != nil {
				return err
			}
			p.join(news.Sources)
		case news.Sources != nil:
			reader.Follow(news.Sources)
			p.join(news.Sources)
		}
		if err := reader.Read(ctx, p.print); err != nil || !l.Follow {
			return p.end(err)
		}
		if err := p.end(nil); err != nil {
			return err
		}
	}
	return nil
}

// A logPrinter writes lines, each with the name of who wrote it.
type logPrinter struct {
	k       *Kitt
	raw     bool
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
	Type   string   `json:"type,omitempty"` // of `kitt up` alone: line
	ID     string   `json:"id"`
	Stream string   `json:"stream"`
	At     api.Time `json:"at"`
	Text   string   `json:"text"` // without its line break; bytes that are no UTF-8 become U+FFFD
}

func (p *logPrinter) print(l logLine) error {
	switch {
	case p.raw:
		p.buf = append(p.buf, l.Text...)
	case p.k.Output == "json":
		if err := p.end(nil); err != nil {
			return err
		}
		kind := ""
		if p.up {
			kind = "line"
		}
		return p.k.emitValue(loggedLine{kind, l.ID, l.Stream, api.Time{Time: l.At}, strings.TrimSuffix(string(l.Text), "\n")})
	default:
		p.text(l)
	}
	if len(p.buf) < 64<<10 {
		return nil
	}
	return p.end(nil)
}

// text is `web.1 | hello`; on stderr it was `web.1 ! hello`.
func (p *logPrinter) text(l logLine) {
	bar := " | "
	if l.Stream == "err" {
		bar = p.k.Paint.in(red, " ! ")
	}
	colour := p.colours[l.ID[:max(0, strings.LastIndexByte(l.ID, '.'))]]
	p.buf = append(p.buf, p.k.Paint.in(colour, pad(clean(l.ID), p.width))...)
	p.buf = append(p.buf, bar...)
	p.buf = append(p.buf, p.harmless(strings.TrimRight(string(l.Text), "\r\n"))...)
	p.buf = append(p.buf, '\n')
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
