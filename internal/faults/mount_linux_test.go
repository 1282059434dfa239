package faults

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// small mounts a tmpfs of so much at dir, which it makes.
func (w *world) small(dir, size string) {
	w.Helper()
	needsRoot(w.T)
	w.ok(os.MkdirAll(dir, 0o700))
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "mode=700,size="+size); err != nil {
		w.Skipf("needs the right to mount a small tmpfs to provoke the fault: %v", err)
	}
	w.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
}

// disk is a file system in a file, mounted at a folder by way of a loop device.
type disk struct {
	*testing.T
	image, dir string
}

// disk makes and mounts one of 64 MB at dir.
func (w *world) disk(dir string) *disk {
	w.Helper()
	needsRoot(w.T)
	d := &disk{T: w.T, image: w.at("disk.img"), dir: dir}
	w.ok(os.MkdirAll(dir, 0o700))
	f, err := os.Create(d.image)
	w.ok(err)
	w.ok(f.Truncate(64 << 20))
	w.ok(f.Close())
	if out, err := exec.Command("mkfs.ext4", "-q", d.image).CombinedOutput(); err != nil {
		w.Skipf("needs mkfs.ext4 to provoke the fault: %v %s", err, out)
	}
	if err := d.mount(); err != nil {
		w.Skipf("needs loop devices and the right to mount to provoke the fault: %v", err)
	}
	w.Cleanup(func() {
		_ = exec.Command("umount", "-l", dir).Run()
	})
	return d
}

func (d *disk) mount(how ...string) error {
	d.Helper()
	options := strings.Join(append([]string{"loop"}, how...), ",")
	out, err := exec.Command("mount", "-t", "ext4", "-o", options, d.image, d.dir).CombinedOutput()
	if err != nil {
		return fmt.Errorf("mount: %w: %s", err, out)
	}
	return os.Chmod(d.dir, 0o700)
}

func (d *disk) remount(how string) {
	d.Helper()
	if out, err := exec.Command("mount", "-o", "remount,"+how, d.dir).CombinedOutput(); err != nil {
		d.Fatalf("remount %s: %v %s", how, err, out)
	}
}

// again puts a disk that holds the same over the one that went down. At no time is there none: what is written
// meanwhile would go into the bare folder.
func (d *disk) again() {
	d.Helper()
	b, err := os.ReadFile(d.image)
	d.image += ".2"
	if err = errors.Join(err, os.WriteFile(d.image, b, 0o600), d.mount()); err != nil {
		d.Fatal(err)
	}
	d.Cleanup(func() { _ = exec.Command("umount", "-l", d.dir).Run() })
}

// goDown makes every later write to the disk fail with EIO, as one does whose cable was pulled.
func (d *disk) goDown() {
	d.Helper()
	f, err := os.Open(d.dir)
	if err != nil {
		d.Fatal(err)
	}
	defer f.Close()
	const shutdown = 0x8004587d // EXT4_IOC_SHUTDOWN
	if err := unix.IoctlSetPointerInt(int(f.Fd()), shutdown, 0); err != nil {
		d.Skipf("needs a file system that can be shut down to provoke the fault: %v", err)
	}
}

func freeze(dir string, on bool) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	const fifreeze, fithaw = 0xc0045877, 0xc0045878
	if on {
		return unix.IoctlSetInt(int(f.Fd()), fifreeze, 0)
	}
	return unix.IoctlSetInt(int(f.Fd()), fithaw, 0)
}

func (w *world) logs() string { return filepath.Join(w.home, "logs") }
