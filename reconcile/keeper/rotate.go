package keeper

import (
	"os"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"kitt.sh/reconcile/failpoint"
)

// rotate closes current as @START.log, opens a new one, and removes what is closed beyond keep.
// Whichever step a kill interrupts, open and mend find the place again.
func (s *store) rotate(keep int, now int64) error {
	end, name := s.end(), pad20(s.start)
	s.putMark(now, end)
	failpoint.Here("keeper.rotate.marked")
	if err := unix.Rename(s.path(), s.dir+"/@"+name+".log"); err != nil {
		return err
	}
	failpoint.Here("keeper.rotate.renamed")
	if err := unix.Rename(s.path()+".idx", s.dir+"/"+name+".idx"); err != nil {
		return err
	}
	failpoint.Here("keeper.rotate.indexed")
	s.close()
	s.drop(keep)
	failpoint.Here("keeper.rotate.dropped")
	fd, size, err := openPlain(s.path(), unix.O_RDWR|unix.O_CREAT|unix.O_EXCL)
	if err != nil {
		return err
	}
	failpoint.Here("keeper.rotate.opened")
	idx, _, err := openPlain(s.path()+".idx", unix.O_RDWR|unix.O_CREAT|unix.O_APPEND|unix.O_TRUNC)
	if err != nil {
		unix.Close(fd)
		return err
	}
	failpoint.Here("keeper.rotate.unmarked")
	s.fd, s.idx, s.start, s.size, s.safe = fd, idx, end, size, size
	return s.putMark(now, end)
}

// drop unlinks the oldest closed segments beyond keep.
func (s *store) drop(keep int) {
	closed := segments(s.dir)
	for _, g := range closed[:beyond(closed, keep)] {
		unix.Unlink(s.dir + "/" + g.file)
		unix.Unlink(s.dir + "/" + pad20(g.start) + ".idx")
	}
}

// beyond is how many of the files, oldest first, belong to segments beyond the newest keep. A segment that is just being
// compressed has two files for a moment, and counts once.
func beyond(closed []segment, keep int) int {
	n := len(closed)
	for ; keep > 0 && n > 0; keep-- {
		for start := closed[n-1].start; n > 0 && closed[n-1].start == start; {
			n--
		}
	}
	return n
}

// A segment is a closed file of a store; compressed if its name ends in more than .log.
type segment struct {
	file  string
	start int64
}

// segments lists the closed ones, oldest first.
func segments(dir string) (out []segment) {
	d, err := os.Open(dir)
	if err != nil {
		return nil
	}
	defer d.Close()
	names, _ := d.Readdirnames(-1)
	for _, n := range names {
		digits, ext, ok := strings.Cut(strings.TrimPrefix(n, "@"), ".")
		if n[0] != '@' || !ok || ext != "log" && ext != "log.zst" && ext != "log.gz" {
			continue
		}
		if start, err := strconv.ParseInt(digits, 10, 64); err == nil && len(digits) == 20 {
			out = append(out, segment{n, start})
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].start < out[j].start })
	return out
}

// lastEnd is the offset behind the last closed segment: by its size, or by its index where it is compressed or gone.
func lastEnd(dir string) (end int64) {
	for _, g := range segments(dir) {
		var st unix.Stat_t
		if strings.HasSuffix(g.file, ".log") && unix.Lstat(dir+"/"+g.file, &st) == nil {
			end = max(end, g.start+st.Size)
		}
	}
	d, err := os.Open(dir)
	if err != nil {
		return end
	}
	defer d.Close()
	names, _ := d.Readdirnames(-1)
	for _, n := range names {
		if len(n) == 24 && strings.HasSuffix(n, ".idx") {
			end = max(end, lastMark(dir+"/"+n))
		}
	}
	return end
}

func lastMark(path string) int64 {
	fd, n, err := openPlain(path, unix.O_RDONLY)
	if err != nil {
		return 0
	}
	defer unix.Close(fd)
	if n -= n % 16; n < 16 {
		return 0
	}
	return readMark(fd, n-16).off
}

// endOnDisk is the offset behind the last byte of a stream that nobody has open; it makes nothing.
func endOnDisk(dir string) int64 {
	fd, n, err := openPlain(dir+"/current.idx", unix.O_RDONLY)
	if err != nil {
		return lastEnd(dir)
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if n < 16 || unix.Lstat(dir+"/current", &st) != nil {
		return lastEnd(dir)
	}
	return max(readMark(fd, 0).off+st.Size, readMark(fd, n-n%16-16).off)
}
