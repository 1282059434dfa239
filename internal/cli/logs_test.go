package cli

import (
	"context"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
)

// A stock is a logReader of lines made by hand: each Read hands over the next part.
type stock struct {
	parts  [][]logLine
	joined []string
}

func (s *stock) Read(_ context.Context, emit func(logLine) error) error {
	if len(s.parts) == 0 {
		return nil
	}
	part := s.parts[0]
	s.parts = s.parts[1:]
	for _, l := range part {
		if err := emit(l); err != nil {
			return err
		}
	}
	return nil
}

func (s *stock) Follow(sources []logSource) {
	for _, src := range sources {
		s.joined = append(s.joined, src.ID)
	}
}

func (s *stock) Ended() {}

func (s *stock) Close() error { return nil }

const sources = `{"sources":[{"id":"web.1","out":"/l/out","err":"/l/err"},{"id":"mailer.1","out":"/m/out","err":"/m/err"}]}` + "\n"

func TestLogs(t *testing.T) {
	line := func(id, stream, text string) logLine {
		return logLine{ID: id, Stream: stream, At: noon, Text: []byte(text)}
	}
	some := []logLine{line("web.1", "out", "hello\n"), line("mailer.1", "err", "oh \x1b[31mno\x1b[0m\x1b]0;x\a\tdone\r\n"), line("web.1", "out", "half")}
	tests := []struct {
		name   string
		verb   Logs
		output string
		paint  Paint
		want   string
	}{
		{"each line says who wrote it, and whether on stderr", Logs{}, "table", false,
			"web.1    | hello\nmailer.1 ! oh no\\x1b]0;x\\a\tdone\nweb.1    | half\n"},
		{"on a terminal colours pass, all else is escaped", Logs{}, "table", true,
			cyan + "web.1   " + reset + " | hello\n" + yellow + "mailer.1" + reset + red + " ! " + reset +
				"oh \x1b[31mno\x1b[0m\\x1b]0;x\\a\tdone" + reset + "\n" + cyan + "web.1   " + reset + " | half\n"},
		{"raw is the stored bytes exactly", Logs{Raw: true}, "table", true, "hello\noh \x1b[31mno\x1b[0m\x1b]0;x\a\tdone\r\nhalf"},
		{"json is an object a line", Logs{}, "json", false,
			`{"id":"web.1","stream":"out","at":"` + noon.UTC().Format("2006-01-02T15:04:05.000Z") + `","text":"hello","process":"web","instance":1}`},
	}
	opened := openLogs
	defer func() { openLogs = opened }()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			openLogs = func([]logSource, logQuery) (logReader, error) { return &stock{parts: [][]logLine{some}}, nil }
			var asked string
			k := try(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/v1/logs/wait" {
					says(sources, &asked)(w, r)
				}
			})
			k.Output, k.Paint = tt.output, tt.paint
			tt.verb.Names = []string{"web", "mailer"}
			if code := k.do(tt.verb); code != 0 {
				t.Errorf("exit %d, %s", code, k.err.String())
			}
			got := k.out.String()
			if tt.output == "json" {
				got, _, _ = strings.Cut(got, "\n")
			}
			same(t, "stdout", got, tt.want)
			if asked != "GET /v1/logs/wait?targets=web%2Cmailer " {
				t.Errorf("asked %q", asked)
			}
		})
	}
}

func TestLogsFollowPokesAndNewcomers(t *testing.T) {
	s := &stock{parts: [][]logLine{{{ID: "web.1", Stream: "out", At: noon, Text: []byte("a\n")}}, {{ID: "new.1", Stream: "out", At: noon, Text: []byte("b\n")}}, {{ID: "web.1", Stream: "out", At: noon, Text: []byte("c\n")}}}}
	opened := openLogs
	defer func() { openLogs = opened }()
	openLogs = func([]logSource, logQuery) (logReader, error) { return s, nil }
	ctx, stop := context.WithCancel(t.Context())
	k := try(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, sources+`{"sources":[{"id":"new.1"}]}`+"\n"+`{"poke":true}`+"\n")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	k.Out = io.MultiWriter(&k.out, writerFunc(func(b []byte) {
		if strings.Contains(string(b), "c\n") {
			stop()
		}
	}))
	if code := k.doIn(ctx, Logs{Follow: true}); code != 0 {
		t.Errorf("Ctrl-C is how it ends; exit %d %s", code, k.err.String())
	}
	same(t, "stdout", k.out.String(), "web.1    | a\nnew.1    | b\nweb.1    | c\n")
	if !reflect.DeepEqual(s.joined, []string{"new.1"}) {
		t.Errorf("joined %v", s.joined)
	}
}

func TestLogQuery(t *testing.T) {
	tests := []struct {
		name string
		verb Logs
		want logQuery
		code int
	}{
		{"the last fifteen lines of both streams", Logs{Lines: "15"}, logQuery{Last: 15, Out: true, Err: true}, 0},
		{"all", Logs{Lines: "all"}, logQuery{Last: -1, Out: true, Err: true}, 0},
		{"none, to follow only", Logs{Lines: "0"}, logQuery{Out: true, Err: true}, 0},
		{"only stderr", Logs{Lines: "5", Err: true}, logQuery{Last: 5, Err: true}, 0},
		{"only stdout", Logs{Lines: "5", Out: true}, logQuery{Last: 5, Out: true}, 0},
		{"both named is both", Logs{Lines: "5", Out: true, Err: true}, logQuery{Last: 5, Out: true, Err: true}, 0},
		{"since, without -n, is everything since", Logs{Lines: "15", Since: "1h"}, logQuery{Last: -1, Out: true, Err: true, Since: noon.Add(-time.Hour)}, 0},
		{"since with -n", Logs{Lines: "3", Since: "1h"}, logQuery{Last: 3, Out: true, Err: true, Since: noon.Add(-time.Hour)}, 0},
		{"no number", Logs{Lines: "x"}, logQuery{}, codeUsage},
		{"a negative number", Logs{Lines: "-3"}, logQuery{}, codeUsage},
		{"no time", Logs{Since: "x"}, logQuery{}, codeUsage},
		{"until, without -n, is the last fifteen before", Logs{Lines: "15", Until: "1h"}, logQuery{Last: 15, Out: true, Err: true, Until: noon.Add(-time.Hour)}, 0},
		{"a span", Logs{Lines: "15", Since: "2h", Until: "1h"}, logQuery{Last: -1, Out: true, Err: true, Since: noon.Add(-2 * time.Hour), Until: noon.Add(-time.Hour)}, 0},
		{"a span that ends before it begins", Logs{Since: "1h", Until: "2h"}, logQuery{}, codeUsage},
		{"until with what comes", Logs{Until: "2h", Follow: true}, logQuery{}, codeUsage},
		{"until no time", Logs{Until: "x"}, logQuery{}, codeUsage},
		{"no expression", Logs{Grep: "["}, logQuery{}, codeUsage},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.verb.query(noon)
			if exitCode(err) != tt.code || err == nil && !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
	q, err := Logs{Lines: "1", Grep: "^a.c$"}.query(noon)
	if err != nil || !q.Keep([]byte("abc")) || q.Keep([]byte("xabc")) {
		t.Errorf("grep: %v", err)
	}
}
