package keeper

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// say1 writes one frame and reads the answer's kind and text fields.
func say1(t *testing.T, c net.Conn, what kind, body []byte) (kind, map[uint16][]byte) {
	t.Helper()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := c.Write(endFrame(append(beginFrame(nil, what, 7), body...), 0)); err != nil {
		t.Fatal(err)
	}
	return hear(t, c)
}

func hear(t *testing.T, c net.Conn) (kind, map[uint16][]byte) {
	t.Helper()
	head := make([]byte, 4)
	if _, err := io.ReadFull(c, head); err != nil {
		t.Fatal(err)
	}
	rest := make([]byte, binary.BigEndian.Uint32(head))
	if _, err := io.ReadFull(c, rest); err != nil {
		t.Fatal(err)
	}
	f, _, ok, err := cutFrame(append(head, rest...))
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	fields := map[uint16][]byte{}
	each(f.body, func(tag uint16, v []byte) { fields[tag] = append([]byte(nil), v...) })
	return f.kind, fields
}

func TestAKeeperMeetsOlderAndNewerPeers(t *testing.T) {
	b := newBox(t)
	for _, row := range []struct {
		name   string
		lo, hi int64
		want   kind
	}{
		{"one that speaks ours and newer ones agrees on ours", protoMin, protoMax + 5, kWelcome},
		{"one that speaks ours and older ones too", 0, protoMax, kWelcome},
		{"one that is only newer is told so", protoMax + 1, protoMax + 5, kFail},
		{"one that is only older is told so", -3, protoMin - 1, kFail},
	} {
		t.Run(row.name, func(t *testing.T) {
			c, err := net.Dial("unix", b.home+"/run/keeper.sock")
			b.ok(err)
			defer c.Close()
			hello := putString(putInt(putInt(nil, tMin, row.lo), tMax, row.hi), tRole, "cli")
			hello = putString(hello, 999, "what only a newer one knows")
			got, fields := say1(t, c, kHello, hello)
			if got != row.want {
				t.Fatalf("it answered %d: %s", got, fields[tText])
			}
			if got == kFail {
				if text := string(fields[tText]); !strings.Contains(text, "no version of the protocol in common") {
					t.Error(text)
				}
				return
			}
			if max := getInt(fields[tMax]); max != protoMax {
				t.Errorf("they agree on %d", max)
			}
			if got, fields := say1(t, c, 60, nil); got != kFail {
				t.Errorf("a request that is not known is answered by %d", got)
			} else if string(fields[tText]) == "" {
				t.Error("and not explained")
			}
			if got, _ := say1(t, c, kPing, nil); got != kOK {
				t.Errorf("and then it says %d", got)
			}
		})
	}
}

func TestAClientMeetsOlderAndNewerKeepers(t *testing.T) {
	for _, row := range []struct {
		name    string
		version int64
		want    string
	}{
		{"one of ours, with fields that only a newer one has", protoMax, ""},
		{"a newer one that does not ask", protoMax + 1, "answers in version 2 of the protocol"},
		{"an older one that does not know ours", 0, "answers in version 0 of the protocol"},
	} {
		t.Run(row.name, func(t *testing.T) {
			sock := t.TempDir() + "/k"
			l, err := net.Listen("unix", sock)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			ended := make(chan struct{})
			go func() { // ended by the client's end
				defer close(ended)
				c, err := l.Accept()
				if err != nil {
					return
				}
				defer c.Close()
				io.ReadFull(c, make([]byte, 4))
				b := putInt(putString(beginFrame(nil, kWelcome, 1), tVersion, "9.9"), tMax, row.version)
				c.Write(endFrame(putString(b, 999, "more"), 0))
				io.Copy(io.Discard, c)
			}()
			c, err := Dial(t.Context(), sock, "cli")
			if err == nil {
				if c.Version() != "9.9" || c.About().Handover != 0 {
					t.Errorf("it is %s, %+v", c.Version(), c.About())
				}
				c.Close()
			}
			if row.want == "" && err != nil || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
				t.Errorf("%v", err)
			}
			l.Close()
			<-ended
		})
	}
}

// seal ends a line of any version.
func seal(body string) string {
	return body + " crc32c=" + hex8(crc32.Checksum([]byte(body), castagnoli)) + "\n"
}

