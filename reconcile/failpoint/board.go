package failpoint

import (
	"os"
	"sync/atomic"
	"syscall"
	"unsafe"
)

// A Board is a file that the processes under test and their test all map: how often each step was come to, and which is
// armed. It outlives every one of them.
type Board struct {
	cells []cell
	index map[string]int
}

type cell struct {
	hits  atomic.Uint64
	armed atomic.Int32 // dies at so many more hits; 0 and below: does not
	kills atomic.Uint32
}

// Open maps the board at path, made if it is missing.
func Open(path string) (*Board, error) {
	size := len(Names) * int(unsafe.Sizeof(cell{}))
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := f.Truncate(int64(size)); err != nil {
		return nil, err
	}
	mem, err := syscall.Mmap(int(f.Fd()), 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		return nil, os.NewSyscallError("mmap", err)
	}
	b := &Board{cells: unsafe.Slice((*cell)(unsafe.Pointer(&mem[0])), len(Names)), index: map[string]int{}}
	for i, name := range Names {
		b.index[name] = i
	}
	return b, nil
}

// Arm has the process die that comes to the step for the nth time from now, once. 0 disarms.
func (b *Board) Arm(name string, n int) { b.cell(name).armed.Store(int32(n)) }

// Armed tells whether the step still waits for its process.
func (b *Board) Armed(name string) bool { return b.cell(name).armed.Load() > 0 }

// Hits is how often a process came to the step.
func (b *Board) Hits(name string) int { return int(b.cell(name).hits.Load()) }

// Kills is how many processes died there.
func (b *Board) Kills(name string) int { return int(b.cell(name).kills.Load()) }

func (b *Board) cell(name string) *cell {
	i, ok := b.index[name]
	if !ok {
		panic("failpoint: no step named " + name)
	}
	return &b.cells[i]
}

func (b *Board) hit(name string) {
	c := b.cell(name)
	c.hits.Add(1)
	if c.armed.Load() <= 0 || c.armed.Add(-1) != 0 {
		return
	}
	c.kills.Add(1)
	syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
	select {} // not one step further
}
