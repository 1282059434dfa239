package logs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
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
// written, a small state file says from where to where it was made, and the next Copier makes it anew and
// writes what is missing of it.
type Copier struct {
	c     Copy
	state string // path of the state file
	s     copyState
}

// copyState is the state file: what is in the destination, and the chunk that is being added to it.
type copyState struct {
	Inode uint64           `json:"inode"`
	Size  int64            `json:"size"`            // of the destination before the chunk
	At    map[string]int64 `json:"at"`              // stream folder -> offset before the chunk
	To    map[string]int64 `json:"to,omitempty"`    // offset behind the chunk; empty: no chunk is being added
	Chunk int64            `json:"chunk,omitempty"` // bytes of the chunk
}

// NewCopier goes on with a copy where its state file says, else from the beginning of what is stored.
func NewCopier(c Copy, state string) (*Copier, error) {
	k := &Copier{c: c, state: state, s: copyState{At: map[string]int64{}}}
	b, err := os.ReadFile(state)
	if err == nil && json.Unmarshal(b, &k.s) == nil && k.s.At != nil {
		return k, k.finish()
	}
	k.s = copyState{At: map[string]int64{}}
	return k, nil
}

// finish writes what is missing of a chunk that a crash cut short.
func (k *Copier) finish() error {
	if k.s.To == nil {
		return nil
	}
	f, st, err := k.open()
	if err != nil {
		return err
	}
	defer f.Close()
	done := st.Size() - k.s.Size
	if inode(st) == k.s.Inode && done < k.s.Chunk {
		chunk, err := k.chunk(context.Background(), k.s.At, k.s.To)
		if err != nil {
			return err
		}
		if _, err := f.Write(chunk[min(max(0, done), int64(len(chunk))):]); err != nil {
			return fmt.Errorf("copy log: %w", err)
		}
	}
	return k.settle(f)
}

// Pump copies every whole line that is stored and not yet in the copy, and of the stream folders in flush the
// unfinished last lines as well. After an error it goes on from the same place at the next call.
func (k *Copier) Pump(ctx context.Context, flush map[string]bool) error {
	if err := k.finish(); err != nil {
		return err
	}
	for {
		more, err := k.step(ctx, flush)
		if err != nil || !more {
			return err
		}
	}
}

// step copies one chunk.
func (k *Copier) step(ctx context.Context, flush map[string]bool) (more bool, err error) {
	to, err := k.reach(flush)
	if err != nil || len(to) == 0 {
		return false, err
	}
	f, st, err := k.open()
	if err != nil {
		return false, err
	}
	defer f.Close()
	chunk, err := k.chunk(ctx, k.s.At, to)
	if err != nil {
		return false, err
	}
	next := copyState{Inode: inode(st), Size: st.Size(), At: k.s.At, To: to, Chunk: int64(len(chunk))}
	if err := k.save(next); err != nil {
		return false, err
	}
	if _, err := f.Write(chunk); err != nil {
		return false, fmt.Errorf("copy log: %w", err)
	}
	return true, k.settle(f)
}

// settle notes that the chunk is in, and rotates a file that has grown too large.
func (k *Copier) settle(f *os.File) error {
	st, err := f.Stat()
	if err != nil {
		return fmt.Errorf("copy log: %w", err)
	}
	at := map[string]int64{}
	for dir, off := range k.s.At {
		at[dir] = off
	}
	for dir, off := range k.s.To {
		at[dir] = off
	}
	k.s = copyState{Inode: inode(st), Size: st.Size(), At: at} // saved with the next chunk, or by Close
	if k.c.MaxSize <= 0 || st.Size() < k.c.MaxSize {
		return nil
	}
	if err := k.save(k.s); err != nil {
		return err
	}
	return k.rotate()
}

// rotate renames the file to .1, .1 to .2 and so on; the oldest goes.
func (k *Copier) rotate() error {
	name := func(n int) string { return k.c.Path + "." + strconv.Itoa(n) }
	for n := k.c.Keep - 1; n >= 1; n-- {
		if err := os.Rename(name(n), name(n+1)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("rotate copy: %w", err)
		}
	}
	if k.c.Keep < 1 {
		return os.Remove(k.c.Path)
	}
	return os.Rename(k.c.Path, name(1))
}

