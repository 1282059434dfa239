package logs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"

	"os"
	"path/filepath"
	"syscall"
)

// copyState is the first line of the state file. The bytes of the chunk follow it, if there is one.
type copyState struct {
	Inode uint64           `json:"inode"`
	Size  int64            `json:"size"`           // of the copy before the chunk
	At    map[string]int64 `json:"at"`             // stream folder -> offset behind the chunk
	Open  string           `json:"open,omitempty"` // folder of the stream whose very long line goes on behind the chunk
	Chunk int              `json:"chunk,omitempty"`
	Sum   uint32           `json:"sum,omitempty"` // CRC-32C of the chunk
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// loadState reads a state file. One that is missing or broken, as only a power cut leaves it, is the beginning.
func loadState(path string) (copyState, []byte) {
	b, err := os.ReadFile(path)
	if err != nil {
		return copyState{At: map[string]int64{}}, nil
	}
	return parseState(b)
}

func parseState(b []byte) (s copyState, chunk []byte) {
	head, chunk, _ := bytes.Cut(b, []byte{'\n'})
	ok := json.Unmarshal(head, &s) == nil && s.At != nil && s.Size >= 0
	for _, off := range s.At {
		ok = ok && off >= 0
	}
	if !ok || len(chunk) != s.Chunk || crc32.Checksum(chunk, castagnoli) != s.Sum {
		return copyState{At: map[string]int64{}}, nil
	}
	return s, chunk
}

// save replaces the state file. It need not outlive a power cut, only our own death.
func (k *Copier) save(s copyState, chunk []byte) error {
	s.Chunk, s.Sum = len(chunk), crc32.Checksum(chunk, castagnoli)
	head, err := json.Marshal(s)
	if err == nil {
		err = k.disk.replace(k.path, append(head, '\n'), chunk)
	}
	if err != nil {
		return fmt.Errorf("copy log: %w", err)
	}
	k.s, k.dirty = s, len(chunk) > 0
	return nil
}

// A disk is where a Copier changes something: a test dies there, at any byte.
type disk interface {
	write(f *os.File, b []byte) (int, error)
	replace(path string, parts ...[]byte) error
	rename(from, to string) error
	remove(path string) error
}

type realDisk struct{}

func (realDisk) write(f *os.File, b []byte) (int, error) { return f.Write(b) }
func (realDisk) rename(from, to string) error            { return renamePlace(from, to) }
func (realDisk) remove(path string) error                { return removePlace(path) }

// replace makes a file of parts take the place of the one at path.
func (realDisk) replace(path string, parts ...[]byte) error {
	tmp := path + ".new"
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if errors.Is(err, os.ErrNotExist) {
		if err = os.MkdirAll(filepath.Dir(path), 0o700); err == nil {
			f, err = os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		}
	}
	if err != nil {
		return err
	}
	for _, b := range parts {
		if _, err = f.Write(b); err != nil {
			break
		}
	}
	if err = errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(tmp) // on a full disk, it is in the way of others
		return err
	}
	return os.Rename(tmp, path)
}

// finish adds to the copy what it lacks of the chunk.
func (k *Copier) finish() error {
	if len(k.chunk) == 0 {
		return nil
	}
	f, st, err := k.dest()
	if err != nil {
		return err
	}
	defer f.Close()
	holder, err := k.holder(f, st)
	if err != nil {
		return err
	}
	have := 0
	if holder != nil {
		have = k.have(holder)
		if holder != f {
			defer holder.Close()
		}
	}
	if _, err := k.disk.write(f, k.chunk[have:]); err != nil {
		return fmt.Errorf("copy log: %w", err)
	}
	k.chunk, k.dirty = nil, true
	return nil
}

// holder is the file that the chunk was to be added to: the copy, or that moved to .1 since; nil if it is gone. Then
// all of the chunk goes into the new one: nobody can have the lines twice.
func (k *Copier) holder(f *os.File, st os.FileInfo) (*os.File, error) {
	if inode(st) == k.s.Inode {
		return f, nil
	}
	old, err := os.Open(k.numbered(1))
	if err != nil {
		return nil, nil
	}
	if st, err := old.Stat(); err == nil && inode(st) == k.s.Inode {
		return old, nil
	}
	return nil, old.Close()
}

// have is how much of the chunk a file holds where it was to be added. If somebody else wrote there too, only whole
// lines count.
func (k *Copier) have(f *os.File) int {
	b := make([]byte, len(k.chunk))
	n, _ := f.ReadAt(b, k.s.Size)
	same := 0
	for same < n && b[same] == k.chunk[same] {
		same++
	}
	if same < n {
		same = bytes.LastIndexByte(k.chunk[:same], '\n') + 1
	}
	return same
}

// dest opens the copy for appending, and makes it and its folder if they are missing.
func (k *Copier) dest() (*os.File, os.FileInfo, error) {
	f, err := openPlace(k.c.Path)
	if err != nil {
		return nil, nil, fmt.Errorf("copy log: %w", err)
	}
	st, err := f.Stat()
	if err == nil && !st.Mode().IsRegular() && st.Mode()&os.ModeCharDevice == 0 {
		err = fmt.Errorf("%s is no plain file", k.c.Path)
	}
	if s, ok := statOf(st); ok && s.Nlink > 1 && os.Geteuid() == 0 && st.Mode().IsRegular() {
		err = fmt.Errorf("%s has a second name; root does not write to it", k.c.Path) // whoever gave it chose what it is
	}
	if err != nil {
		f.Close()
		return nil, nil, fmt.Errorf("copy log: %w", err)
	}
	return f, st, nil
}

func inode(st os.FileInfo) uint64 {
	if s, ok := statOf(st); ok {
		return uint64(s.Ino)
	}
	return 0
}

func statOf(st os.FileInfo) (*syscall.Stat_t, bool) {
	if st == nil {
		return nil, false
	}
	s, ok := st.Sys().(*syscall.Stat_t)
	return s, ok
}

// Close notes that all is in the copy, if so. The copy may be gone on with by another Copier.
func (k *Copier) Close() error {
	if len(k.chunk) > 0 || !k.dirty {
		return nil
	}
	return k.save(k.s, nil)
}
