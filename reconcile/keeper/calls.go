package keeper

import (
	"context"
	"syscall"
	"time"
)

// Claim makes this client the one that controls the keeper and receives its events. Older ones get ErrFenced.
func (c *Client) Claim(ctx context.Context) error { return c.call(ctx, kClaim, nil) }

// Ping returns once the keeper has answered.
func (c *Client) Ping(ctx context.Context) error { return c.call(ctx, kPing, nil) }

// Spawn begins a life and returns it running. Asked again for the same life it returns that life as it is now. A
// program that cannot be started is an *Error; nothing is left of it.
func (c *Client) Spawn(ctx context.Context, s Spawn) (Life, error) {
	w, err := c.do(ctx, kSpawn, func(b []byte) []byte { return putSpawn(b, &s) })
	if err != nil {
		return Life{}, err
	}
	return w.answer, nil
}

// Stop orders the end of a life and returns at once. Stopping what has ended is no error.
func (c *Client) Stop(ctx context.Context, o StopOrder) error {
	return c.call(ctx, kStop, func(b []byte) []byte { return putStop(b, o) })
}

// Listen makes list all the sockets that are wanted: what is not in it is closed once no life runs on it, what is new is
// opened. With more, list is wanted besides, and where one of it cannot be had none is opened. It returns the first
// refusal, an *Error; what else could be opened stays open.
func (c *Client) Listen(ctx context.Context, list []Socket, more bool) error {
	return c.call(ctx, kListen, func(b []byte) []byte { return putSockets(putBool(b, tMore, more), list) })
}

// Signal sends sig to "main" (also ""), "group" or "tree" of a life.
func (c *Client) Signal(ctx context.Context, life string, sig syscall.Signal, scope string) error {
	if scope == "" {
		scope = "main"
	}
	return c.call(ctx, kSignal, func(b []byte) []byte {
		return putString(putInt(putString(b, tLife, life), tSig, int64(sig)), tScope, scope)
	})
}

// List returns every life that was not forgotten, in the order of their beginning.
func (c *Client) List(ctx context.Context) ([]Life, error) {
	w, err := c.do(ctx, kList, func(b []byte) []byte { return b })
	if err != nil {
		return nil, err
	}
	return w.lives, nil
}

// Tune changes where a life's bytes go and how much is kept, from the next byte on.
func (c *Client) Tune(ctx context.Context, life string, l Log) error {
	return c.call(ctx, kTune, func(b []byte) []byte { return putLog(putString(b, tLife, life), l) })
}

// SetMeta replaces what Spawn gave as Meta.
func (c *Client) SetMeta(ctx context.Context, life string, meta []byte) error {
	return c.call(ctx, kMeta, func(b []byte) []byte { return putBytes(putString(b, tLife, life), tMeta, meta) })
}

// Forget drops a life that has Exited. A life that runs is an error, one that is not known is ErrUnknown.
func (c *Client) Forget(ctx context.Context, life string) error {
	return c.call(ctx, kForget, func(b []byte) []byte { return putString(b, tLife, life) })
}

// Watch asks for one "logged" event, whose Life is this one, once the streams of its Log.Dir have grown beyond the
// given offsets; at once if they have already. Ask again after each; there is at most one in 10 ms.
func (c *Client) Watch(ctx context.Context, life string, out, err int64) error {
	return c.call(ctx, kWatch, func(b []byte) []byte {
		return putInt(putInt(putString(b, tLife, life), tOut, out), tErr, err)
	})
}

// WatchDir is Watch for a Log.Dir, whatever lives write there; the event's Text is dir.
func (c *Client) WatchDir(ctx context.Context, dir string, out, err int64) error {
	return c.call(ctx, kWatch, func(b []byte) []byte {
		return putInt(putInt(putString(b, tLogDir, dir), tOut, out), tErr, err)
	})
}

// Shutdown ends the keeper: with stop once every life has ended (those that are not Stopping get SIGTERM and 10 s),
// else at once, and the lives stay. It returns just before the keeper ends its daemon (SIGTERM) and itself.
func (c *Client) Shutdown(ctx context.Context, stop bool) error {
	return c.call(ctx, kShutdown, func(b []byte) []byte { return putBool(b, tStop, stop) })
}

// ShutdownAfter is Shutdown with stop, but for the time of grace the caller stops the lives itself: it may have more to
// do than a signal.
func (c *Client) ShutdownAfter(ctx context.Context, grace time.Duration) error {
	return c.call(ctx, kShutdown, func(b []byte) []byte { return putInt(putBool(b, tStop, true), tGrace, int64(grace)) })
}

func (c *Client) call(ctx context.Context, what kind, body func(b []byte) []byte) error {
	if body == nil {
		body = func(b []byte) []byte { return b }
	}
	_, err := c.do(ctx, what, body)
	return err
}
