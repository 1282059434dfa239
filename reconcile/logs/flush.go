package logs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Flush empties what is stored of a stream: closed segments go, the current one is cut, so that whoever appends to it
// and whoever reads it goes on behind the last byte there was. Nothing stored is nothing to do.
func Flush(dir string) error {
	names, err := closed(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("flush log: %w", err)
	}
	var errs []error
	for _, n := range names {
		errs = append(errs, os.Remove(n.path(dir)))
	}
	idx, _ := filepath.Glob(filepath.Join(dir, "[0-9]*.idx"))
	if _, err := os.Stat(filepath.Join(dir, "current.idx")); err == nil { // else the last of them tells where the stream goes on
		for _, path := range idx {
			errs = append(errs, os.Remove(path))
		}
	}
	f, err := os.OpenFile(filepath.Join(dir, "current"), os.O_WRONLY|syscall.O_NOFOLLOW, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		errs = append(errs, err)
	default:
		errs = append(errs, f.Truncate(0), f.Close())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("flush log: %w", err)
	}
	return nil
}

// Empty cuts the file of a copy. A device, a pipe, or no file is left as it is.
func Empty(path string) error {
	if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() && info.Mode()&os.ModeSymlink == 0 {
		return nil
	}
	f, err := openPlace(path)
	if err != nil {
		return fmt.Errorf("empty copy: %w", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil
	}
	return f.Truncate(0)
}
