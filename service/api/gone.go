package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"
)

// ErrGone says that the daemon went away after it was asked: what it was asked for may be done or not.
var ErrGone = errors.New("kitt's daemon went away while it answered")

// pause is the time between two tries, and waitOut that for which it is tried: a new daemon is there in milliseconds,
// unless the keeper is new as well or the daemons die one after the other.
const (
	pause   = 20 * time.Millisecond
	waitOut = 3 * time.Second
)

// again tells whether it is any use to ask once more.
func again(ctx context.Context, begun time.Time) bool {
	return ctx.Err() == nil && time.Since(begun) < waitOut
}

// broken is the error of a connection: ErrGone where its other end went away.
func broken(what string, err error) error {
	for _, lost := range []error{io.ErrUnexpectedEOF, io.EOF, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, lost) {
			return ErrGone
		}
	}
	return fmt.Errorf("%s: %w", what, err)
}
