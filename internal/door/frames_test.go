package door

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"kitt.sh/reconcile/keeper"
)

// TestFault57FramesThatNoKittSends end their connection at most: the keeper lives and serves.
func TestFault57FramesThatNoKittSends(t *testing.T) {
	w := enter(t)
	w.apply(`process "web" { command = "exec sleep 1000" }`)
	was := w.status().Keeper.PID
	sock := w.home + "/run/keeper.sock"
	hello := frame(1, field(40, []byte("cli")), field(38, num(1)), field(39, num(1)))
	answered := map[string]bool{"unknown tags": true, "an unknown kind": true, "kind 255": true, "a version of next year": true,
		"a spawn of nobody's": true, "a daemon's at hello": true, "numbers of odd lengths": true}
	for name, b := range map[string][]byte{
		"a short one":            {0, 0},
		"nothing of a frame":     {0, 0, 0, 0},
		"shorter than its head":  {0, 0, 0, 3, 1, 0, 0},
		"4 GB":                   {0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0},
		"zeros":                  make([]byte, 1<<20),
		"unknown tags":           frame(1, field(9999, []byte("x")), field(0, nil), field(40, []byte("cli")), field(38, num(1)), field(39, num(1))),
		"a field beyond the end": frame(1, []byte{0, 1, 0xff, 0xff, 0xff, 0xff}),
		"an unknown kind":        append(append([]byte{}, hello...), frame(63)...),
		"kind 255":               append(append([]byte{}, hello...), frame(255)...),
		"no hello":               frame(6),
		"a version of next year": frame(1, field(40, []byte("cli")), field(38, num(99)), field(39, num(100))),
		"a spawn of nobody's":    append(append([]byte{}, hello...), frame(3, field(1, []byte("shop/evil.1#1.x")), field(2, []byte("/bin/true")))...),
		"a daemon's at hello":    frame(1, field(40, []byte("daemon"))),
		"numbers of odd lengths": append(append([]byte{}, hello...), frame(12, field(43, []byte{1}), field(7, make([]byte, 70000)))...),
		"HTTP":                   []byte("GET / HTTP/1.1\r\nHost: kitt\r\n\r\n"),
	} {
		c, err := net.Dial("unix", sock)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		_ = c.SetDeadline(time.Now().Add(5 * time.Second))
		_, _ = c.Write(b)
		if name == "a short one" || answered[name] { // else it is the keeper that ends it
			_ = c.(*net.UnixConn).CloseWrite()
		}
		if _, err := io.ReadAll(c); err != nil && !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%s: the connection was not closed: %v", name, err)
		}
		c.Close()
	}
	if now := w.status().Keeper.PID; now != was {
		t.Errorf("another keeper: %d, then %d", was, now)
	}
	if in := w.one("web.1"); in.Phase != "running" || in.Restarts != 0 || strings.Contains(w.must("status"), "evil") {
		t.Errorf("it was touched: %+v", in)
	}
}

// TestFault57AStaleEpochIsFenced: a process of the same user may claim the keeper; the daemon before it then changes
// nothing more, and kitt has one that controls again.
func TestFault57AStaleEpochIsFenced(t *testing.T) {
	w := enter(t)
	w.apply(`process "web" { command = "exec sleep 1000" }`)
	pid := w.one("web.1").PID
	ctx := context.Background()
	var cs [2]*keeper.Client
	for i := range cs {
		c, err := keeper.Dial(ctx, w.home+"/run/keeper.sock", "daemon")
		if err == nil {
			err = c.Claim(ctx)
		}
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		cs[i] = c
	}
	err := cs[0].Stop(ctx, keeper.StopOrder{Life: "x", Signal: syscall.SIGTERM, Grace: time.Second})
	if !errors.Is(err, keeper.ErrFenced) {
		t.Errorf("the older one: %v", err)
	}
	if err := cs[1].Stop(ctx, keeper.StopOrder{Life: "x", Signal: syscall.SIGTERM, Grace: time.Second}); !errors.Is(err, keeper.ErrUnknown) {
		t.Errorf("the newer one: %v", err)
	}
	if in := w.one("web.1"); in.PID != pid {
		t.Errorf("it was touched: %+v", in)
	}
	cs[1].Close()
	d := w.status().Daemon.PID
	_ = syscall.Kill(d, syscall.SIGKILL) // what a person would do: kitt is back
	w.await("a daemon that controls", func() bool { out, err := w.kitt("restart", "web", "--timeout", "5s"); return err == nil && out != "" })
}

func frame(kind byte, fields ...[]byte) []byte {
	b := []byte{0, 0, 0, 0, kind, 0, 0, 0, 7}
	for _, f := range fields {
		b = append(b, f...)
	}
	binary.BigEndian.PutUint32(b, uint32(len(b)-4))
	return b
}

func field(tag uint16, v []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, tag)
	return append(binary.BigEndian.AppendUint32(b, uint32(len(v))), v...)
}

func num(v uint64) []byte { return binary.BigEndian.AppendUint64(nil, v) }

// TestFault58ClientsThatNeverReadHoldNobodyUp: a hundred on each socket, which ask and ask; what waits for them is
// bounded, and everyone else is served.
func TestFault58ClientsThatNeverReadHoldNobodyUp(t *testing.T) {
	w := alone(t)
	text := ""
	for i := range 20 {
		text += "process \"p" + itoa(i) + "\" { command = \"exec sleep 1000\" }\n"
	}
	w.apply(text)
	s := w.status()
	before := [2]int{rss(s.Keeper.PID), rss(s.Daemon.PID)}
	hello := frame(1, field(40, []byte("cli")), field(38, num(1)), field(39, num(1)))
	var asks []byte
	for range 200_000 {
		asks = append(asks, frame(12)...)
	}
	for range 100 {
		for sock, b := range map[string][]byte{"keeper.sock": append(append([]byte{}, hello...), asks...),
			"api.sock": []byte(strings.Repeat("GET /v1/status HTTP/1.1\r\nHost: kitt\r\n\r\n", 500) + "GET /v1/events?follow=1 HTTP/1.1\r\nHost: kitt\r\n\r\n")} {
			c, err := net.Dial("unix", w.home+"/run/"+sock)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			_ = c.SetDeadline(time.Now().Add(time.Second))
			_, _ = c.Write(b)
		}
	}
	for range 5 {
		begun := time.Now()
		if out := w.must("status"); !strings.Contains(out, "p19.1") {
			t.Errorf("status: %s", out)
		}
		t.Logf("status in %s", time.Since(begun).Round(time.Millisecond))
	}
	w.must("restart", "p3")
	after := [2]int{rss(s.Keeper.PID), rss(s.Daemon.PID)}
	t.Logf("keeper %d -> %d kB, daemon %d -> %d kB", before[0], after[0], before[1], after[1])
	if after[0]-before[0] > 70<<10 || after[1]-before[1] > 70<<10 {
		t.Errorf("they grew too much: keeper %d -> %d kB, daemon %d -> %d kB", before[0], after[0], before[1], after[1])
	}
}
