package service

import (
	"os"
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
