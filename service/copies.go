package service

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/reconcile/logs"
	"kitt.sh/service/api"
)

// copies keeps the plain log files that specs ask for (pm2's out_file, error_file, log_file), and compresses the
// store's closed segments. It sleeps until a log that it copies has grown, or one was closed.
type copies struct {
	d       *Daemon
	kick    chan struct{}
	closed  chan struct{}       // poked when a segment was closed
	running map[string]*running // by destination; of run alone
	some    atomic.Bool         // there are copies
	halted  context.Context     // ends with halt
	stop    context.CancelFunc
	rested  chan struct{} // closed when run has ended

	mu    sync.Mutex
	pack  map[string]bool // stream folders with a segment to compress
	flush map[string]bool // stream folders of lives that ended: their last words may have no line break

	trims map[string]*trimmed // by project; of compressor alone
}

// running is one copy under way.
type running struct {
	want   logs.Copy
	copier *logs.Copier
	failed string // what was told last
}

// retryCopy is how long a copy that cannot be written waits; retryPack, a stream that the daemon before this one is still
// compressing.
const (
	retryCopy = 2 * time.Second
	retryPack = time.Second
)

func newCopies(d *Daemon) *copies {
	c := &copies{d: d, kick: make(chan struct{}, 1), closed: make(chan struct{}, 1), running: map[string]*running{}, pack: map[string]bool{}, flush: map[string]bool{}, trims: map[string]*trimmed{}}
	c.halted, c.stop = context.WithCancel(context.Background())
	c.rested = make(chan struct{})
	return c
}

// poke has the copies look whether there is more to write.
func (c *copies) poke() {
	select {
	case c.kick <- struct{}{}:
	default:
	}
}

// ended is poke for the end of a life whose streams lie in dir: its unfinished lines go in too.
func (c *copies) ended(dir string) {
	if !c.some.Load() {
		return
	}
	c.mu.Lock()
	c.flush[dir+"/out"], c.flush[dir+"/err"] = true, true
	c.mu.Unlock()
	c.poke()
}

// rotated compresses the segments of a stream's folder soon.
func (c *copies) rotated(dir string) {
	c.mu.Lock()
	c.pack[dir] = true
	c.mu.Unlock()
	c.tidy()
}

// tidy has closed segments compressed, and those beyond a budget removed, soon.
func (c *copies) tidy() {
	select {
	case c.closed <- struct{}{}:
	default:
	}
}

// halt ends all copying: the next daemon is about to copy to the same files. Run must have been called, or be about to be.
func (c *copies) halt() {
	c.stop()
	<-c.rested
}

// run copies until ctx ends, or until halt.
func (c *copies) run(ctx context.Context) error {
	defer close(c.rested)
	defer c.close()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(c.halted, stop)()
	if err := c.copy(ctx); c.halted.Err() == nil {
		return err
	}
	return nil
}

func (c *copies) copy(ctx context.Context) error {
	for {
		want := c.d.copiesWanted()
		dirs := c.adjust(want)
		tap := c.d.taps.arm(ctx, dirs) // before reading: what comes later pokes again
		again := c.pump(ctx)
		if err := c.rest(ctx, tap, again); err != nil {
			return err
		}
	}
}

// rest waits until there is something to do.
func (c *copies) rest(ctx context.Context, tap tap, again bool) error {
	if again {
		var cancel context.CancelFunc
		waiting, cancel := context.WithTimeout(ctx, retryCopy)
		defer cancel()
		_ = tap.wait(waiting, c.kick)
		return ctx.Err()
	}
	return tap.wait(ctx, c.kick)
}

// adjust opens the copies that are wanted and closes the others. It returns the log folders to watch.
func (c *copies) adjust(want map[string]logs.Copy) (dirs []string) {
	for path, r := range c.running {
		if w, ok := want[path]; !ok || !same(w, r.want) {
			r.close(c)
			delete(c.running, path)
		}
	}
	c.some.Store(len(want) > 0)
	for path, w := range want {
		if c.running[path] == nil {
			c.running[path] = &running{want: w}
		}
		for _, f := range w.From {
			dirs = append(dirs, filepath.Dir(f.Dir))
		}
	}
	return dirs
}

// pump copies what there is; again tells that a copy could not be written and is to be tried later.
func (c *copies) pump(ctx context.Context) (again bool) {
	c.mu.Lock()
	flush := c.flush
	c.flush = map[string]bool{}
	c.mu.Unlock()
	for path, r := range c.running {
		err := c.one(ctx, r, path, flush)
		if ctx.Err() != nil {
			return false
		}
		if err != nil {
			again = true
			c.mu.Lock()
			maps.Copy(c.flush, flush)
			c.mu.Unlock()
		}
		c.tell(r, path, err)
	}
	return again
}