// reach says how far each stream can be copied now: behind its last whole line, or its end if in flush; at most
// maxChunk bytes further. Streams with nothing new are left out.
func (k *Copier) reach(flush map[string]bool) (map[string]int64, error) {
	to := map[string]int64{}
	for _, f := range k.c.From {
		at := k.s.At[f.Dir]
		stop, err := lineEnd(f.Dir, at, maxChunk/int64(len(k.c.From))+1, flush[f.Dir])
		if err != nil {
			return nil, err
		}
		if stop > at {
			to[f.Dir] = stop
		}
	}
	return to, nil
}

// lineEnd is the offset behind the last whole line within most bytes from at; a longer line is taken in parts.
func lineEnd(dir string, at, most int64, flush bool) (int64, error) {
	c := &cursor{dir: dir, at: at}
	defer c.leave()
	buf := make([]byte, 32<<10)
	stop := at
	for {
		n, err := c.Read(buf)
		if i := bytes.LastIndexByte(buf[:n], '\n'); i >= 0 {
			stop = c.at - int64(n) + int64(i) + 1
		}
		switch {
		case n == 0 && err != nil:
			if flush && stop < c.at {
				stop = c.at
			}
			return stop, nil // what is broken is passed over by the one who reads
		case c.at-at >= most && stop > at:
			return stop, nil
		case c.at-at >= maxLine:
			return c.at, nil
		}
	}
}

// chunk makes the bytes for the streams between two offsets: always the same for the same offsets.
func (k *Copier) chunk(ctx context.Context, from, to map[string]int64) ([]byte, error) {
	r := &Reader{q: Query{Last: -1, Out: true, Err: true}, known: map[string]bool{}}
	for i, f := range k.c.From {
		if to[f.Dir] <= from[f.Dir] {
			continue
		}
		l := newLineReader(f.Dir, from[f.Dir])
		l.cur.limit = to[f.Dir]
		r.sources = append(r.sources, &source{id: strconv.Itoa(f.N), stream: f.Stream, order: i, lines: l})
	}
	defer r.Close()
	var out []byte
	err := r.Read(ctx, func(l Line) error { out = k.format(out, l); return nil })
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	_ = err // a broken segment: its readable lines are in, and so is the next time
	return out, nil
}

// format appends one line of the copy.
func (k *Copier) format(out []byte, l Line) []byte {
	text := bytes.TrimSuffix(l.Text, []byte{'\n'})
	if k.c.JSON {
		n, _ := strconv.Atoi(l.ID)
		b, _ := json.Marshal(struct {
			Message string `json:"message"`
			At      string `json:"timestamp"`
			Type    string `json:"type"`
			ID      int    `json:"process_id"`
			Name    string `json:"app_name"`
		}{string(text), l.At.Format(time.RFC3339Nano), l.Stream, n - 1, k.c.Name})
		return append(append(out, b...), '\n')
	}
	if k.c.Stamp != "" {
		out = append(l.At.Local().AppendFormat(out, k.c.Stamp), ": "...)
	}
	return append(append(out, text...), '\n')
}

// open opens the destination for appending, and makes it and its folder if they are missing.
func (k *Copier) open() (*os.File, os.FileInfo, error) {
	if err := os.MkdirAll(filepath.Dir(k.c.Path), 0o700); err != nil {
		return nil, nil, fmt.Errorf("copy log: %w", err)
	}
	f, err := os.OpenFile(k.c.Path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("copy log: %w", err)
	}
	st, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, nil, fmt.Errorf("copy log: %w", err)
	}
	return f, st, nil
}

func inode(st os.FileInfo) uint64 {
	if s, ok := st.Sys().(*syscall.Stat_t); ok {
		return uint64(s.Ino)
	}
	return 0
}

// save replaces the state file. It need not outlive a power cut, only our own death.
func (k *Copier) save(s copyState) error {
	b, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("copy log: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(k.state), 0o700); err != nil {
		return fmt.Errorf("copy log: %w", err)
	}
	if err := os.WriteFile(k.state+".new", b, 0o600); err != nil {
		return fmt.Errorf("copy log: %w", err)
	}
	if err := os.Rename(k.state+".new", k.state); err != nil {
		return fmt.Errorf("copy log: %w", err)
	}
	k.s = s
	return nil
}

// Close notes where the copy is. The copy may be gone on with by another Copier.
func (k *Copier) Close() error {
	if k.s.To != nil || len(k.s.At) == 0 {
		return nil
	}
	return k.save(k.s)
}