func TestRecordsOfANewerKeeperAreKept(t *testing.T) {
	b := newBox(t)
	l := b.spawn("/bin/sleep", "60")
	b.kill()
	file := b.home + "/run/lives"
	text, err := os.ReadFile(file)
	b.ok(err)
	later := seal("v2 boot="+bootID()+" op=spawn life=shop%2fweb.9%231.a colour=blue") + seal("v13 what=ever boot="+bootID())
	b.ok(os.WriteFile(b.home+"/run/fifo/shop%2fweb.9%231.a.out", nil, 0o600))
	old := seal("v2 boot=another op=spawn life=x")
	b.ok(os.WriteFile(file, []byte(string(text)+later+old+seal("v2 boot=" + bootID())[:20]), 0o600))
	if err := Preflight(b.home+"/run", Handover); err == nil || !strings.Contains(err.Error(), "a newer kitt wrote") {
		t.Errorf("preflight says %v", err)
	}
	for range 2 { // it rewrites the journal each time
		b.start()
		if got := b.life(l.Name); got.PID != l.PID || got.State != Running {
			t.Errorf("the life that it understands is %+v", got)
		}
		b.kill()
		text, err := os.ReadFile(file)
		b.ok(err)
		if !strings.HasSuffix(string(text), later) || strings.Contains(string(text), "another") {
			t.Errorf("the journal is now\n%s", text)
		}
	}
	if _, err := os.Stat(b.home + "/run/fifo/shop%2fweb.9%231.a.out"); err != nil {
		t.Error("the FIFO of a life that only a newer one knows is gone")
	}
	if bad, _ := os.ReadFile(file + ".bad"); strings.Contains(string(bad), "blue") {
		t.Errorf("it is taken for garbage:\n%s", bad)
	}
	b.start()
}

func TestPreflightTakesWhatItCan(t *testing.T) {
	run := t.TempDir()
	if err := Preflight(run, Handover); err != nil {
		t.Errorf("where nothing is: %v", err)
	}
	if err := Preflight(run, Handover+1); err == nil || !strings.Contains(err.Error(), "passes on version 2, this one takes 1") {
		t.Errorf("of a newer handover: %v", err)
	}
	os.WriteFile(run+"/lives", []byte("v1 torn"), 0o600)
	if err := Preflight(run, Handover); err != nil {
		t.Errorf("what no keeper wrote is no reason: %v", err)
	}
}

func TestAHandoverIsReadWholeOrNotAtAll(t *testing.T) {
	const good = handoverHead + "\nkeeper at=5 lock=3 api=4 sock=5 base=%2fsys%2fx n=7 made=1 later=9\n" +
		"life name=shop%2fweb.1%231.a out=6 pid=8 child=1 told=1 mood=blue\nweather sun=1\n"
	h, ok := parseHandover(good)
	if !ok || h.lock != 3 || h.api != 4 || h.sock != 5 || h.base != "/sys/x" || h.n != 7 || !h.made || h.at != 5 {
		t.Errorf("%v %+v", ok, h)
	}
	if l := h.lives["shop/web.1#1.a"]; l != (handed{6, -1, 8, true, true, false, -1}) {
		t.Errorf("%+v", l)
	}
	for i := range len(good) - 1 {
		if _, ok := parseHandover(good[:i]); ok && !strings.HasSuffix(good[:i], "\n") {
			t.Errorf("taken, though cut at %d", i)
		}
	}
	for _, bad := range []string{"", "kitt handover 2\nkeeper lock=3 api=4 sock=5\n", handoverHead + "\nkeeper lock=3 api=4\n", handoverHead + "\n\n", handoverHead + "\nkeeper lock=3 api=4 sock=-1\n"} {
		if _, ok := parseHandover(bad); ok {
			t.Errorf("taken: %q", bad)
		}
	}
}

func FuzzHandover(f *testing.F) {
	f.Add(handoverHead + "\nkeeper at=5 lock=3 api=4 sock=5 base=%2fx n=7\nlife name=a out=6\n")
	f.Fuzz(func(t *testing.T, text string) {
		if h, ok := parseHandover(text); ok && (h.lock < 3 || h.n < 0) {
			t.Errorf("%+v", h)
		}
	})
}

func TestTrials(t *testing.T) {
	for _, row := range []struct {
		name  string
		t     Trial
		ident string
		trial bool
		leave string
	}{
		{"the first start is on trial", Trial{Ident: "a"}, "a", true, ""},
		{"so is the third", Trial{Ident: "a", Starts: 2}, "a", true, ""},
		{"at the fourth it is left", Trial{Ident: "a", Starts: 3}, "a", false, "its keeper ended 3 times before it had run for 30 s"},
		{"one that was left is left again", Trial{Ident: "a", Back: "it fell"}, "a", false, "it fell"},
		{"another program is not meant", Trial{Ident: "a", Starts: 9, Back: "it fell"}, "b", false, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			if trial, leave := row.t.verdict(row.ident); trial != row.trial || leave != row.leave {
				t.Errorf("%v %q", trial, leave)
			}
		})
	}
	state := t.TempDir()
	want := Trial{Ident: "1.2", From: "1.0 ä", To: "1.1\n", Starts: 2, Back: "why=not", told: true}
	if err := want.save(state); err != nil {
		t.Fatal(err)
	}
	if got, ok := readTrial(state); !ok || got != want {
		t.Errorf("%v %+v", ok, got)
	}
	text, _ := os.ReadFile(trialPath(state))
	os.WriteFile(trialPath(state), text[:len(text)-3], 0o600)
	if got, ok := readTrial(state); ok {
		t.Errorf("torn, yet read: %+v", got)
	}
}
