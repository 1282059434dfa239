package service

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
	"time"
)

// tick is the unit of CPU time in /proc: USER_HZ is 100 on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// processes lists the processes of the machine that can be read.
func processes() []proc {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	out := make([]proc, 0, len(names))
	buf := make([]byte, 1024)
	page := int64(os.Getpagesize())
	for _, name := range names {
		if name[0] < '1' || name[0] > '9' {
			continue
		}
		if p, ok := readProc(name, buf, page); ok {
			out = append(out, p)
		}
	}
	return out
}

// processOf reads one process.
func processOf(pid int) (proc, bool) {
	return readProc(strconv.Itoa(pid), make([]byte, 1024), int64(os.Getpagesize()))
}

// readProc reads /proc/PID/stat with three system calls.
func readProc(name string, buf []byte, page int64) (proc, bool) {
	fd, err := syscall.Open("/proc/"+name+"/stat", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return proc{}, false
	}
	n, err := syscall.Read(fd, buf)
	syscall.Close(fd)
	if err != nil {
		return proc{}, false
	}
	return parseStat(buf[:max(n, 0)], page)
}

// parseStat reads a line of /proc/PID/stat (proc(5)): fields 1, 2, 4, 6, 14 to 17 and 24.
func parseStat(b []byte, page int64) (p proc, ok bool) {
	open, end := bytes.IndexByte(b, '('), bytes.LastIndexByte(b, ')')
	if open < 1 || end < open {
		return p, false
	}
	p.pid, _ = strconv.Atoi(string(b[:open-1]))
	p.name = string(b[open+1 : end])
	f := bytes.Fields(b[end+1:])
	if len(f) < 22 {
		return p, false
	}
	num := func(field int) int64 { n, _ := strconv.ParseInt(string(f[field-3]), 10, 64); return n }
	p.parent, p.session = int(num(4)), int(num(6))
	p.cpu = time.Duration(num(14)+num(15)+num(16)+num(17)) * tick
	p.memory = num(24) * page
	return p, true
}
