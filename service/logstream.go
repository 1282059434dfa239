package service

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"kitt.sh/internal/logline"
	"kitt.sh/reconcile"
	"kitt.sh/reconcile/logs"
	"kitt.sh/service/api"
)

// What one answer of /v1/logs holds at most: of the last lines, which are gathered before they are told, and of lines
// from some place on.
const (
	usualLines = 100
	lastLines  = 1000
	mostLines  = 100_000
)

var logParams = []param{project, near, targets,
	{"n", count, "only the last so many lines, 1000 at most; 100 where neither since nor cursor is given. With cursor: the first so many after it", "100"},
	{"since", moment, "from then on: a time, or how long ago", "10m"}, {"until", moment, "up to then", "2026-01-31T12:00:00Z"},
	{"grep", words1, "only lines that match this regular expression (RE2); (?i) before it for any case", "ERROR"},
	{"level", choice(logline.Names()...), "only lines that name at least this level", "warn"},
	{"stream", choice("out", "err"), "only this stream", "err"},
	{"cursor", words1, "go on where an answer before ended: the cursor of its last object; Last-Event-ID means the same", ""}, follows}

// getLogLines streams stored lines, after each batch a cursor, and with ?follow=1 those that come.
func (d *Daemon) getLogLines(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	query, err := logQuery(q, time.Now())
	if err != nil {
		refuse(w, err)
		return
	}
	near, follow, most := d.near(r, q.Get("near")), yes(q, "follow"), mostLines
	views, clash, err := d.views(r.Context(), q.Get("project"), near, words(q.Get("targets")))
	if err != nil {
		refuse(w, err)
		return
	}
	sources := d.sources(views, clash)
	if at := cursorOf(r); at != "" {
		if query.From, err = placesOf(at, sources); err != nil {
			refuse(w, err)
			return
		}
		query.Last, query.Since, query.Whole = -1, time.Time{}, true
		if most = number(q, "n", 0); most == 0 {
			most = mostLines
		}
	}
	reader := logs.Open(readable(sources), query)
	defer reader.Close()
	t := newTeller(w, r, 64<<10)
	alive, stop := t.alive()
	defer stop()
	for {
		_, changed, _ := d.rec.Look(time.Now())
		if now, clash, err := d.views(r.Context(), q.Get("project"), near, words(q.Get("targets"))); err == nil {
			sources = d.sources(now, clash)
			reader.Follow(readable(sources))
		}
		var tap tap
		if follow {
			tap = d.taps.arm(r.Context(), folders(sources)) // before reading: what comes later wakes
		}
		full := tellLines(r.Context(), t, reader, sources, most)
		if !follow {
			_ = t.out.Flush()
			return
		}
		t.flush()
		if !full && !d.moreLogs(r.Context(), t, tap, changed, alive) {
			return
		}
	}
}

// moreLogs waits until there may be more to read; false means ctx is over.
func (d *Daemon) moreLogs(ctx context.Context, t *teller, tap tap, changed <-chan struct{}, alive <-chan time.Time) bool {
	ctx, stop := context.WithCancel(ctx)
	grown := make(chan bool, 1)
	go func() { grown <- tap.wait(ctx, changed) == nil }() // ended by ctx, or what it waits for
	defer func() { stop(); <-grown }()
	for {
		select {
		case ok := <-grown:
			grown <- ok
			return ok
		case <-alive:
			t.still()
		}
	}
}

var errFull = errors.New("enough lines")

// tellLines tells what is stored and was not told, most lines of it at most, and the cursor behind it. It tells whether
// there is more.
func tellLines(ctx context.Context, t *teller, reader *logs.Reader, sources []api.LogSource, most int) (full bool) {
	n := 0
	err := reader.Read(ctx, func(l logs.Line) error {
		t.tell("log", "", logLine(l))
		if n++; n == most {
			return errFull
		}
		return nil
	})
	full = errors.Is(err, errFull)
	at := cursorAt(reader.At(), sources)
	end := api.LogLine{Kind: "cursor", Cursor: at, More: full}
	if err != nil && !full {
		end.Text = err.Error()
	}
	if n > 0 || !t.begun || end.Text != "" {
		t.tell("cursor", at, end)
	}
	return full
}

// logQuery says which lines are meant.
func logQuery(q url.Values, now time.Time) (query logs.Query, err error) {
	query = logs.Query{Last: number(q, "n", -1), Out: q.Get("stream") != "err", Err: q.Get("stream") != "out", Whole: yes(q, "follow")}
	query.Since, query.Until = sinceOf(now, q, "since"), sinceOf(now, q, "until")
	if query.Last < 0 && query.Since.IsZero() {
		query.Last = usualLines
	}
	switch {
	case query.Last > lastLines:
		return query, failure{2, fmt.Sprintf("read n: %d lines are more than %d", query.Last, lastLines), "since=10m, and then the cursor of each answer, has them all"}
	case query.Until.IsZero():
	case query.Until.Before(query.Since):
		return query, failure{2, "read until: it is before since", "for instance since=2h&until=1h"}
	case query.Whole:
		return query, failure{2, "read until: what comes is later than any", "leave out follow or until"}
	}
	query.Keep, err = keeps(q.Get("grep"), q.Get("level"))
	return query, err
}

