package logs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Project is the folder of a project's instances below a root.
func Project(root, project string) string { return filepath.Join(root, encode(project)) }

// A trimmable is a closed segment that may be removed.
type trimmable struct {
	dir    string
	name   name
	closed int64 // unix ns
	bytes  int64 // with its index
}

// Trim removes closed segments of these streams, oldest first over all of them, until the streams take at most most bytes
// of the disk. What grows is never removed, so they may take more. What cannot be removed is passed over and told.
func Trim(dirs []string, most int64) (removed int, freed int64, err error) {
	var all []trimmable
	total := int64(0)
	var errs []error
	for _, dir := range dirs {
		some, bytes, err := segments(dir)
		if err != nil {
			errs = append(errs, err)
		}
		all, total = append(all, some...), total+bytes
	}
	slices.SortStableFunc(all, func(a, b trimmable) int { return int(min(max(a.closed-b.closed, -1), 1)) })
	for _, s := range all {
		if total <= most {
			break
		}
		if err := s.remove(); err != nil {
			errs = append(errs, err)
			continue
		}
		removed, freed, total = removed+1, freed+s.bytes, total-s.bytes
	}
	if err := errors.Join(errs...); err != nil {
		return removed, freed, fmt.Errorf("trim logs: %w", err)
	}
	return removed, freed, nil
}

// segments lists the closed segments of a stream, oldest first, and tells what all of its files take.
func segments(dir string) (out []trimmable, bytes int64, err error) {
	files, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	sizes, times := map[string]int64{}, map[string]int64{}
	for _, f := range files {
		if info, err := f.Info(); err == nil && info.Mode().IsRegular() {
			sizes[f.Name()], times[f.Name()] = info.Size(), info.ModTime().UnixNano()
			bytes += info.Size()
		}
	}
	names, err := closed(dir)
	for _, n := range names {
		plain, zst, idx := name{n.start, n.digits, false}.path(""), name{n.start, n.digits, true}.path(""), n.index("")
		s := trimmable{dir, n, max(times[plain], times[zst]), sizes[plain] + sizes[zst] + sizes[idx]}
		if len(out) > 0 {
			s.closed = max(s.closed, out[len(out)-1].closed) // a clock that was set back makes no hole
		}
		out = append(out, s)
	}
	return out, bytes, err
}

// remove removes the segment, whatever its form is by now, then its index.
func (s trimmable) remove() error {
	var errs []error
	for _, path := range []string{name{s.name.start, s.name.digits, false}.path(s.dir), name{s.name.start, s.name.digits, true}.path(s.dir), s.name.index(s.dir)} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
