package logs

import (
	"bytes"
	"os"
	"testing"
)

// TestAChangedChunkIsTheBeginning: a chunk of the right length that is not the one which was kept, as a power cut may
// leave it, must not get into the copy.
func TestAChangedChunkIsTheBeginning(t *testing.T) {
	path := t.TempDir() + "/state"
	k, err := NewCopier(Copy{}, path)
	if err == nil {
		err = k.save(copyState{At: map[string]int64{"/x": 7}}, []byte("one\ntwo\n"))
	}
	if err != nil {
		t.Fatal(err)
	}
	b, _ := os.ReadFile(path)
	if s, chunk := parseState(b); s.At["/x"] != 7 || string(chunk) != "one\ntwo\n" {
		t.Errorf("what was kept is read as %+v, %q", s, chunk)
	}
	b = bytes.Replace(b, []byte("two"), []byte("\x00\x00\x00"), 1)
	if s, chunk := parseState(b); len(s.At) > 0 || len(chunk) > 0 {
		t.Errorf("a changed one is read as %+v, %q", s, chunk)
	}
}
