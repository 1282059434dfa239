package keeper

import (
	"encoding/binary"
	"os"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// gate halts whoever execs a file until it is opened.
type gate struct {
	*box
	fd int
}

func newGate(b *box, path string) *gate {
	b.Helper()
	fd, err := unix.FanotifyInit(unix.FAN_CLASS_CONTENT|unix.FAN_CLOEXEC, unix.O_RDONLY|unix.O_CLOEXEC)
	if err == nil {
		err = unix.FanotifyMark(fd, unix.FAN_MARK_ADD, unix.FAN_OPEN_EXEC_PERM, unix.AT_FDCWD, path)
	}
	if err == unix.EPERM || err == unix.ENOSYS || err == unix.EINVAL {
		b.Skip("needs root and fanotify permission events: ", err)
	}
	b.ok(err)
	b.Cleanup(func() { unix.Close(fd) })
	return &gate{b, fd}
}

// came waits until somebody stands before the gate.
func (g *gate) came() (open func()) {
	g.Helper()
	var buf [256]byte
	n, err := unix.Read(g.fd, buf[:])
	g.ok(err)
	if n < int(unsafe.Sizeof(unix.FanotifyEventMetadata{})) {
		g.Fatal("a short event: ", n)
	}
	e := (*unix.FanotifyEventMetadata)(unsafe.Pointer(&buf))
	return func() {
		answer := binary.NativeEndian.AppendUint32(nil, uint32(e.Fd))
		_, err := unix.Write(g.fd, binary.NativeEndian.AppendUint32(answer, unix.FAN_ALLOW))
		g.ok(err)
		unix.Close(int(e.Fd))
	}
}

// A keeper dies in the middle of a fork, and the program is over before the next keeper looks: who holds lives has its
// words, for they were offered before the fork.
func TestTheWordsOfAShortLifeOutliveTheKeeperThatForkedIt(t *testing.T) {
	b := newBox(t)
	path := b.home + "/short"
	b.ok(os.WriteFile(path, []byte("#!/bin/sh\necho last words\necho and why >&2\n: > "+b.home+"/over\n"), 0o700))
	g := newGate(b, path)
	w, err := b.c.Hold(b.ctx(), b.home+"/run", nil)
	b.ok(err)
	order := b.order(path)
	spawned := make(chan error, 1)
	go func(c *Client) { _, err := c.Spawn(b.ctx(), order); spawned <- err }(b.c)
	open := g.came()
	b.until("the witness to hold it", func() bool { return w.Lives() == 1 })
	b.kill()
	open()
	if err := <-spawned; err == nil {
		t.Error("the keeper answered after its death")
	}
	b.until("the program's end", func() bool { _, err := os.Stat(b.home + "/over"); return err == nil })
	b.start()
	b.ok(DialWitness(b.ctx(), b.home+"/run/keeper.sock", w))
	b.exited(order.Life)
	if out, err := b.text(1, "out"), b.text(1, "err"); out != "last words\n" || err != "and why\n" {
		t.Errorf("out %q, err %q", out, err)
	}
}

// Nothing is held of what could not be started, and its FIFOs are gone.
func TestNothingIsHeldOfWhatCouldNotBegin(t *testing.T) {
	b := newBox(t)
	w, err := b.c.Hold(b.ctx(), b.home+"/run", func(life string, f *os.File) { t.Error("a channel of " + life); f.Close() })
	b.ok(err)
	defer w.Close()
	order := b.order("/nonexistent")
	order.Channel = true
	if _, err := b.c.Spawn(b.ctx(), order); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Fatal(err)
	}
	if w.Lives() != 0 {
		t.Errorf("%d lives are held", w.Lives())
	}
	if left, _ := os.ReadDir(b.home + "/run/fifo"); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}
