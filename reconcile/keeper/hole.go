package keeper

import (
	"bytes"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A hole is what a folder lacks of bytes that could not be written, of lives whose log may drop. It ends with a line
// of the keeper's own in the store, which tells how much is missing and why. Its count passes over an upgrade; a
// keeper that is killed takes it along.
type hole struct {
	dir   string
	life  *life // for what is told
	why   string
	bytes int64
	lines int64
	torn  bool // the last byte that was dropped ends no line
	waits int  // for the end of that line
	delay time.Duration
}

// holeText is the line that ends a hole.
const holeText = "kitt: dropped "

// lineWait times lineWaits is how long the end of a line that is being dropped is waited for.
const lineWait, lineWaits = 10 * time.Millisecond, 20

// refused is called where bytes of a stream cannot be written.
func (k *keeper) refused(s *stream, err error) {
	if !s.life.log.Drop {
		k.stall(s, err)
		return
	}
	if s.stalled > 0 { // it could not drop until now
		s.stalled = 0
		k.pump.add(s.fd)
	}
	k.openHole(&hole{dir: s.dir, life: s.life, why: err.Error()})
	k.tell("dropping", s.life, err.Error())
}

func (k *keeper) openHole(h *hole) {
	if k.holes[h.dir] == nil {
		k.holes[h.dir], h.delay = h, stallFirst
		k.after(h.delay, func() { k.retryHole(h) })
	}
}

// holeOf is the hole that a stream's bytes fall into, or nil.
func (k *keeper) holeOf(s *stream) *hole {
	if len(k.holes) == 0 {
		return nil
	}
	return k.holes[s.folder()]
}

// fall reads what a stream has and counts it. A stream that may not drop waits until the hole has ended.
func (k *keeper) fall(s *stream, h *hole) (n int64, end bool) {
	if !s.life.log.Drop {
		k.stall(s, syscall.ENOSPC)
		return 0, false
	}
	got, err := unix.Read(s.fd, k.scratch())
	if err != nil {
		return 0, err != syscall.EAGAIN && err != syscall.EINTR
	}
	h.count(k.buf[:got])
	k.grow(s, int64(got))
	return int64(got), got == 0
}

func (h *hole) count(b []byte) {
	if len(b) > 0 {
		h.bytes += int64(len(b))
		h.lines += int64(bytes.Count(b, []byte{'\n'}))
		h.torn = b[len(b)-1] != '\n'
	}
}

// retryHole ends a hole, or tries again later: soon where only the end of a line is waited for.
func (k *keeper) retryHole(h *hole) {
	if h.torn && h.waits < lineWaits {
		h.waits++
		k.after(lineWait, func() { k.retryHole(h) })
		return
	}
	if h.waits = 0; k.endHole(h) != nil {
		h.delay = min(2*h.delay, stallMost)
		k.after(h.delay, func() { k.retryHole(h) })
	}
}

// endHole writes the line that tells of a hole.
func (k *keeper) endHole(h *hole) error {
	st := k.takeStore(h.dir)
	defer k.giveStore(st)
	if err := k.fill(st, h); err != nil {
		return err
	}
	delete(k.holes, h.dir)
	k.fireWatches(strings.TrimSuffix(strings.TrimSuffix(h.dir, "/out"), "/err"))
	k.tell("resumed", h.life, h.summary())
	return nil
}

func (k *keeper) fill(st *store, h *hole) error {
	now := time.Now().UnixNano()
	if st.fd < 0 {
		if err := st.open(now); err != nil {
			return err
		}
	} else if err := st.check(now, true); err != nil {
		return err
	}
	if st.page != nil { // what was read before the hole goes before it
		if err := k.flushPage(st, now); err != nil {
			return err
		}
	}
	if h.bytes == 0 { // nothing came while it could not be written
		return nil
	}
	text := h.text()
	if !st.endsLine() {
		text = "\n" + text
	}
	if err := k.turn(h.life, st, now); err != nil {
		return err
	}
	return st.append(text, now)
}

func (h *hole) text() string {
	return holeText + itoa64(h.bytes) + " bytes, " + itoa64(h.lines) + " ends of lines: " + h.why + "\n"
}

func (h *hole) summary() string {
	if h.bytes == 0 {
		return ""
	}
	return itoa64(h.bytes) + " bytes and " + itoa64(h.lines) + " ends of lines were dropped"
}

// endsLine tells whether the next byte begins a line.
func (s *store) endsLine() bool {
	var last [1]byte
	if s.size == 0 {
		return true
	}
	n, err := unix.Pread(s.fd, last[:], s.size-1)
	return err == nil && n == 1 && last[0] == '\n'
}

// append writes a line of our own, whole or not at all.
func (s *store) append(text string, now int64) error {
	n, err := unix.Write(s.fd, []byte(text))
	if err == nil && n == len(text) {
		s.wrote(int64(n), now)
		return nil
	}
	if n > 0 {
		unix.Ftruncate(s.fd, s.size)
		unix.Seek(s.fd, s.size, 0)
	}
	if err == nil {
		err = syscall.ENOSPC
	}
	return err
}

// endHoles is the last try before the keeper ends.
func (k *keeper) endHoles() {
	for _, h := range k.holes {
		if err := k.endHole(h); err != nil {
			say("log " + h.dir + ": " + h.text())
		}
	}
}

// handedText is what passes on of a hole over an upgrade.
func (h *hole) handedText() string {
	return "\nhole dir=" + escape(h.dir, "") + " life=" + escape(h.life.name, "") + " bytes=" + itoa64(h.bytes) +
		" lines=" + itoa64(h.lines) + " why=" + escape(h.why, "")
}

func (v words) hole() *hole {
	n, _ := strconv.ParseInt(v["bytes"], 10, 64)
	lines, _ := strconv.ParseInt(v["lines"], 10, 64)
	return &hole{dir: v["dir"], life: &life{name: v["life"]}, why: v["why"], bytes: n, lines: lines}
}

// takeHoles goes on with the holes of the keeper before, those of lives that it knows.
func (k *keeper) takeHoles(holes []*hole) {
	for _, h := range holes {
		if h.life = k.lives[h.life.name]; h.life != nil {
			k.openHole(h)
		}
	}
}

func itoa64(n int64) string { return strconv.FormatInt(n, 10) }
