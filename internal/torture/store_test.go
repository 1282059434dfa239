//go:build linux

package torture

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// What is here reads the log store by docs/formats.md alone, with nothing of kitt's own reader.

// A stretch is one segment of a stream, as it lies on the disk.
type stretch struct {
	start int64
	path  string
}

// stretches lists the segments of a stream's folder, oldest first; one that has a plain file and a compressed one is
// there once. current comes last; its place is the first mark of its index.
func stretches(dir string) ([]stretch, error) {
	names, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	byStart := map[int64]string{}
	for _, e := range names {
		name := e.Name()
		digits, ext, _ := strings.Cut(strings.TrimPrefix(name, "@"), ".")
		start, err := strconv.ParseInt(digits, 10, 64)
		if name[0] != '@' || err != nil || ext != "log" && ext != "log.zst" || byStart[start] != "" && ext != "log" {
			continue
		}
		byStart[start] = filepath.Join(dir, name)
	}
	var out []stretch
	for start, path := range byStart {
		out = append(out, stretch{start, path})
	}
	if idx, err := os.ReadFile(dir + "/current.idx"); err == nil && len(idx) >= 16 {
		out = append(out, stretch{int64(binary.LittleEndian.Uint64(idx[8:16])), dir + "/current"})
	}
	slices.SortFunc(out, func(a, b stretch) int { return int(a.start - b.start) })
	return out, nil
}

func (s stretch) read() ([]byte, error) {
	if !strings.HasSuffix(s.path, ".zst") {
		b, err := os.ReadFile(s.path)
		if os.IsNotExist(err) && strings.HasSuffix(s.path, "/current") {
			return nil, nil
		}
		return b, err
	}
	f, err := os.Open(s.path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := zstd.NewReader(f, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	return io.ReadAll(z)
}

// An author is one life's part of a stream, as far as it was seen.
type author struct {
	next uint64 // number of the line that has to come
	tail string // begins like a line, and is none
}

// A page looks through one stream of one instance.
type page struct {
	r       *report
	inst    string
	stream  string
	kept    bool // nothing was removed by log.keep: the first line must be there
	authors map[string]*author
	order   []string
	rest    []byte // of a line that goes on in the next segment
}

// readStream looks through the stored stream in dir. It returns how far each life's part goes.
func readStream(r *report, dir, inst, stream string, kept bool) (map[string]*author, error) {
	list, err := stretches(dir)
	if err != nil {
		return nil, err
	}
	p := &page{r: r, inst: inst, stream: stream, kept: kept, authors: map[string]*author{}}
	end := int64(0)
	for i, s := range list {
		b, err := s.read()
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", s.path, err)
		}
		if i == 0 && s.start > 0 {
			if kept {
				r.fault(holes, 1, "%s: the first segment begins at %d", dir, s.start)
			} else if j := bytes.IndexByte(b, '@'); j >= 0 {
				b, s.start = b[j:], s.start+int64(j) // it may begin inside a line
			}
		} else if s.start != end {
			r.fault(holes, 1, "%s begins at %d, the one before it ends at %d", s.path, s.start, end)
		}
		end = s.start + int64(len(b))
		r.seen["segments"]++
		r.seen["bytes"] += len(b)
		p.take(b)
	}
	p.record(p.rest)
	return p.authors, nil
}

// readCopy looks through the plain copy of a stream: FILE.N, … FILE.1, FILE, the oldest first. Its end may be missing.
func readCopy(r *report, file, inst, stream string) error {
	p := &page{r: r, inst: inst, stream: stream, kept: true, authors: map[string]*author{}}
	n := 1
	for ; ; n++ {
		if _, err := os.Stat(file + "." + strconv.Itoa(n)); err != nil {
			break
		}
	}
	for n--; n >= 0; n-- {
		name := file
		if n > 0 {
			name += "." + strconv.Itoa(n)
		}
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		r.seen["bytes of copies"] += len(b)
		p.take(b)
	}
	p.record(p.rest)
	return nil
}

// take cuts text into lines: each begins with an @, which is nowhere else in it.
func (p *page) take(b []byte) {
	b = append(p.rest, b...)
	for {
		if len(b) == 0 {
			break
		}
		next := bytes.IndexByte(b[1:], '@')
		if next < 0 {
			break
		}
		p.record(b[:next+1])
		b = b[next+1:]
	}
	p.rest = append([]byte(nil), b...)
}

// record judges one line.
func (p *page) record(b []byte) {
	if len(b) == 0 {
		return
	}
	inst, run, stream, n, ok := parseLine(b)
	if !ok {
		p.broken(b)
		return
	}
	p.r.seen["lines"]++
	if inst != p.inst || stream != p.stream {
		p.r.fault(torn, 1, "%s/%s holds a line of %s/%s", p.inst, p.stream, inst, stream)
		return
	}
	a := p.author(run, n)
	switch {
	case n < a.next:
		p.r.fault(doubled, 1, "%s/%s of %s: line %d after %d", p.inst, p.stream, run, n, a.next-1)
		return
	case n > a.next:
		p.r.fault(lost, int(n-a.next), "%s/%s of %s: line %d after %d", p.inst, p.stream, run, n, int64(a.next)-1)
	}
	if a.tail != "" {
		p.r.fault(torn, 1, "%s/%s of %s: %q is followed by more", p.inst, p.stream, run, a.tail)
		a.tail = ""
	}
	a.next = n + 1
}

func (p *page) author(run string, n uint64) *author {
	a := p.authors[run]
	if a == nil {
		a = &author{}
		if !p.kept && len(p.authors) == 0 {
			a.next = n
		}
		p.authors[run] = a
		p.order = append(p.order, run)
	}
	return a
}

// broken keeps what begins like a line of a life, in case that life was killed while it wrote it.
func (p *page) broken(b []byte) {
	f := strings.SplitN(string(b), "/", 4)
	if len(f) == 4 && f[0] == "@"+p.inst && f[2] == p.stream && !strings.Contains(string(b), "\n") {
		if a := p.author(f[1], 0); a.tail == "" {
			a.tail = string(b)
			return
		}
	}
	for i := len(p.order) - 1; i >= 0; i-- { // cut within its name
		if a := p.authors[p.order[i]]; a.tail == "" && strings.HasPrefix("@"+p.inst+"/"+p.order[i]+"/"+p.stream+"/", string(b)) {
			a.tail = string(b)
			return
		}
	}
	p.r.fault(torn, 1, "%s/%s: %q", p.inst, p.stream, string(b[:min(len(b), 100)]))
}

// parseLine reads @INST/RUN/STREAM/N:pad:CRC$ and its line break.
func parseLine(b []byte) (inst, run, stream string, n uint64, ok bool) {
	if len(b) < 12 || b[0] != '@' || string(b[len(b)-2:]) != "$\n" {
		return
	}
	at := len(b) - 10
	sum, err := strconv.ParseUint(string(b[at:len(b)-2]), 16, 32)
	if err != nil || uint32(sum) != crc32.ChecksumIEEE(b[:at]) {
		return
	}
	head, _, _ := bytes.Cut(b[1:], []byte(":"))
	f := strings.Split(string(head), "/")
	if len(f) != 4 {
		return
	}
	n, err = strconv.ParseUint(f[3], 10, 64)
	return f[0], f[1], f[2], n, err == nil
}
