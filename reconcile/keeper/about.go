package keeper

import (
	"context"
	"errors"
	"time"
)

// About is what a keeper tells of itself when it is greeted.
type About struct {
	Path     string        // of its program, as it was started
	Handover int           // version of what it passes over exec; 0: it cannot be upgraded in place
	Service  bool          // a service manager looks after it
	Pause    time.Duration // that its last upgrade took; 0: none since it was started
}

func (a *About) field(tag uint16, v []byte) {
	switch tag {
	case tPath:
		a.Path = string(v)
	case tHandover:
		a.Handover = int(getInt(v))
	case tService:
		a.Service = getBool(v)
	case tPause:
		a.Pause = time.Duration(getInt(v))
	}
}

func (k *keeper) putUpgrade(b []byte) []byte {
	b = putInt(putString(b, tPath, k.opt.name()), tHandover, handoverVersion)
	return putInt(putBool(b, tService, k.opt.Service), tPause, int64(k.up.pause))
}

// tellNews tells the daemon, once, what became of an upgrade.
func (k *keeper) tellNews(c *conn) {
	if k.up.news == "" || !c.trusted {
		return
	}
	text := k.up.news
	if k.up.pause > 0 {
		text += "; the keeper was away for " + k.up.pause.Round(100*time.Microsecond).String()
	}
	k.up.news = ""
	k.tellDaemons("upgraded", text)
}

// About is what the keeper told of itself.
func (c *Client) About() About { return c.about }

// Upgrade has the keeper become the program at path, which calls itself version, and its daemon with it: in place,
// with its pid, its children and its listeners. It returns nil when the keeper has gone over: dial again to meet the
// new one, and look at LastUpgrade for whether it was given up. An error means that nothing was changed. Call
// Preflight by the new program first.
func (c *Client) Upgrade(ctx context.Context, path, version string) error {
	err := c.call(ctx, kUpgrade, func(b []byte) []byte {
		return putString(putString(b, tPath, path), tVersion, version)
	})
	if errors.Is(err, ErrClosed) {
		return nil
	}
	return err
}
