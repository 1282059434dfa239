package logs

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestSeeds keeps the seeds of the fuzz targets in testdata as they are made here; KITT_UPDATE=1 writes them.
func TestSeeds(t *testing.T) {
	w := newWriter(t)
	for i := range 5 {
		w.frozen(int64(10 + i)).write(fmt.Sprintf("line %d\n", i))
	}
	idx, text := []byte(slurp(t, w.path("current.idx"))), []byte(slurp(t, w.path("current")))
	w.rotate()
	if err := Compress(context.Background(), w.dir); err != nil {
		t.Fatal(err)
	}
	zst := []byte(slurp(t, w.path("@00000000000000000000.log.zst")))
	bytesOf := func(b []byte) string { return fmt.Sprintf("[]byte(%q)\n", b) }
	head := "go test fuzz v1\n"
	state := `{"inode":1,"size":3,"at":{"/s":7},"chunk":2,"sum":2130892592}` + "\nx\n"
	seeds := map[string]string{
		"FuzzIndex/whole":     head + bytesOf(idx) + "uint16(0)\nuint16(9)\n",
		"FuzzIndex/torn":      head + bytesOf(idx[:41]) + "uint16(8)\nuint16(90)\n",
		"FuzzIndex/backwards": head + bytesOf(append(idx[16:48:48], idx...)) + "uint16(3)\nuint16(40)\n",
		"FuzzIndex/empty":     head + bytesOf(nil) + "uint16(0)\nuint16(0)\n",
		"FuzzRead/whole":      head + bytesOf(text) + bytesOf(idx) + bytesOf(zst) + bytesOf([]byte("cur\nhalf")) + "byte('\\x02')\nint64(12000000000)\n",
		"FuzzRead/cut":        head + bytesOf(text[:9]) + bytesOf(idx[:20]) + bytesOf(zst[:len(zst)/2]) + bytesOf([]byte("\n\x00\xff\n")) + "byte('\\x01')\nint64(0)\n",
		"FuzzRead/empty":      head + bytesOf(nil) + bytesOf(nil) + bytesOf(nil) + bytesOf(nil) + "byte('\\x00')\nint64(-1)\n",
		"FuzzState/chunk":     head + bytesOf([]byte(state)) + bytesOf([]byte("abcx\n")),
		"FuzzState/torn":      head + bytesOf([]byte(state[:30])) + bytesOf([]byte("abc")),
		"FuzzState/settled":   head + bytesOf([]byte(`{"inode":1,"size":3,"at":{"/s":7}}`+"\n")) + bytesOf([]byte("abc\n")),
		"FuzzState/negative":  head + bytesOf([]byte(`{"inode":1,"size":-3,"at":{"/s":-7}}`+"\n")) + bytesOf(nil),
	}
	for name, want := range seeds {
		path := filepath.Join("testdata", "fuzz", name)
		if os.Getenv("KITT_UPDATE") != "" {
			os.MkdirAll(filepath.Dir(path), 0o755)
			os.WriteFile(path, []byte(want), 0o644)
		}
		if b, err := os.ReadFile(path); err != nil {
			t.Error(err)
		} else if filepath.Base(name) != "whole" && filepath.Base(name) != "cut" {
			same(t, string(b), want) // the others hold what the compressor of the day made
		}
	}
}