// keeps judges lines by an expression and a level; nil keeps all.
func keeps(grep, level string) (func([]byte) bool, error) {
	re, err := regexp.Compile(grep)
	if err != nil {
		return nil, failure{2, "read grep: " + err.Error(), `a dot, a bracket or a star for itself is written \. \[ \*`}
	}
	least, _ := logline.ParseLevel(level)
	if grep == "" && least == logline.None {
		return nil, nil
	}
	return func(line []byte) bool {
		return re.Match(line) && (least == logline.None || logline.Parse(line).Level >= least)
	}, nil
}

// logLine is a stored line as it is told.
func logLine(l logs.Line) api.LogLine {
	r := logline.Parse(l.Text)
	out := api.LogLine{ID: l.ID, Stream: l.Stream, At: &api.Time{Time: l.At}, Text: strings.TrimSuffix(string(l.Text), "\n"),
		Level: r.Level.String(), Message: r.Message, Fields: r.Object()}
	short := l.ID[strings.IndexByte(l.ID, '/')+1:]
	if dot := strings.LastIndexByte(short, '.'); dot > 0 {
		out.Process = short[:dot]
		out.Instance, _ = strconv.Atoi(short[dot+1:])
	}
	return out
}

// cursorOf is what a client says it has seen.
func cursorOf(r *http.Request) string {
	if said := r.Header.Get("Last-Event-ID"); said != "" {
		return said
	}
	return r.URL.Query().Get("cursor")
}

// cursorAt is where each stream was read to, by instance and stream.
func cursorAt(at map[string]int64, sources []api.LogSource) string {
	places := map[string]int64{}
	for _, s := range sources {
		for stream, dir := range map[string]string{"/out": s.Out, "/err": s.Err} {
			if off, ok := at[filepath.Clean(dir)]; ok {
				places[s.Full+stream] = off
			}
		}
	}
	b, _ := json.Marshal(places) // strings and numbers
	return base64.RawURLEncoding.EncodeToString(b)
}

// placesOf is where to go on, by folder. A stream that the cursor does not know is new: it is read from its beginning.
func placesOf(cursor string, sources []api.LogSource) (map[string]int64, error) {
	places := map[string]int64{}
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		err = json.Unmarshal(b, &places)
	}
	if err != nil {
		return nil, failure{2, "read cursor: not one of kitt's", "leave it out for the last lines"}
	}
	from := map[string]int64{}
	for _, s := range sources {
		from[filepath.Clean(s.Out)], from[filepath.Clean(s.Err)] = max(places[s.Full+"/out"], 0), max(places[s.Full+"/err"], 0)
	}
	return from, nil
}

// getLogs streams where logs lie, and a poke each time that there is more.
func (d *Daemon) getLogs(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	near := d.near(r, q.Get("near"))
	if _, _, err := d.views(r.Context(), q.Get("project"), near, words(q.Get("targets"))); err != nil {
		refuse(w, err)
		return
	}
	t, before := newTeller(w, r, 4<<10), ""
	alive, stop := t.alive()
	defer stop()
	for {
		_, changed, _ := d.rec.Look(time.Now())
		views, clash, _ := d.views(r.Context(), q.Get("project"), near, words(q.Get("targets"))) // a name may go away meanwhile
		sources := d.sources(views, clash)
		tap := d.taps.arm(r.Context(), folders(sources)) // before the client is told to read: what comes later pokes again
		if b, _ := json.Marshal(sources); string(b) != before {
			before = string(b)
			t.tell("logs", "", api.LogNews{Sources: &sources})
		} else {
			t.tell("logs", "", api.LogNews{Poke: true})
		}
		t.flush()
		if !d.moreLogs(r.Context(), t, tap, changed, alive) {
			return
		}
	}
}

// sources says where the streams of the given instances lie.
func (d *Daemon) sources(views []reconcile.View, clash map[string]bool) []api.LogSource {
	out := make([]api.LogSource, 0, len(views))
	for _, v := range views {
		in := d.instance(v, usage{}, clash[v.ID.Process])
		out = append(out, api.LogSource{ID: in.ID, Out: in.Log.Out, Err: in.Log.Err, Full: v.ID.String()})
	}
	return out
}

func readable(sources []api.LogSource) (out []logs.Source) {
	for _, s := range sources {
		out = append(out, logs.Source{ID: s.ID, Out: s.Out, Err: s.Err})
	}
	return out
}

// folders lists the log folders of sources.
func folders(sources []api.LogSource) (dirs []string) {
	for _, s := range sources {
		dirs = append(dirs, filepath.Dir(s.Out))
	}
	return dirs
}
