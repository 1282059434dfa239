package keeper

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestAFullDiskMakesWritersWaitAndLosesNothing(t *testing.T) {
	for _, how := range []string{"splice", "copy"} {
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
			b.spawn(os.Args[0], "@lines", "0", b.home+"/stop")
			if e := b.event("stalled"); e.Text != "no space left on device" {
				t.Errorf("it stalled by %q", e.Text)
			}
			began := time.Now()
			b.ok(b.c.Ping(b.ctx()))
			if d := time.Since(began); d > 5*time.Second {
				t.Errorf("control took %v", d)
			}
			b.kill()
			b.start()
			b.ok(os.WriteFile(b.home+"/stop", nil, 0o600))
			b.ok(syscall.Mount("tmpfs", b.home+"/logs", "tmpfs", syscall.MS_REMOUNT, "size=64m"))
			b.exited(b.name(1))
			b.until("the last line", func() bool { return strings.Contains(b.text(1, "out"), ":END") })
			checkLines(t, "0", b.text(1, "out"))
		})
	}
}
