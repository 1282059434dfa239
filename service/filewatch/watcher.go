package filewatch

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A Change is that files of a rule have changed, and are quiet again.
type Change struct {
	Key  string // of the rule
	File string // one that changed, relative to the rule's Base where it lies below that
	More int    // how many others did
}

// A Watcher watches by rules. Run must be called for anything to happen. As long as there is no rule it holds nothing.
type Watcher struct {
	Changed func(Change)           // called by Run's goroutine
	Failed  func(key, text string) // why not all of a rule is watched; "" when all is. Called by Run's goroutine

	mu    sync.Mutex
	rules map[string]Rule // wanted
	kick  chan struct{}

	notes *notes // what follows is of Run's goroutine
	keys  map[string]*watched
	dirs  map[string]map[string]bool // watched folder -> keys

	refuse func(dir string) error // for tests: what the system would say
}

// A watched rule, and what has changed of it.
type watched struct {
	rule   Rule
	roots  []root
	ignore *ignorer
	never  []place
	failed string

	files []string        // changed, in their order; at most maxFiles
	born  map[string]bool // came since the files were quiet
	more  int
	first time.Time
	due   time.Time // zero: nothing changed
}

const (
	maxFiles = 100
	patience = 2 * time.Second // files that are never quiet are told after this, or ten times the delay
)

// An event is what the system tells.
type event struct {
	where              // the folder
	name        string // in it
	isDir       bool
	came, went  bool // neither: it was written
	whole       bool // came with all that is in it
	self        bool // it is about the folder itself, which is no more where it was
	lost, ended bool // events were lost; the folder is watched no more
}

// errFull is that the system lets nothing more be watched.
type errFull struct{ text string }

func (e errFull) Error() string { return e.text }

// New returns a Watcher without rules.
func New(changed func(Change), failed func(key, text string)) *Watcher {
	return &Watcher{Changed: changed, Failed: failed, kick: make(chan struct{}, 1), keys: map[string]*watched{}, dirs: map[string]map[string]bool{}}
}

// Set watches by exactly these rules, soon. It returns at once. A rule that was there stays as it is.
func (w *Watcher) Set(rules map[string]Rule) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if reflect.DeepEqual(w.rules, rules) || len(w.rules) == 0 && len(rules) == 0 {
		return
	}
	w.rules = rules
	select {
	case w.kick <- struct{}{}:
	default:
	}
}

// Run watches until ctx ends.
func (w *Watcher) Run(ctx context.Context) error {
	defer w.close()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		if next := w.next(); next.IsZero() {
			timer.Stop()
		} else {
			timer.Reset(max(0, time.Until(next)))
		}
		var events <-chan []event
		if w.notes != nil {
			events = w.notes.events
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-w.kick:
			w.sync()
		case list := <-events:
			for _, e := range list {
				w.happened(e)
			}
		case <-timer.C:
			w.tell(time.Now())
		}
	}
}

func (w *Watcher) close() {
	if w.notes != nil {
		w.notes.close()
		w.notes = nil
	}
}

// sync makes the present rules the wanted ones.
func (w *Watcher) sync() {
	w.mu.Lock()
	rules := maps.Clone(w.rules)
	w.mu.Unlock()
	for key, k := range w.keys {
		if r, ok := rules[key]; !ok || !reflect.DeepEqual(r, k.rule) {
			w.drop(key)
			delete(w.keys, key)
		}
	}
	for key, r := range rules {
		if w.keys[key] == nil {
			w.keys[key] = &watched{rule: r}
			w.begin(key)
		}
	}
	if len(rules) == 0 {
		w.close()
		clear(w.dirs)
	}
}

// drop takes a key from all folders; what nobody wants any more is watched no more.
func (w *Watcher) drop(key string) {
	for dir, keys := range w.dirs {
		if keys[key] {
			w.leave(dir, key)
		}
	}
}

func (w *Watcher) leave(dir, key string) {
	delete(w.dirs[dir], key)
	if len(w.dirs[dir]) == 0 {
		delete(w.dirs, dir)
		if w.notes != nil {
			w.notes.remove(dir)
		}
	}
}

// begin watches all that a rule wants. It may be called again, when a root has come or gone.
func (w *Watcher) begin(key string) {
	k := w.keys[key]
	base := realPath(k.rule.Base)
	k.roots, k.ignore, k.never = k.rule.roots(), newIgnorer(base, rebased(k.rule.Ignore, k.rule.Base, base)), places(k.rule.Never)
	err := error(nil)
	if w.notes == nil {
		w.notes, err = openNotes()
	}
	for _, r := range k.roots {
		if err == nil {
			_, err = w.enter(key, r, r.dir, false)
		}
	}
	failed := ""
	if err != nil {
		failed = "not all files are watched: " + err.Error()
	}
	if failed != k.failed {
		k.failed = failed
		w.Failed(key, failed)
	}
}

