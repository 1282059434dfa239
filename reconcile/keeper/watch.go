package keeper

import "time"

// A watch asks once for word that a folder's streams have grown.
type watch struct {
	conn     *conn
	dir      string
	life     string
	out, err int64
	armed    bool
	planned  bool
	last     int64 // when it fired
}

// watchEvery is the least distance of two words of one watch.
const watchEvery = 10 * time.Millisecond

func (k *keeper) addWatch(c *conn, f frame) error {
	var dir, name string
	var out, errs int64
	if err := each(f.body, func(tag uint16, v []byte) {
		switch tag {
		case tLogDir:
			dir = string(v)
		case tLife:
			name = string(v)
		case tOut:
			out = getInt(v)
		case tErr:
			errs = getInt(v)
		}
	}); err != nil {
		return err
	}
	if l := k.lives[name]; name != "" {
		if l == nil {
			k.fail(c, f.req, ErrUnknown)
			return nil
		}
		dir = l.log.Dir
	}
	k.reply(c, kOK, f.req)
	w := k.findWatch(c, dir, name)
	w.out, w.err, w.armed = out, errs, dir != ""
	if w.armed && (k.endOf(dir+"/out") > out || k.endOf(dir+"/err") > errs) {
		k.fireWatch(w)
	}
	return nil
}

func (k *keeper) findWatch(c *conn, dir, life string) *watch {
	for _, w := range k.watches {
		if w.conn == c && w.dir == dir && w.life == life {
			return w
		}
	}
	w := &watch{conn: c, dir: dir, life: life, last: -int64(watchEvery)}
	k.watches = append(k.watches, w)
	return w
}

// endOf is the offset behind a stream's last byte, open or not.
func (k *keeper) endOf(dir string) int64 {
	if st := k.stores[dir]; st != nil && st.fd >= 0 {
		return st.end()
	}
	return endOnDisk(dir)
}

func (k *keeper) fireWatches(dir string) {
	for _, w := range k.watches {
		if w.armed && w.dir == dir {
			k.fireWatch(w)
		}
	}
}

// fireWatch sends the word, or plans it if the last one was just now.
func (k *keeper) fireWatch(w *watch) {
	if w.planned {
		return
	}
	if since := k.now() - w.last; since < int64(watchEvery) {
		w.planned = true
		k.after(watchEvery-time.Duration(since), func() {
			if w.planned = false; w.armed {
				k.fireWatch(w)
			}
		})
		return
	}
	w.armed, w.last = false, k.now()
	c := w.conn
	if k.conns[c.fd] != c {
		return
	}
	at := len(c.out)
	b := putString(putString(beginFrame(c.out, kEvent, 0), tKind, "logged"), tText, w.dir)
	if l := k.lives[w.life]; l != nil {
		v := l.view()
		b = putLife(b, &v)
	}
	c.out = endFrame(b, at)
}

func (k *keeper) dropWatches(c *conn) {
	rest := k.watches[:0]
	for _, w := range k.watches {
		if w.conn != c {
			rest = append(rest, w)
		}
	}
	clear(k.watches[len(rest):])
	k.watches = rest
}
