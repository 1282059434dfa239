package service

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kitt.sh/service/api"
)

func TestEventsAreNumberedOverRestartsAndBounded(t *testing.T) {
	dir := t.TempDir()
	e, err := openEvents(dir)
	if err != nil {
		t.Fatal(err)
	}
	long := string(make([]byte, 500))
	for range 3 * maxEvents / 3000 {
		e.add(api.Event{Kind: "start", ID: "shop/web.1", Reason: long})
	}
	last := e.seq
	e.Close()
	e, err = openEvents(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	e.add(api.Event{Kind: "exit"})
	if e.seq != last+1 {
		t.Errorf("seq = %d after reopening, want %d", e.seq, last+1)
	}
	if got := e.tail(3); len(got) != 3 || got[2].Seq != last+1 || got[0].Seq != last-1 {
		t.Errorf("tail(3) = %+v", got)
	}
	for _, name := range []string{"events.jsonl", "events.jsonl.1"} {
		st, err := os.Stat(dir + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if st.Size() > maxEvents+4096 || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: %d bytes, mode %v", name, st.Size(), st.Mode())
		}
	}
}

func TestATornEventIsPassedOver(t *testing.T) {
	dir := t.TempDir()
	text := `{"seq":1,"at":null,"kind":"start"}` + "\n" + `{"seq":2,"at":null,"ki`
	if err := os.WriteFile(dir+"/events.jsonl", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := openEvents(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	e.add(api.Event{Kind: "exit"})
	if e.seq != 2 {
		t.Errorf("seq = %d, want 2", e.seq)
	}
	if got := e.tail(10); len(got) != 2 {
		t.Errorf("tail = %+v, want the whole one and the new one", got)
	}
}

func TestAFollowerThatFellBehindReadsWhatItMissed(t *testing.T) {
	e, err := openEvents(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	live, stop := e.live.listen()
	defer stop()
	for range 500 { // more than wait for anyone
		e.add(api.Event{Kind: "exit"})
	}
	out := httptest.NewRecorder()
	d, to, last := &Daemon{events: e}, newTeller(out, httptest.NewRequest("GET", "/", nil), 0), uint64(0)
	for len(live) > 0 {
		last = d.sendEvent(to, <-live, last)
	}
	e.add(api.Event{Kind: "exit"})
	last = d.sendEvent(to, <-live, last)
	to.flush()
	if n := strings.Count(out.Body.String(), "\n"); last != 501 || n != 501 {
		t.Errorf("the last is %d, sent %d", last, n)
	}
}

func TestALineThatNoKittWroteHidesNoEvent(t *testing.T) {
	dir := t.TempDir()
	text := strings.Repeat("x", 2<<20) + "\n" + `{"seq":7,"kind":"exit"}` + "\n" + `{"seq":` + "\n"
	if err := os.WriteFile(filepath.Join(dir, "events.jsonl"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := openEvents(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	e.add(api.Event{Kind: "error", Reason: strings.Repeat("long", 1<<20)})
	got := e.tail(9)
	if len(got) != 2 || got[0].Seq != 7 || got[1].Seq != 8 || len(got[1].Reason) > 5000 {
		t.Errorf("%d events, %.200v", len(got), got)
	}
}

// What lies in the log is passed on as it lies there; what is torn, foreign or of an older form is not, or is taken apart.
func TestRecords(t *testing.T) {
	own := `{"seq":7,"at":"2026-01-31T15:04:05.000Z","kind":"exit","id":"shop/web.1","new":{"field":1}}` + "\n"
	for _, row := range []struct {
		name, line, want string
	}{
		{"our own, with a field of a newer kitt", own, own},
		{"torn", own[:60] + "\n", ""},
		{"torn behind a brace", `{"seq":7,"at":"2026-01-31T15:04:05.000Z","exit":{"code":1}` + "\n", ""},
		{"without its end", own[:len(own)-1], `{"seq":7,"at":"2026-01-31T15:04:05.000Z","kind":"exit","id":"shop/web.1"}` + "\n"},
		{"in another order", `{"kind":"exit","seq":8}` + "\n", `{"seq":8,"at":null,"kind":"exit"}` + "\n"},
		{"no count", `{"seq":0,"at":"2026-01-31T15:04:05.000Z"}` + "\n", ""},
		{"nobody's count", `{"seq":9007199254740993,"at":"2026-01-31T15:04:05.000Z"}` + "\n", ""},
		{"too long", `{"seq":7,"at":"2026-01-31T15:04:05.000Z","reason":"` + strings.Repeat("x", mostEvent) + `"}` + "\n", ""},
		{"no JSON", "hello\n", ""},
	} {
		got := ""
		for _, r := range parseRecords([]byte(row.line)) {
			got += string(r.line)
		}
		if got != row.want {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
	}
}

func BenchmarkAHundredThousandEvents(b *testing.B) {
	path := b.TempDir() + "/events.jsonl"
	var text []byte
	for i := range 100_000 {
		text = fmt.Appendf(text, `{"seq":%d,"at":"2026-11-23T10:00:00.000Z","kind":"exit","id":"shop/web.1","reason":"exit 3","pid":%d,"life":"shop/web.1#1.abc"}`+"\n", i+1, i)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if n := len(readRecords(path, 100_000)); n != 100_000 {
			b.Fatal(n)
		}
	}
}