// rebased are patterns that name base by a link, as what it is.
func rebased(patterns []string, base, real string) (out []string) {
	for _, p := range patterns {
		if under, ok := strings.CutPrefix(p, base+"/"); ok && base != "" {
			p = real + "/" + under
		}
		out = append(out, p)
	}
	return out
}

// enter watches a folder, and those in it that may matter. Of a new one it returns the files that do.
func (w *Watcher) enter(key string, r root, dir string, isNew bool) (files []string, err error) {
	k := w.keys[key]
	if never(k.never, dir) {
		return nil, nil
	}
	if w.dirs[dir] == nil {
		if err := w.add(dir); err != nil {
			return nil, pass(err)
		}
		w.dirs[dir] = map[string]bool{}
	}
	w.dirs[dir][key] = true
	entries, err := os.ReadDir(dir) // after add: what comes later is told
	if err != nil || r.file != "" {
		return nil, nil
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch {
		case !e.IsDir():
			if isNew && k.concerns(r, path) {
				files = append(files, path)
			}
		case r.enters(path) && !k.ignore.ignored(path, true):
			more, err := w.enter(key, r, path, isNew)
			if files = append(files, more...); err != nil {
				return files, err
			}
		}
	}
	return files, nil
}

func (w *Watcher) add(dir string) error {
	if w.refuse != nil {
		if err := w.refuse(dir); err != nil {
			return err
		}
	}
	return w.notes.add(dir)
}

// pass drops errors of a folder that is just going, or that nobody may read.
func pass(err error) error {
	if _, full := err.(errFull); full {
		return err
	}
	return nil
}

// concerns tells whether a change of file is one of the rule. A file that is named itself is never ignored.
func (k *watched) concerns(r root, file string) bool {
	return r.covers(file) && !never(k.never, file) && (r.file != "" || !k.ignore.ignored(file, false))
}

// happened takes in one event.
func (w *Watcher) happened(e event) {
	if e.lost {
		for key := range w.keys {
			w.begin(key)
			w.note(key, filepath.Join(w.keys[key].rule.Base, "so much that nobody can tell what"), false)
		}
		return
	}
	dir := w.notes.dirOf(e)
	keys := maps.Clone(w.dirs[dir])
	if dir == "" || len(keys) == 0 {
		return
	}
	if e.self || e.ended {
		w.lost(dir, keys)
		return
	}
	path := filepath.Join(dir, e.name)
	for key := range keys {
		w.changed(key, path, e)
	}
}

// lost forgets a folder that is no more where it was. The rules that begin there wait for another.
func (w *Watcher) lost(dir string, keys map[string]bool) {
	w.forget(dir)
	for key := range keys {
		for _, r := range w.keys[key].roots {
			if r.dir == dir {
				w.begin(key)
				break
			}
		}
	}
}

// changed notes what an event means to one rule.
func (w *Watcher) changed(key, path string, e event) {
	k := w.keys[key]
	for _, r := range k.roots {
		switch {
		case r.file != "" && r.file == path && (e.came || e.went):
			defer w.again(key)
			w.note(key, path, e.came)
			return
		case e.isDir && e.came && r.enters(path) && !k.ignore.ignored(path, true):
			files, err := w.enter(key, r, path, true)
			for _, f := range files {
				w.note(key, f, true)
			}
			if err != nil && k.failed == "" {
				k.failed = "not all files are watched: " + err.Error()
				w.Failed(key, k.failed)
			}
		case e.isDir && e.went && r.enters(path) && !k.ignore.ignored(path, true):
			w.forget(path)
			w.note(key, path, false)
			return
		case e.isDir:
		case e.came && !e.whole && plain(path) && r.covers(path):
			k.notBefore(path) // it is told again when it is written
		case k.concerns(r, path):
			w.note(key, path, e.came)
			return
		}
	}
}

// again looks anew where a rule's trees begin, if that is another place now.
func (w *Watcher) again(key string) {
	k := w.keys[key]
	if !reflect.DeepEqual(k.rule.roots(), k.roots) {
		w.drop(key)
		w.begin(key)
	}
}

// forget watches what lies below a folder that was moved away no more.
func (w *Watcher) forget(path string) {
	for dir, keys := range w.dirs {
		if dir == path || strings.HasPrefix(dir, path+"/") {
			for key := range keys {
				w.leave(dir, key)
			}
		}
	}
}

// plain tells whether path is a file that was made by writing: no link of either kind.
func plain(path string) bool {
	st, err := os.Lstat(path)
	if err != nil {
		return true
	}
	sys, ok := st.Sys().(*syscall.Stat_t)
	return st.Mode().IsRegular() && (!ok || sys.Nlink == 1)
}
