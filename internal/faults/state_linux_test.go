package faults

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// immutable makes a folder and all in it such as even root cannot change, or takes that back.
func (w *world) immutable(dir string, on bool) {
	w.Helper()
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		flags := 0
		if on {
			flags = 0x10 // FS_IMMUTABLE_FL
		}
		return unix.IoctlSetPointerInt(int(f.Fd()), unix.FS_IOC_SETFLAGS, flags)
	})
	if err != nil {
		w.Skipf("needs a file system with immutable files to provoke the fault: %v", err)
	}
}

func TestFault55StateReadOnly(t *testing.T) {
	t.Parallel()
	needsRoot(t)
	w := newWorld(t)
	_ = os.RemoveAll(w.home)
	w.home = t.TempDir() + "/h" // file systems in memory have no immutable files
	w.ok(os.Mkdir(w.home, 0o700))
	w.env[0] = "KITT_HOME=" + w.home
	w.spec(process("web", sh("echo up; exec sleep 1000")))
	w.do("apply")
	web, state := w.running("web.1"), filepath.Join(w.home, "state")
	w.immutable(state, true)
	t.Cleanup(func() { w.immutable(state, false) })
	w.killDaemon()
	if now := w.running("web.1"); now.PID != web.PID {
		t.Errorf("web was %d and is %d", web.PID, now.PID)
	}
	if out, code := w.try("restart", "web"); code != 1 || !strings.Contains(out, "operation not permitted") {
		t.Errorf("restart exits %d: %s", code, out)
	}
	if now := w.running("web.1"); now.PID != web.PID {
		t.Errorf("a restart that could not be kept was done: web was %d and is %d", web.PID, now.PID)
	}
	if said := read(filepath.Join(w.home, "logs", "kitt", "daemon.log")); !strings.Contains(said, "level=WARN") || !strings.Contains(said, "operation not permitted") {
		t.Errorf("the daemon's log says %q", said)
	}
	kill(web.PID)
	w.until("its next life", func() bool { in := w.of("web.1"); return in.Phase == "running" && in.PID != web.PID })
	w.immutable(state, false)
	w.do("restart", "web")
}