func (c *copies) one(ctx context.Context, r *running, path string, flush map[string]bool) (err error) {
	if r.copier == nil {
		if r.copier, err = logs.NewCopier(r.want, c.statePath(path)); err != nil {
			r.copier = nil
			return err
		}
	}
	return r.copier.Pump(ctx, flush)
}

// tell says once that a copy fails, and once that it goes on.
func (c *copies) tell(r *running, path string, err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text == r.failed {
		return
	}
	r.failed = text
	if text == "" {
		text = "the copy goes on: " + path
	}
	c.d.events.add(api.Event{Kind: "copy", Reason: text})
}

func (r *running) close(c *copies) {
	if r.copier == nil {
		return
	}
	if err := r.copier.Close(); err != nil {
		c.d.Log.Warn("end copy", "err", err)
	}
}

func (c *copies) close() {
	for _, r := range c.running {
		r.close(c)
	}
}

// compressor compresses segments as they are closed, until ctx ends. Nobody waits for it, and it makes nobody wait.
func (c *copies) compressor(ctx context.Context) error {
	background()
	c.sweep()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-c.closed:
			c.compress(ctx)
			c.trim(time.Now())
		}
	}
}

// sweep takes up what an earlier daemon left uncompressed.
func (c *copies) sweep() {
	for _, dir := range c.d.folders() {
		for _, stream := range []string{dir + "/out", dir + "/err"} {
			if _, err := os.Stat(stream); err == nil {
				c.rotated(stream)
			}
		}
	}
}

// compress compresses what was closed.
func (c *copies) compress(ctx context.Context) {
	c.mu.Lock()
	dirs := c.pack
	c.pack = map[string]bool{}
	c.mu.Unlock()
	for dir := range dirs {
		if !c.d.compresses(dir) {
			continue
		}
		if err := logs.Compress(ctx, dir); errors.Is(err, logs.ErrBusy) {
			time.AfterFunc(retryPack, func() { c.rotated(dir) })
		} else if err != nil && ctx.Err() == nil {
			c.d.Log.Warn("compress log", "err", err)
		}
	}
}

func (c *copies) statePath(dest string) string {
	sum := sha256.Sum256([]byte(dest))
	return c.d.statePath(filepath.Join("copies", hex.EncodeToString(sum[:8])+".json"))
}

func same(a, b logs.Copy) bool {
	if len(a.From) != len(b.From) || a.Stamp != b.Stamp || a.JSON != b.JSON || a.Name != b.Name || a.MaxSize != b.MaxSize || a.Keep != b.Keep {
		return false
	}
	for i := range a.From {
		if a.From[i] != b.From[i] {
			return false
		}
	}
	return true
}

// folders lists the log folders of all wanted instances.
func (d *Daemon) folders() (dirs []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, in := range d.wants(time.Now(), d.specs) {
		dirs = append(dirs, d.rt.Folder(in))
	}
	return dirs
}

// copiesWanted lists the copies that the specs ask for, by destination.
func (d *Daemon) copiesWanted() map[string]logs.Copy {
	d.mu.Lock()
	defer d.mu.Unlock()
	want := map[string]logs.Copy{}
	for _, in := range d.wants(time.Now(), d.specs) {
		l := in.Process.Log
		dir := d.rt.Folder(in)
		add(want, in, l.Out, logs.Feed{Dir: dir + "/out", Stream: "out", N: in.ID.N})
		add(want, in, l.Err, logs.Feed{Dir: dir + "/err", Stream: "err", N: in.ID.N})
		add(want, in, l.Combined, logs.Feed{Dir: dir + "/out", Stream: "out", N: in.ID.N})
		add(want, in, l.Combined, logs.Feed{Dir: dir + "/err", Stream: "err", N: in.ID.N})
	}
	return want
}

// add adds a feed to the copy at path, in which {n} stands for the instance's suffix.
func add(want map[string]logs.Copy, in reconcile.Instance, path string, f logs.Feed) {
	if path == "" {
		return
	}
	path = strings.ReplaceAll(path, "{n}", "-"+strconv.Itoa(in.ID.N-1))
	l := in.Process.Log
	c := want[path]
	c.Path, c.Stamp, c.JSON, c.Name, c.MaxSize, c.Keep = path, l.Stamp, l.JSON, in.ID.Process, l.MaxSize, l.Keep
	c.From = append(c.From, f)
	want[path] = c
}

// compresses tells whether the process whose stream lies in dir wants its closed segments compressed.
func (d *Daemon) compresses(dir string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, in := range d.wants(time.Now(), d.specs) {
		if filepath.Dir(dir) == d.rt.Folder(in) {
			return in.Process.Log.Compress
		}
	}
	return false
}
