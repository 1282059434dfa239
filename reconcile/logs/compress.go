package logs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sys/unix"

	"kitt.sh/reconcile/failpoint"
)

const half = "half." // before the name of a compressed segment that is being made

// ErrBusy says that another process is just compressing a stream: a daemon that is being replaced may still be at it.
var ErrBusy = errors.New("another process compresses this stream")

// Compress compresses the closed segments of a stream that are not yet, and clears what an earlier try left.
// Readers see the one or the other, whole. The error is ErrBusy if somebody else is at it: two would write one file; and
// that of ctx if it ended before all was done.
func Compress(ctx context.Context, dir string) error {
	alone, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("compress stream: %w", err)
	}
	defer alone.Close()
	if err := unix.Flock(int(alone.Fd()), unix.LOCK_EX|unix.LOCK_NB); errors.Is(err, unix.EWOULDBLOCK) {
		return ErrBusy
	} else if err != nil {
		return fmt.Errorf("compress stream: lock %s: %w", dir, err)
	}
	names, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("compress stream: %w", err)
	}
	var errs []error
	for _, e := range names {
		path := filepath.Join(dir, e.Name())
		switch {
		case strings.HasPrefix(e.Name(), half):
			if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) { // it was finished just now
				errs = append(errs, err)
			}
		case strings.HasPrefix(e.Name(), "@") && strings.HasSuffix(e.Name(), ".log"):
			errs = append(errs, compress(ctx, path))
		}
	}
	return errors.Join(errs...)
}

func compress(ctx context.Context, path string) error {
	tmp := filepath.Join(filepath.Dir(path), half+filepath.Base(path)+".zst")
	err := pack(ctx, path, tmp)
	failpoint.Here("daemon.pack.written")
	if err == nil {
		err = os.Rename(tmp, path+".zst")
	}
	if err == nil {
		failpoint.Here("daemon.pack.renamed")
		if err = os.Remove(path); errors.Is(err, os.ErrNotExist) {
			err = os.Remove(path + ".zst") // rotation took it away meanwhile: it must not come back
		}
	}
	failpoint.Here("daemon.pack.removed")
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	if err != nil {
		_ = os.Remove(tmp)
		return fmt.Errorf("compress segment: %w", err)
	}
	return nil
}

// pack writes path compressed to tmp, synced.
func pack(ctx context.Context, path, tmp string) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	z, err := zstd.NewWriter(out, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
	if err == nil {
		_, err = io.Copy(z, breakable{ctx, in})
		if err = errors.Join(err, z.Close()); err == nil {
			err = out.Sync()
		}
	}
	err = errors.Join(err, out.Close())
	if st, failed := in.Stat(); failed == nil && err == nil {
		err = os.Chtimes(tmp, st.ModTime(), st.ModTime()) // tells the time where there is no index
	}
	return err
}

// breakable reads until ctx ends.
type breakable struct {
	ctx context.Context
	r   io.Reader
}

func (u breakable) Read(b []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(b)
}
