package keeper

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// asEcho answers each line of its channel with its own pid in front.
func asEcho([]string) int {
	f := os.NewFile(channelFD, "channel")
	lines := bufio.NewReader(f)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return 7
		}
		if _, err := io.WriteString(f, "heard "+line); err != nil {
			return 8
		}
	}
}

// A program's channel is the same one whoever of kitt dies or is replaced, as long as not all do at once.
func TestAChannelOutlivesKeepers(t *testing.T) {
	b := newBox(t)
	order := b.order(os.Args[0], "@echo")
	order.Channel = true
	l, err := b.c.Spawn(b.ctx(), order)
	b.ok(err)
	hold := func() (*Witness, *os.File) {
		t.Helper()
		got := make(chan *os.File, 4)
		w, err := b.c.Hold(b.ctx(), b.home+"/run", func(life string, f *os.File) {
			if life == l.Name {
				got <- f
			} else {
				f.Close()
			}
		})
		b.ok(err)
		select {
		case f := <-got:
			return w, f
		case <-time.After(20 * time.Second):
			t.Fatal("no channel")
		}
		return nil, nil
	}
	say := func(f *os.File) {
		t.Helper()
		_ = f.SetDeadline(time.Now().Add(20 * time.Second))
		_, err := io.WriteString(f, "hello\n")
		b.ok(err)
		if line, err := bufio.NewReader(f).ReadString('\n'); err != nil || line != "heard hello\n" {
			t.Errorf("got %q, %v", line, err)
		}
	}
	w, f := hold()
	say(f)
	f.Close()
	w.Close() // a daemon that dies
	b.dial()
	w, f = hold()
	say(f)

	b.kill() // a keeper that dies: the daemon testifies
	b.start()
	b.ok(DialWitness(b.ctx(), b.home+"/run/keeper.sock", w))
	f.Close()
	w, f = hold()
	say(f)
	w.Close()
	f.Close()

	b.upgrade(b.program("next"))
	w, f = hold()
	say(f)
	w.Close()
	f.Close()
	b.ok(b.c.Stop(b.ctx(), StopOrder{Life: l.Name, Signal: NoSignal, Grace: 50 * time.Millisecond}))
	if x := b.exited(l.Name); x.Exit.How != "signal" {
		t.Errorf("without a signal it ended by %+v", x.Exit)
	}
	if left, _ := filepath.Glob("/proc/self/fd/*"); len(left) > 200 {
		t.Errorf("%d descriptors", len(left))
	}
}
