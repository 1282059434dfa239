package logs

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// FuzzIndex: any bytes as an index give times that are in it, and the same from wherever one begins.
func FuzzIndex(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte, from uint16, off uint16) {
		path := filepath.Join(t.TempDir(), "x.idx")
		os.WriteFile(path, b, 0o600)
		x, first, ok := openIndex(path)
		defer x.close()
		if ok != (len(b) >= markSize) {
			t.Fatalf("%d bytes: %v", len(b), ok)
		}
		if ok && first.off < 0 {
			t.Fatal("negative offset")
		}
		x.seek(int64(from))
		m, found := x.at(int64(from) + int64(off))
		if !found {
			return
		}
		if m.off > int64(from)+int64(off) {
			t.Fatalf("mark at %d for %d", m.off, off)
		}
		for i := 0; i+markSize <= len(b); i += markSize {
			if parseMark(b[i:]) == m {
				return
			}
		}
		t.Fatal("a mark that is not there")
	})
}

// FuzzRead: any bytes in the files of a stream end in lines or a clear error; a plain store comes back exactly,
// whatever its indexes say of the time.
func FuzzRead(f *testing.F) {
	f.Fuzz(func(t *testing.T, old, idx, zst, cur []byte, last uint8, since int64) {
		dir := t.TempDir()
		put := func(name string, b []byte) { os.WriteFile(filepath.Join(dir, name), b, 0o600) }
		put("@00000000000000000000.log", old)
		put("00000000000000000000.idx", idx)
		put("current", cur)
		for _, q := range []Query{{Last: -1, Out: true}, {Last: int(last), Out: true}, {Last: -1, Out: true, Since: time.Unix(0, since)}} {
			var got bytes.Buffer
			r := Open([]Source{{ID: "a", Out: dir}}, q)
			err := r.Read(t.Context(), func(l Line) error { got.Write(l.Text); return nil })
			r.Close()
			if err != nil || q.Last < 0 && q.Since.IsZero() && got.String() != string(old)+string(cur) {
				t.Fatalf("%q of %q and %q: %v", got.String(), old, cur, err)
			}
			if !bytes.HasSuffix(append(append([]byte(nil), old...), cur...), got.Bytes()) && q.Since.IsZero() {
				t.Fatalf("%q is not the end", got.String())
			}
		}
		put("@00000000000000000000.log.zst", zst)
		os.Remove(filepath.Join(dir, "@00000000000000000000.log"))
		put("current.idx", idx)
		for _, q := range []Query{{Last: -1, Out: true}, {Last: int(last), Out: true, Whole: true}} {
			r := Open([]Source{{ID: "a", Out: dir}}, q)
			for range 2 {
				_ = r.Read(t.Context(), func(l Line) error { return nil })
			}
			r.Close()
		}
	})
}

// FuzzState: any bytes as a state file are a state or the beginning, and a copy goes on from it.
func FuzzState(f *testing.F) {
	f.Fuzz(func(t *testing.T, b, dest []byte) {
		dir := t.TempDir()
		os.MkdirAll(dir+"/s", 0o700)
		os.WriteFile(dir+"/s/current", []byte("line\n"), 0o600)
		os.WriteFile(dir+"/copy", dest, 0o600)
		os.WriteFile(dir+"/state", b, 0o600)
		if s, chunk := parseState(b); s.At == nil || len(chunk) != s.Chunk {
			t.Fatalf("%+v", s)
		}
		k := copier(t, Copy{Path: dir + "/copy", From: []Feed{{dir + "/s", "out", 1}}}, dir+"/state")
		pump(t, k)
		got := []byte(slurp(t, dir+"/copy"))
		if !bytes.HasPrefix(got, dest) || !bytes.HasSuffix(got, []byte("line\n")) {
			t.Fatalf("%q after %q", got, dest)
		}
		pump(t, copier(t, Copy{Path: dir + "/copy", From: []Feed{{dir + "/s", "out", 1}}}, dir+"/state"))
		same(t, slurp(t, dir+"/copy"), string(got))
	})
}
