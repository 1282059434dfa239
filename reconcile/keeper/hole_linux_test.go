package keeper

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestALogThatMayDropCountsWhatItLacks(t *testing.T) {
	for _, how := range []string{"splice", "copy", "upgraded"} {
		t.Run(how, func(t *testing.T) {
			args := []string{}
			if how == "copy" {
				args = append(args, how)
			}
			b := newBox(t, args...)
			b.ok(os.MkdirAll(b.home+"/logs", 0o700))
			if err := syscall.Mount("tmpfs", b.home+"/logs", "tmpfs", 0, "size=2m"); err != nil {
				t.Skip("needs the right to mount a small tmpfs: ", err)
			}
			t.Cleanup(func() { syscall.Unmount(b.home+"/logs", syscall.MNT_DETACH) })
			order := b.order(os.Args[0], "@lines", "0", b.home+"/stop")
			order.Log.Drop = true
			_, err := b.c.Spawn(b.ctx(), order)
			b.ok(err)
			if e := b.event("dropping"); e.Text != "no space left on device" {
				t.Errorf("it drops by %q", e.Text)
			}
			if how == "upgraded" {
				b.upgrade(b.program("next"))
			}
			time.Sleep(50 * time.Millisecond) // that something is dropped
			b.ok(syscall.Mount("tmpfs", b.home+"/logs", "tmpfs", syscall.MS_REMOUNT, "size=256m"))
			if e := b.event("resumed"); !strings.Contains(e.Text, "were dropped") {
				t.Errorf("resumed: %q", e.Text)
			}
			b.ok(os.WriteFile(b.home+"/stop", nil, 0o600))
			b.exited(b.name(1))
			b.until("the last line", func() bool { return strings.Contains(b.text(1, "out"), ":END") })
			checkHoles(t, "0", b.text(1, "out"))
		})
	}
}

// event waits for an event of a kind.
func (b *box) event(kind string) (e Event) {
	b.Helper()
	for end := time.After(20 * time.Second); e.Kind != kind; {
		select {
		case e = <-b.c.Events():
		case <-end:
			b.Fatalf("no event %s", kind)
		}
	}
	return e
}

// checkHoles finds bytes that are neither stored nor counted, and lines that are torn by more than a hole.
func checkHoles(t testing.TB, id, text string) {
	t.Helper()
	var stored, dropped, last, holes int
	torn := false
	for line := range strings.Lines(text) {
		var n, lines, end, no int
		switch {
		case strings.HasPrefix(line, holeText):
			if _, err := fmt.Sscanf(line, holeText+"%d bytes, %d ends of lines: ", &n, &lines); err != nil || n == 0 || lines == 0 {
				t.Errorf("a hole of nothing: %q, %v", line, err)
			}
			holes++
			dropped += n
			if torn {
				stored-- // the end of line is the keeper's
			}
			torn = false
			continue
		case strings.Contains(line, ":END "):
			if _, err := fmt.Sscanf(line, "@"+id+":END %d$", &end); err != nil {
				t.Errorf("the end: %q", line)
			}
			if want := 64*end + len(line); stored+len(line)+dropped != want {
				t.Errorf("%d bytes stored, %d dropped, %d written", stored+len(line), dropped, want)
			}
			if holes == 0 {
				t.Error("there is no hole")
			}
			return
		}
		if torn {
			t.Errorf("a torn line outside of a hole, before %q", line[:min(len(line), 80)])
		}
		stored += len(line)
		if torn = len(line) != 64; torn {
			continue
		}
		if _, err := fmt.Sscanf(line, "@"+id+":%d", &no); err != nil || no < last {
			t.Errorf("line %q after number %d", line, last)
		}
		last = no
	}
	t.Errorf("no end after line %d, %d dropped", last, dropped)
}
