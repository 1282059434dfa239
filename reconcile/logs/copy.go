package logs

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// maxChunk is about how many bytes one step of a copy writes.
const maxChunk = 256 << 10

// A Copy is a plain file that holds the lines of some streams, as people asked for it.
type Copy struct {
	Path    string // absolute; its folder is made if missing
	From    []Feed
	Stamp   string // Go time layout put before each line, with ": "; "" is none
	JSON    bool   // an object a line: message, timestamp, type, process_id, app_name
	Name    string // app_name
	MaxSize int64  // bytes at which the file becomes Path.1, Path.1 becomes Path.2 …; 0: never
	Keep    int    // how many of these are kept
}

// A Feed is one stream that a Copy takes lines from.
type Feed struct {
	Dir    string // folder of the stream
	Stream string // out or err
	N      int    // number of the instance
}

// A Copier writes one Copy. Each line goes in once, also when its process is killed at any moment: before a chunk is
// written to the copy, it lies in a small state file with the places in the streams behind it and the size of the
// copy before it. The next Copier adds what is missing of it, and goes on from these places. Nothing is ever made
// a second time, so it does not matter what becomes of the streams meanwhile.
type Copier struct {
	c     Copy
	path  string // of the state file
	s     copyState
	chunk []byte                 // is in the state file, and perhaps not yet, or only in part, in the copy
	dirty bool                   // the state file still has a chunk that is in the copy
	buf   []byte                 // of the next chunk; chunk may be in it
	rest  map[string]os.FileInfo // how the current files of streams copied to their ends looked
	stamp stamp
	disk  disk
}

// NewCopier goes on with a copy where its state file says, else from the beginning of what is stored. What a crash
// left to be added is added by the first Pump.
func NewCopier(c Copy, state string) (*Copier, error) {
	k := &Copier{c: c, path: state, rest: map[string]os.FileInfo{}, disk: realDisk{}}
	k.s, k.chunk = loadState(state)
	k.dirty = len(k.chunk) > 0
	return k, nil
}

// Pump copies every whole line that is stored now and not yet in the copy, and of the stream folders in flush the
// unfinished last lines as well. After an error it goes on from the same place at the next call. What is broken in
// the store is passed over, and told once the rest is copied.
func (k *Copier) Pump(ctx context.Context, flush map[string]bool) error {
	if err := k.finish(); err != nil {
		return err
	}
	sources := k.open(flush)
	defer func() {
		for _, s := range sources {
			s.lines.close()
		}
	}()
	h := gather(sources)
	for len(h) > 0 {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := k.step(&h, sources); err != nil {
			return err
		}
	}
	k.remember(sources)
	if err := k.Close(); err != nil {
		return err
	}
	return troubles(sources)
}

// open returns the streams in which there may be something new.
func (k *Copier) open(flush map[string]bool) (sources []*source) {
	for i, f := range k.c.From {
		was := k.rest[f.Dir]
		now, err := os.Stat(filepath.Join(f.Dir, current))
		if err == nil && was != nil && !flush[f.Dir] && unchanged(was, now) {
			continue
		}
		delete(k.rest, f.Dir)
		s := &source{order: i, stream: f.Stream, lines: newLineReader(f.Dir, k.s.At[f.Dir]), whole: !flush[f.Dir], taken: k.s.At[f.Dir]}
		sources = append(sources, s)
	}
	return sources
}

// unchanged tells whether a file is the same as before; the time, because another may have got its inode.
func unchanged(was, now os.FileInfo) bool {
	return os.SameFile(was, now) && was.Size() == now.Size() && was.ModTime().Equal(now.ModTime())
}

// remember notes of the streams that were copied to their ends what these look like, so as to know them again. What
// came after the pump had looked how far it would go may have been read along with the rest, but was not copied.
func (k *Copier) remember(sources []*source) {
	for _, s := range sources {
		c := s.lines.cur
		if !c.idle() || c.at > s.until {
			continue
		}
		if st, err := c.seg.f.Stat(); err == nil && st.Size() == c.at-c.seg.start {
			k.rest[c.dir] = st
		}
	}
}

