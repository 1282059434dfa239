package service

import (
	"context"
	"errors"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// listen rings at each jump of the clock, a resume from sleep included, until set is called or ctx ends: a timer far off
// that the kernel calls off then.
func (a *alarm) listen(ctx context.Context) error {
	fd, err := unix.TimerfdCreate(unix.CLOCK_REALTIME, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err != nil {
		return a.rest(ctx)
	}
	f := os.NewFile(uintptr(fd), "timerfd")
	jumps, done := make(chan struct{}), make(chan struct{})
	var reading sync.WaitGroup
	reading.Go(func() { // ended by the close of f
		defer close(jumps)
		for jumped(f) {
			select {
			case jumps <- struct{}{}:
			case <-done:
				return
			}
		}
	})
	defer reading.Wait()
	defer close(done)
	defer f.Close()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-a.kick:
			return nil
		case _, ok := <-jumps:
			if !ok {
				return a.rest(ctx)
			}
			a.ring()
		}
	}
}

// rest waits without listening.
func (a *alarm) rest(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-a.kick:
		return nil
	}
}

// farOff is a time that no timer comes to.
const farOff = 1 << 40

// jumped waits for a jump of the clock. It is false once f is closed.
func jumped(f *os.File) bool {
	conn, err := f.SyscallConn()
	if err != nil {
		return false
	}
	err = conn.Control(func(fd uintptr) {
		_ = unix.TimerfdSettime(int(fd), unix.TFD_TIMER_ABSTIME|unix.TFD_TIMER_CANCEL_ON_SET, &unix.ItimerSpec{Value: unix.Timespec{Sec: farOff}}, nil)
	})
	if err != nil {
		return false
	}
	_, err = f.Read(make([]byte, 8))
	return err == nil || errors.Is(err, unix.ECANCELED)
}
