package service

import (
	"context"
	"path/filepath"
	"sync"
	"time"
)

// quiet is how long a spec file must be left alone before it is read: an editor may save in several steps.
const quiet = 60 * time.Millisecond

// A watcher has a project's spec read anew when any file that it was read from changes.
//
// Files are watched together with their folders: editors rename over them, truncate them, or put a link in place.
// Where a file is a link, its target and the target's folder are watched as well.
type watcher struct {
	d         *Daemon
	notes     *notes
	committed chan struct{} // poked when the intents were changed

	mu    sync.Mutex
	files map[string]map[string]bool // file -> projects
	due   map[string]time.Time       // project -> when it is to be read
	kick  chan struct{}
}

func newWatcher(d *Daemon) (*watcher, error) {
	n, err := newNotes()
	if err != nil {
		return nil, err
	}
	return &watcher{d: d, notes: n, committed: make(chan struct{}, 1), files: map[string]map[string]bool{},
		due: map[string]time.Time{}, kick: make(chan struct{}, 1)}, nil
}

// follow watches exactly these files for the project.
func (w *watcher) follow(project string, files []string) {
	if w.d.Up {
		return
	}
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

// sync watches all files and their folders, and no others. The caller holds mu.
func (w *watcher) sync() {
	dirs, files := map[string]bool{}, map[string]bool{}
	for f, projects := range w.files {
		if len(projects) == 0 {
			delete(w.files, f)
			continue
		}
		files[f], dirs[filepath.Dir(f)] = true, true
	}
	for _, err := range w.notes.set(dirs, files) {
		w.d.Log.Warn("watch", "err", err)
	}
}

// poke has a project read soon.
func (w *watcher) poke(project string) {
	if w.d.Up {
		return
	}
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
		case path := <-w.notes.events:
			w.saw(path)
		case <-w.kick:
		case <-timer.C:
			for _, project := range w.take() {
				w.d.edited(ctx, project)
			}
		}
	}
}

// saw marks the projects that a changed path concerns: the readers of that file, or of a file in that folder; all
// of them for the path "".
func (w *watcher) saw(path string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for file, projects := range w.files {
		if path != "" && path != file && path != filepath.Dir(file) {
			continue
		}
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

func (w *watcher) close() { w.notes.close() }
