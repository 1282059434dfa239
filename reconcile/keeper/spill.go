package keeper

import (
	"encoding/binary"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"kitt.sh/reconcile/failpoint"
)

// A spill is a page of memory that is also a file, run/spill.N: bytes are read from a FIFO straight into it, so that
// they outlive the keeper between read(2) and write(2). The pump of systems and file systems without splice.
//
// Layout: u8 state | u32 at 4: bytes asked for | u32 at 8: bytes there | u64 at 16: size of the log before | u16 at
// 24: length of the path at 32, of the log | data at 4096. The next keeper writes what the log does not have yet.
//
// Reads are bounded by what the pipe is known to hold, so a read takes all that it was asked for or nothing. Which
// of the two a kill left is told by the first bytes: they are set to such as no text contains.
type spill struct {
	mem  []byte
	path string
	done int // bytes of the page that are in the log already
}

const (
	spillHead = 4096
	spillData = 1 << 16

	spillIdle, spillReading, spillFull = 0, 1, 2
)

const sentinel = "\xf8\xff\xc0\xfd\xfb\xc1\xfe\xf9\xfc\xff\xc0\xfa\xf8\xc1\xfd\xfe"

// openSpill maps a page, making the file if need be.
func openSpill(path string) (*spill, error) {
	fd, size, err := openPlain(path, unix.O_RDWR|unix.O_CREAT)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	if size != spillHead+spillData {
		if err := unix.Ftruncate(fd, spillHead+spillData); err != nil {
			return nil, err
		}
		if err := fill(fd); err != nil { // else a full disk would be a SIGBUS later
			return nil, err
		}
	}
	mem, err := unix.Mmap(fd, 0, spillHead+spillData, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	return &spill{mem: mem, path: path}, nil
}

func fill(fd int) error {
	var zero [spillHead]byte
	for at := int64(0); at < spillHead+spillData; at += spillHead {
		if _, err := unix.Pwrite(fd, zero[:], at); err != nil {
			return err
		}
	}
	return nil
}

func (p *spill) data() []byte { return p.mem[spillHead:] }

// ask takes note, before a read, of what is about to be read and where it belongs.
func (p *spill) ask(n int, size int64, log string) bool {
	if len(log) > spillHead-32 {
		return false
	}
	copy(p.data(), sentinel)
	binary.LittleEndian.PutUint32(p.mem[4:], uint32(n))
	binary.LittleEndian.PutUint64(p.mem[16:], uint64(size))
	binary.LittleEndian.PutUint16(p.mem[24:], uint16(len(log)))
	copy(p.mem[32:], log)
	setState(p, spillReading)
	return true
}

func (p *spill) got(n int) {
	binary.LittleEndian.PutUint32(p.mem[8:], uint32(n))
	p.done = 0
	setState(p, spillFull)
}

// setState is kept out of line so that what is written before it stays before it.
//
//go:noinline
func setState(p *spill, state byte) { p.mem[0] = state }

func (p *spill) clear() { setState(p, spillIdle) }

func (p *spill) unmap() { unix.Munmap(p.mem) }

// held is what a dead keeper's page still holds: the bytes, the log they belong to, and its size before them.
func (p *spill) held() (data []byte, log string, size int64) {
	n := binary.LittleEndian.Uint32(p.mem[8:])
	if p.mem[0] == spillReading {
		n = binary.LittleEndian.Uint32(p.mem[4:])
		if k := min(int(n), len(sentinel)); string(p.data()[:k]) == sentinel[:k] {
			n = 0
		}
	}
	size = int64(binary.LittleEndian.Uint64(p.mem[16:]))
	path := int(binary.LittleEndian.Uint16(p.mem[24:]))
	if p.mem[0] == spillIdle || n > spillData || path > spillHead-32 {
		return nil, "", 0
	}
	return p.data()[:n], string(p.mem[32 : 32+path]), size
}

// replay writes into the log what it lacks of the page. False means that it could not, and the page must be kept.
func (p *spill) replay() bool {
	data, log, before := p.held()
	if len(data) == 0 {
		return true
	}
	fd, size, err := openPlain(log, unix.O_WRONLY|unix.O_CREAT)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	failpoint.Here("keeper.spill.replaying")
	have := size - before
	if have < 0 { // it was cut: all of it is missing
		have = 0
	}
	for have < int64(len(data)) {
		n, err := unix.Pwrite(fd, data[have:], size)
		if err != nil {
			return false
		}
		have, size = have+int64(n), size+int64(n)
	}
	return true
}

// replaySpills empties the pages that a dead keeper left. Those that could not be written yet stay, by their log.
func replaySpills(run string) (kept map[string]*spill) {
	kept = map[string]*spill{}
	entries, _ := os.ReadDir(run)
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), "spill.") {
			continue
		}
		p, err := openSpill(run + "/" + e.Name())
		if err != nil {
			continue
		}
		if _, log, _ := p.held(); !p.replay() {
			kept[log] = p
			continue
		}
		failpoint.Here("keeper.spill.replayed")
		p.unmap()
		unix.Unlink(p.path)
	}
	return kept
}

// freeSpill maps the first page whose number is not taken.
func freeSpill(run string) (*spill, error) {
	for n := 0; ; n++ {
		path := run + "/spill." + strconv.Itoa(n)
		var st unix.Stat_t
		if unix.Lstat(path, &st) != nil {
			return openSpill(path)
		}
	}
}
