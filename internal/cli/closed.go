package cli

import (
	"context"
	"os"

	"golang.org/x/sys/unix"
)

// untilRead is ctx that ends as well when out is a pipe that nobody reads any more: `kitt logs -f | head -1` must not
// last until the next line. stop must be called; it waits for the watching to end.
func untilRead(ctx context.Context, out any) (_ context.Context, stop func()) {
	f, ok := out.(*os.File)
	if !ok {
		return ctx, func() {}
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&(os.ModeNamedPipe|os.ModeSocket) == 0 {
		return ctx, func() {}
	}
	r, w, err := os.Pipe()
	if err != nil {
		return ctx, func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { // ended by w's close
		defer close(done)
		if hungUp(int(f.Fd()), int(r.Fd())) {
			cancel()
		}
	}()
	return ctx, func() {
		_ = w.Close()
		<-done
		_ = r.Close()
		cancel()
	}
}

// hungUp waits until nobody reads what is written to fd (true), or until the writer of the pipe end is gone (false).
// That a pipe broke is told without being asked for: POLLERR on Linux, POLLHUP elsewhere.
func hungUp(fd, end int) bool {
	for {
		fds := []unix.PollFd{{Fd: int32(fd)}, {Fd: int32(end)}}
		if _, err := unix.Poll(fds, -1); err != nil && err != unix.EINTR {
			return false
		}
		switch {
		case fds[1].Revents != 0:
			return false
		case fds[0].Revents != 0:
			return fds[0].Revents&unix.POLLNVAL == 0
		}
	}
}
