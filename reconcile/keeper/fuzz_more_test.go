package keeper

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// FuzzConversation: whatever a client that may connect says, it is answered or dropped, what waits for it is bounded,
// and nothing changes that it has no right to.
func FuzzConversation(f *testing.F) {
	hello := putString(putInt(putInt(beginFrame(nil, kHello, 1), tMin, 1), tMax, 1), tRole, "cli")
	hello = endFrame(hello, 0)
	f.Add(hello)
	f.Add(append(bytes.Clone(hello), endFrame(beginFrame(nil, kList, 2), 0)...))
	f.Add(append(bytes.Clone(hello), endFrame(putBool(beginFrame(nil, kClaim, 2), tStop, true), 0)...))
	f.Add(append(bytes.Clone(hello), endFrame(putInt(putString(beginFrame(nil, kWitness, 2), tLife, "x"), tFDs, 7), 0)...))
	f.Add(append(bytes.Clone(hello), endFrame(putString(beginFrame(nil, kWatch, 2), tLogDir, "/"), 0)...))
	f.Add([]byte("\xff\xff\xff\xff\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		k := &keeper{began: time.Now(), lives: map[string]*life{}, stores: map[string]*store{}, conns: map[int]*conn{}, epoch: 7}
		c := &conn{fd: 1 << 20}
		k.conns[c.fd] = c
		for {
			fr, rest, ok, err := cutFrame(b)
			if !ok || err != nil {
				break
			}
			b = rest
			if fr.kind == kShutdown { // is allowed to a cli, and ends this keeper
				continue
			}
			was := c.epoch
			if k.serve(c, fr) != nil || len(c.out) > c.mostOut() {
				return
			}
			if fr.kind != kClaim && c.epoch != was || c.epoch != 0 && c.role != "daemon" || len(k.lives) > 0 {
				t.Fatalf("kind %d gave it power: %+v", fr.kind, c)
			}
			if c.role == "daemon" { // it is one now, and may do anything
				return
			}
		}
	})
}

// FuzzStore: any bytes in the files of a stream are gone on from; the next open finds the same end.
func FuzzStore(f *testing.F) {
	mark := func(ns, off uint64) []byte {
		return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, ns), off)
	}
	f.Add([]byte("line\n"), mark(1, 0), []byte("old\n"), mark(1, 0))
	f.Add([]byte("line\n"), append(mark(1, 4), mark(2, 400)...), []byte{}, []byte{})
	f.Add([]byte{}, mark(1, 1<<63), []byte("x"), mark(0, 1<<62))
	f.Add([]byte("abc"), []byte("torn"), []byte("old\n"), []byte("torn too"))
	f.Fuzz(func(t *testing.T, cur, idx, old, oldIdx []byte) {
		dir := t.TempDir()
		for name, b := range map[string][]byte{"current": cur, "current.idx": idx, "@" + pad20(0) + ".log": old, pad20(0) + ".idx": oldIdx} {
			if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		endOnDisk(dir)
		s := &store{dir: dir, fd: -1, idx: -1}
		if err := s.open(5); err != nil {
			t.Fatal(err)
		}
		if err := s.check(6, true); err != nil {
			t.Fatal(err)
		}
		end := s.end()
		s.close()
		again := &store{dir: dir, fd: -1, idx: -1}
		if err := again.open(7); err != nil || again.end() != end {
			t.Fatalf("end %d, then %d, %v", end, again.end(), err)
		}
		again.wrote(3, 1<<40)
		_ = again.rotate(1, 8)
		again.close()
	})
}

// FuzzSpill: any bytes as a dead keeper's page end in a log that keeps what it had.
func FuzzSpill(f *testing.F) {
	f.Add([]byte{spillIdle, 0, 0, 0}, []byte("x"), []byte("log\n"))
	f.Add([]byte{spillReading, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0}, []byte("abc"), []byte("log\n"))
	f.Add(append([]byte{2, 0, 0, 0, 3, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0}, bytes.Repeat([]byte{0xff}, 8)...), []byte("abc"), []byte("log\n"))
	f.Fuzz(func(t *testing.T, head, data, log []byte) {
		dir := t.TempDir()
		path := filepath.Join(dir, "current")
		if err := os.WriteFile(path, log, 0o600); err != nil {
			t.Fatal(err)
		}
		page := make([]byte, spillHead+spillData)
		copy(page, head[:min(len(head), 24)])
		binary.LittleEndian.PutUint16(page[24:], uint16(len(path)))
		copy(page[32:], path)
		copy(page[spillHead:], data)
		if err := os.WriteFile(filepath.Join(dir, "spill.0"), page, 0o600); err != nil {
			t.Fatal(err)
		}
		replaySpills(dir)
		if got, err := os.ReadFile(path); err != nil || !bytes.HasPrefix(got, log) || len(got) > len(log)+spillData {
			t.Fatalf("%d bytes became %d: %v", len(log), len(got), err)
		}
	})
}

// FuzzNames: what becomes of a life's name as a file's stays inside its folder, and an escaped text comes back.
func FuzzNames(f *testing.F) {
	for _, s := range []string{"shop/web.1#1.abc", "../x", ".", "", "-rf", "%2F", "a\x00b", strings.Repeat("é", 300), "shop/we b.1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if n := fileName(s); s != "" && !sane(n) || len(n) > 200 {
			t.Fatalf("%q as a file: %q", s, n)
		}
		if back, ok := unescape(escape(s, "")); !ok || back != s {
			t.Fatalf("%q came back as %q", s, back)
		}
		unescape(s)
	})
}
