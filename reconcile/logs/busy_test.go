package logs

import (
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// Two daemons may be there for a moment, when one takes over from another: they must not write one file.
func TestOneAtATimeCompressesAStream(t *testing.T) {
	dir := t.TempDir()
	plain := dir + "/@00000000000000000000.log"
	if err := os.WriteFile(plain, []byte("text\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	other, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Flock(int(other.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if err := Compress(t.Context(), dir); !errors.Is(err, ErrBusy) {
		t.Errorf("while another is at it: %v", err)
	}
	if _, err := os.Stat(plain); err != nil {
		t.Error(err)
	}
	other.Close()
	if err := Compress(t.Context(), dir); err != nil {
		t.Errorf("after it: %v", err)
	}
	if _, err := os.Stat(plain + ".zst"); err != nil {
		t.Error(err)
	}
}
