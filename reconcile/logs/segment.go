// Package logs finds again what the keeper stored: lines by time, the bytes exactly, and copies in plain files.
//
// A stream is a folder: `current` grows; `current.idx` holds 16-byte little-endian marks {i64 unix_ns, u64 offset},
// the first of which is the segment's creation and start; closed segments are `@START.log`, later `@START.log.zst`,
// with `START.idx` beside. Offsets are logical: bytes since the stream began. The keeper renames, the daemon
// compresses and the oldest segments vanish while this package reads: it loses and doubles nothing of what is there.
package logs

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// Folder is where the streams of an instance lie below a root: PROJECT/PROCESS.N, with every byte outside
// [A-Za-z0-9._-] and a leading dot %-encoded.
func Folder(root, project, process string, n int) string {
	return filepath.Join(root, encode(project), encode(process)+"."+strconv.Itoa(n))
}

func encode(name string) string {
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		c := name[i]
		plain := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.' && i > 0
		if plain {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

const current = "current"

// A segment is one file of a stream. end is where the next one starts; for the current one, not known.
type segment struct {
	start, end int64
	path, idx  string
	current    bool
}

// segments lists the files of a stream, oldest first. A stream that has none yet has no segments.
func segments(dir string) ([]segment, error) {
	names, err := os.ReadDir(dir)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list stream: %w", err)
	}
	var out []segment
	grows := false
	for _, e := range names {
		if e.Name() == current {
			grows = true
		} else if s, ok := closed(dir, e.Name()); ok {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b segment) int { return int(min(1, max(-1, a.start-b.start))) })
	out = slices.CompactFunc(out, func(a, b segment) bool { return a.start == b.start }) // plain and compressed for a moment
	if grows {
		out = append(out, currentSegment(dir, out))
	}
	for i := range out {
		if i+1 < len(out) {
			out[i].end = out[i+1].start
		}
	}
	return out, nil
}

// closed reads the name of a closed segment.
func closed(dir, name string) (segment, bool) {
	digits, ok := strings.CutPrefix(name, "@")
	digits, kind, _ := strings.Cut(digits, ".")
	start, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || kind != "log" && kind != "log.zst" {
		return segment{}, false
	}
	return segment{start: start, path: filepath.Join(dir, name), idx: filepath.Join(dir, digits+".idx")}, true
}

// currentSegment finds where the growing segment starts: its index says, or the one before it ends there.
func currentSegment(dir string, before []segment) segment {
	s := segment{path: filepath.Join(dir, current), idx: filepath.Join(dir, current+".idx"), current: true}
	if marks := readMarks(s.idx); len(marks) > 0 {
		s.start = marks[0].off
	} else if n := len(before); n > 0 {
		s.start = before[n-1].start + plainSize(before[n-1].path)
	}
	return s
}

// plainSize is the size of a segment before it was compressed; 0 where that cannot be told.
func plainSize(path string) int64 {
	if !strings.HasSuffix(path, ".zst") {
		st, err := os.Stat(path)
		if err != nil {
			return 0
		}
		return st.Size()
	}
	r, err := open(path)
	if err != nil {
		return 0
	}
	defer r.Close()
	n, _ := discard(r)
	return n
}

// A mark says when the byte at a logical offset was written, to 10 ms.
type mark struct {
	at  int64 // unix ns
	off int64
}

// readMarks reads an index. A torn last mark is left out; so is all that follows one that runs backwards.
func readMarks(path string) []mark {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	return parseMarks(b)
}

func parseMarks(b []byte) []mark {
	marks := make([]mark, 0, len(b)/16)
	for ; len(b) >= 16; b = b[16:] {
		m := mark{int64(binary.LittleEndian.Uint64(b)), int64(binary.LittleEndian.Uint64(b[8:]))}
		if m.off < 0 || len(marks) > 0 && m.off < marks[len(marks)-1].off {
			break
		}
		marks = append(marks, m)
	}
	return marks
}

// timeAt is when the byte at off was written, or fallback where no mark tells.
func timeAt(marks []mark, off int64, fallback time.Time) time.Time {
	i := sort.Search(len(marks), func(i int) bool { return marks[i].off > off })
	if i == 0 {
		return fallback
	}
	return time.Unix(0, marks[i-1].at)
}

// modified is when a file was last written, for a segment that has no index.
func modified(path string) time.Time {
	st, err := os.Stat(path)
	if err != nil {
		return time.Time{}
	}
	return st.ModTime()
}

// Usage is how many bytes a folder holds, with all below it.
func Usage(dir string) (n int64) {
	_ = filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil {
			return nil // vanished while we looked
		}
		if info, err := e.Info(); err == nil && e.Type().IsRegular() {
			n += info.Size()
		}
		return nil
	})
	return n
}
