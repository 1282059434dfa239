package cli

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"kitt.sh/reconcile/keeper"
	"kitt.sh/service/api"
	"kitt.sh/service/home"
)

// An upHome is the folder of everything of one `kitt up`. It is on a leash: the keeper in it ends all, and removes the
// folder, when the file that this process holds open is closed, however this process ends.
type upHome struct {
	dirs  home.Dirs
	leash *os.File
}

// newUpHome makes one, and has what earlier ones have left behind cleared away.
func newUpHome(ctx context.Context, k *Kitt) (h *upHome, err error) {
	for _, base := range upPlaces(k) {
		parent := filepath.Join(base, keeper.LeashedIn)
		if h, err = makeUpHome(parent); err == nil {
			sweepUp(ctx, parent, h.dirs.Home)
			return h, nil
		}
	}
	if k.homeless != nil {
		err = k.homeless
	}
	var placed interface{ Hint() string }
	if errors.As(err, &placed) {
		return nil, err
	}
	return nil, &trouble{text: "up: " + err.Error(), hint: "name a folder on a disk that can be written to with --home DIR", code: codeFailed, err: err}
}

// upPlaces are the folders that may hold it: kitt's own; else, where that cannot be written to or its name is too long
// for a socket, what is there for as long as a session, or a container, lasts.
func upPlaces(k *Kitt) (bases []string) {
	if k.homeless == nil {
		bases = append(bases, k.Dirs.Home)
	}
	if run := k.Env("XDG_RUNTIME_DIR"); filepath.IsAbs(run) {
		bases = append(bases, filepath.Join(run, "kitt"))
	}
	if os.Geteuid() == 0 {
		bases = append(bases, "/run/kitt")
	}
	return bases
}

func makeUpHome(parent string) (*upHome, error) {
	dir := filepath.Join(parent, strconv.FormatUint(uint64(rand.Uint32()), 36))
	d, err := home.Resolve(dir, func(string) string { return "/" }, runtime.GOOS)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	if err := d.Make(); err != nil {
		return nil, err
	}
	path := filepath.Join(d.Run, keeper.LeashFile)
	if err := unix.Mkfifo(path, 0o600); err != nil {
		return nil, fmt.Errorf("make leash: %w", err)
	}
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC, 0) // no child has it
	if err != nil {
		return nil, fmt.Errorf("hold leash: %w", err)
	}
	return &upHome{dirs: d, leash: os.NewFile(uintptr(fd), path)}, nil
}

// inside is k as it speaks to the kitt in this home.
func (h *upHome) inside(k *Kitt) *Kitt {
	in := *k
	in.Dirs, in.homeless = h.dirs, nil
	in.API = &api.Client{Socket: h.dirs.API()}
	return &in
}

// remove clears the home away, once its keeper has ended.
func (h *upHome) remove() {
	for end := time.Now().Add(time.Second); os.RemoveAll(h.dirs.Home) != nil && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond) // the daemon writes its last words
	}
	_ = os.Remove(filepath.Dir(h.dirs.Home)) // if it was the only one
	_ = h.leash.Close()
}

// upFresh is how young a home is that may be one in the making.
const upFresh = time.Minute

// sweepUp has a keeper end what was left where `kitt up` and its keeper were both killed.
func sweepUp(ctx context.Context, parent, own string) {
	entries, _ := os.ReadDir(parent)
	for _, e := range entries {
		dir := filepath.Join(parent, e.Name())
		info, err := e.Info()
		if err != nil || dir == own || time.Since(info.ModTime()) < upFresh {
			continue
		}
		d, err := home.Resolve(dir, func(string) string { return "/" }, runtime.GOOS)
		if err == nil && keeper.Unleashed(d.Run) {
			_ = startKeeper(ctx, d) // one that is there already wins; it removes the folder at its end
		}
	}
}

// reaping reaps whatever ends, until stop is called: for the first process of a container.
func reaping() (stop func()) {
	done := make(chan struct{})
	ended, died := make(chan struct{}), make(chan os.Signal, 1)
	signal.Notify(died, syscall.SIGCHLD)
	go func() { // ended by done
		defer close(ended)
		for {
			for {
				pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
				if pid <= 0 && err != syscall.EINTR {
					break
				}
			}
			select {
			case <-died:
			case <-done:
				return
			}
		}
	}()
	return func() {
		close(done)
		<-ended
		signal.Stop(died)
	}
}
