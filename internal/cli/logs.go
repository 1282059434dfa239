package cli

import (
	"context"
	"net/url"
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

	IgnoreCase bool
	Invert     bool
	Context    int
	Before     int
	After      int
	Level      string
	Field      []string
	Crash      bool
	Export     string

	Past  bool // pm2's --nostream: nothing but the past, as without -f
	Names []string
}

// A logSource is one instance and the folders of its streams.
type logSource struct {
	ID   string `json:"id"`
	Out  string `json:"out"`
	Err  string `json:"err"`
	Full string `json:"full"` // the id in full: shop/web.1
}

// A logLine is one stored line. Text holds its line break; the last line of a stream may have none yet.
type logLine struct {
	ID     string
	Stream string // out or err
	At     time.Time
	Text   []byte
	Near   bool // beside a line that is meant
	Apart  bool // some were left out before it
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
	if k.Output == "raw" {
		l.Raw, k.Output = true, "table"
	}
	if err := k.may("json", "raw"); err != nil {
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
	p := &logPrinter{k: k, raw: l.Raw, pretty: k.Pretty && !l.Raw, colours: map[string]string{}, width: 0}
	return k.asking(ctx, func() error {
		switch {
		case l.Export != "":
			return l.export(ctx, k, where, q)
		case l.Crash:
			return l.crash(ctx, k, where, q, p)
		}
		return l.read(ctx, k, where, q, p)
	})
}

// read prints what is stored, and with -f what comes, each time the daemon says that there is more.
func (l Logs) read(ctx context.Context, k *Kitt, where url.Values, q logQuery, p *logPrinter) error {
	w := l.weaver(ctx, k, q, p)
	defer w.stop()
	var reader logReader
	defer func() {
		if reader != nil {
			_ = reader.Close()
		}
	}()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	news := newsOf(ctx, k, where)
	defer func() {
		stop()
		for range news { // until it has ended
		}
	}()
	for {
		var n upNews
		var ok bool
		select {
		case n, ok = <-news:
			if !ok || ctx.Err() != nil {
				return p.end(nil) // Ctrl-C is how it ends
			}
		case ev := <-w.live:
			w.add(ev)
		}
		switch err := error(nil); {
		case n.err != nil:
			return n.err
		case reader == nil && n.Sources == nil:
			continue
		case reader == nil:
			if reader, err = openLogs(n.Sources, q); err != nil {
				return err
			}
		case n.Sources != nil:
			reader.Follow(n.Sources)
		}
		p.join(n.Sources)
		w.join(n.Sources)
		if err := p.end(w.end(ctx, reader.Read(ctx, w.print(ctx)), l.Follow)); err != nil || !l.Follow {
			return err
		}
	}
}

// newsOf hands over what the daemon says of where logs lie until ctx ends; then the channel is closed.
func newsOf(ctx context.Context, k *Kitt, where url.Values) <-chan upNews {
	news := make(chan upNews)
	go func() { // ended by ctx, or the stream's end
		defer close(news)
		for n, err := range api.Follow[logNews](ctx, k.API, "/v1/logs/wait", where) {
			select {
			case news <- upNews{n, err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return news
}