// step copies one chunk.
func (k *Copier) step(h *byTime, sources []*source) error {
	f, st, err := k.dest()
	if err != nil {
		return err
	}
	defer f.Close()
	if k.c.MaxSize > 0 && st.Size() >= k.c.MaxSize {
		return k.rotate() // the next step writes to a new file
	}
	most := int64(maxChunk)
	if k.c.MaxSize > 0 {
		most = min(most, k.c.MaxSize-st.Size())
	}
	next := copyState{Inode: inode(st), Size: st.Size(), Open: k.s.Open}
	chunk := k.fill(h, most, &next.Open)
	next.At = k.places(sources)
	if err := k.save(next, chunk); err != nil {
		return err
	}
	k.chunk = chunk
	if _, err := k.disk.write(f, chunk); err != nil {
		return fmt.Errorf("copy log: %w", err)
	}
	k.chunk = nil
	return nil
}

// places are the offsets behind what was taken of each stream.
func (k *Copier) places(sources []*source) map[string]int64 {
	at := map[string]int64{}
	for dir, off := range k.s.At {
		at[dir] = off
	}
	for _, s := range sources {
		at[s.lines.cur.dir] = s.taken
	}
	return at
}

// fill takes lines until they are most bytes. open is the stream whose very long line is not at its end.
func (k *Copier) fill(h *byTime, most int64, open *string) (out []byte) {
	out = k.buf[:0]
	for len(*h) > 0 && int64(len(out)) < most {
		out = k.put(out, (*h)[0], open)
		h.taken()
	}
	if k.buf = nil; cap(out) <= 2*maxChunk {
		k.buf = out
	}
	return out
}

// put appends a line as the copy has it. The parts of a very long line become one line again.
func (k *Copier) put(out []byte, s *source, open *string) []byte {
	l, dir := s.next, s.lines.cur.dir
	text, whole := bytes.CutSuffix(l.Text, []byte{'\n'})
	if k.c.JSON {
		return k.object(out, l, text, k.c.From[s.order].N)
	}
	if *open != "" && *open != dir {
		out = append(out, '\n')
	}
	if *open != dir && k.c.Stamp != "" {
		out = append(out, k.stamp.of(l.At.Local(), k.c.Stamp, ": ")...)
	}
	out, *open = append(out, text...), ""
	if !whole && len(text) >= maxLine {
		*open = dir
		return out
	}
	return append(out, '\n')
}

// object appends a line as an object. Bytes that are no UTF-8 become U+FFFD.
func (k *Copier) object(out []byte, l Line, text []byte, n int) []byte {
	out = appendText(append(out, `{"message":`...), text)
	out = append(append(out, `,"timestamp":"`...), k.stamp.of(l.At, time.RFC3339Nano, `","type":"`)...)
	out = append(append(out, l.Stream...), `","process_id":`...)
	out = strconv.AppendInt(out, int64(n-1), 10)
	out = appendText(append(out, `,"app_name":`...), []byte(k.c.Name))
	return append(out, "}\n"...)
}

// appendText appends a JSON string.
func appendText(out, text []byte) []byte {
	for _, c := range text {
		if c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			return escapeText(out, text)
		}
	}
	return append(append(append(out, '"'), text...), '"')
}

func escapeText(out, text []byte) []byte {
	b := bytes.NewBuffer(out)
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	_ = e.Encode(string(text))
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'})
}

// A stamp remembers how the time of the last line reads: the next one's is mostly the same.
type stamp struct {
	ns   int64
	text []byte
}

func (s *stamp) of(t time.Time, layout, end string) []byte {
	if ns := t.UnixNano(); s.text == nil || ns != s.ns {
		s.ns, s.text = ns, append(t.AppendFormat(s.text[:0], layout), end...)
	}
	return s.text
}

// rotate renames the file to .1, .1 to .2 and so on; the oldest goes. A rotation that was cut short is gone on with:
// the first number that is missing is where it was.
func (k *Copier) rotate() error {
	if err := k.Close(); err != nil { // else a new file would get the last chunk again
		return err
	}
	if k.c.Keep < 1 {
		return k.disk.remove(k.c.Path)
	}
	gap := 1
	for gap < k.c.Keep {
		if _, err := os.Lstat(k.numbered(gap)); err != nil {
			break
		}
		gap++
	}
	for n := gap; n >= 1; n-- {
		if err := k.disk.rename(k.numbered(n-1), k.numbered(n)); err != nil {
			return fmt.Errorf("rotate copy: %w", err)
		}
	}
	return nil
}

// numbered is the name of the n-th older file; 0 is the copy itself.
func (k *Copier) numbered(n int) string {
	if n == 0 {
		return k.c.Path
	}
	return k.c.Path + "." + strconv.Itoa(n)
}
