// Package logs finds again what the keeper stored: lines by time, the bytes exactly, and copies in plain files.
//
// A stream is a folder: `current` grows; `current.idx` holds 16-byte little-endian marks {i64 unix_ns, u64 offset},
// the first of which is the segment's creation and start; closed segments are `@START.log`, later `@START.log.zst`,
// with `START.idx` beside. Offsets are logical: bytes since the stream began. The keeper renames, the daemon
// compresses and the oldest segments vanish while this package reads: it loses and doubles nothing of what is there.
package logs

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
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

const (
	current = "current"
	zipped  = ".log.zst"
)

// A name is that of a closed segment.
type name struct {
	start  int64
	digits string // of start, as in the file's name
	zst    bool
}

func (n name) path(dir string) string {
	if n.zst {
		return filepath.Join(dir, "@"+n.digits+zipped)
	}
	return filepath.Join(dir, "@"+n.digits+".log")
}

func (n name) index(dir string) string { return filepath.Join(dir, n.digits+".idx") }

func parseName(file string) (name, bool) {
	rest, ok := strings.CutPrefix(file, "@")
	digits, ext, _ := strings.Cut(rest, ".")
	start, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || start < 0 || ext != "log" && ext != "log.zst" {
		return name{}, false
	}
	return name{start, digits, ext == "log.zst"}, true
}

// closed lists the closed segments of a stream, oldest first, each once. One that is compressed just now may be
// missing from the list, for the system reads a folder in steps.
func closed(dir string) ([]name, error) {
	files, err := os.ReadDir(dir)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list stream: %w", err)
	}
	var out []name
	for _, f := range files {
		if n, ok := parseName(f.Name()); ok {
			out = append(out, n)
		}
	}
	// Plain before compressed: both may be there for a moment, and both are whole.
	slices.SortStableFunc(out, func(a, b name) int { return cmp.Or(cmp.Compare(a.start, b.start), rank(a)-rank(b)) })
	return slices.CompactFunc(out, func(a, b name) bool { return a.start == b.start }), nil
}

func rank(n name) int {
	if n.zst {
		return 1
	}
	return 0
}
