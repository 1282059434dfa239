package service

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// quiet is how long a spec file must be left alone before it is read: an editor may save in several steps.
const quiet = 60 * time.Millisecond

// A watcher has a project's spec read anew when any file that it was read from changes.
//
// It watches folders, not files: editors rename over, truncate, or put a link in place, and all of these are
// events of the folder. Where a file is a link, the folder of its target is watched as well.
type watcher struct {
	d         *Daemon
	fs        *fsnotify.Watcher
	committed chan struct{} // poked when the intents were changed

	mu    sync.Mutex
	files map[string]map[string]bool // file -> projects
	dirs  map[string]bool
	due   map[string]time.Time // project -> when it is to be read
	kick  chan struct{}
}

func newWatcher(d *Daemon) (*watcher, error) {
	fs, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watch files: %w", err)
	}
	return &watcher{d: d, fs: fs, committed: make(chan struct{}, 1), files: map[string]map[string]bool{},
		dirs: map[string]bool{}, due: map[string]time.Time{}, kick: make(chan struct{}, 1)}, nil
}

// follow watches exactly these files for the project.
func (w *watcher) follow(project string, files []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, projects := range w.files {
		delete(projects, project)
	}
	for _, file := range files {
		for _, f := range links(file) {
			if w.files[f] == nil {
				w.files[f] = map[string]bool{}
			}
			w.files[f][project] = true
		}
	}
	w.sync()
}

// links is the file, and what it points to if it is a link. Folders on the way are resolved as well.
func links(file string) []string {
	out := []string{file}
	if real, err := filepath.EvalSymlinks(file); err == nil && real != file {
		out = append(out, real)
	}
	return out
}

// sync watches the folders of all files, and no others. The caller holds mu.
func (w *watcher) sync() {
	want := map[string]bool{}
	for f, projects := range w.files {
		if len(projects) == 0 {
			delete(w.files, f)
			continue
		}
		want[filepath.Dir(f)] = true
	}
	for dir := range w.dirs {
		if !want[dir] {
			_ = w.fs.Remove(dir) // it may be gone already
			delete(w.dirs, dir)
		}
	}
	for dir := range want {
		if w.dirs[dir] {
			continue
		}
		if err := w.fs.Add(dir); err != nil {
			w.d.Log.Warn("watch folder", "err", err)
			continue
		}
		w.dirs[dir] = true
	}
}

// poke has a project read soon.
func (w *watcher) poke(project string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.due[project] = time.Now().Add(quiet)
	select {
	case w.kick <- struct{}{}:
	default:
	}
}

// run reads specs as their files change, until ctx ends.
func (w *watcher) run(ctx context.Context) error {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		if next := w.next(); next.IsZero() {
			timer.Stop()
		} else {
			timer.Reset(max(0, time.Until(next)))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case ev := <-w.fs.Events:
			w.saw(ev)
		case err := <-w.fs.Errors: // an overflow: anything may have changed
			w.d.Log.Warn("watch files", "err", err)
			w.sawAll()
		case <-w.kick:
		case <-timer.C:
			for _, project := range w.take() {
				w.d.edited(ctx, project)
			}
		}
	}
}

// saw marks the projects that read the file of an event.
func (w *watcher) saw(ev fsnotify.Event) {
	if ev.Op == fsnotify.Chmod {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.dirs[ev.Name] && ev.Op.Has(fsnotify.Remove|fsnotify.Rename) {
		delete(w.dirs, ev.Name)
		w.dueAll()
	}
	for project := range w.files[ev.Name] {
		w.due[project] = time.Now().Add(quiet)
	}
}

func (w *watcher) sawAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dueAll()
}

// dueAll marks every project. The caller holds mu.
func (w *watcher) dueAll() {
	for _, projects := range w.files {
		for project := range projects {
			w.due[project] = time.Now().Add(quiet)
		}
	}
}

func (w *watcher) next() (next time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, at := range w.due {
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	return next
}

// take returns the projects whose files have been quiet long enough.
func (w *watcher) take() (projects []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for project, at := range w.due {
		if !time.Now().Before(at) {
			projects = append(projects, project)
			delete(w.due, project)
		}
	}
	return projects
}

func (w *watcher) close() { _ = w.fs.Close() }
