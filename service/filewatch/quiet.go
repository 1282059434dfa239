package filewatch

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// notBefore remembers that a file came since all was quiet.
func (k *watched) notBefore(path string) {
	if k.born == nil {
		k.born = map[string]bool{}
	}
	if len(k.born) < maxFiles {
		k.born[path] = true
	}
}

// note adds a changed file to a rule's, and waits for quiet.
func (w *Watcher) note(key, path string, came bool) {
	k, now := w.keys[key], time.Now()
	if came {
		k.notBefore(path)
	}
	switch {
	case slices.Contains(k.files, path):
	case len(k.files) < maxFiles:
		k.files = append(k.files, path)
	default:
		k.more++
	}
	if k.due.IsZero() {
		k.first = now
	}
	k.due = now.Add(k.rule.Delay)
	if last := k.first.Add(max(patience, 10*k.rule.Delay)); k.due.After(last) {
		k.due = last
	}
}

// next is when the first of the rules is to be told; zero: none.
func (w *Watcher) next() (next time.Time) {
	for _, k := range w.keys {
		if !k.due.IsZero() && (next.IsZero() || k.due.Before(next)) {
			next = k.due
		}
	}
	return next
}

// tell tells the rules whose files have been quiet for long enough.
func (w *Watcher) tell(now time.Time) {
	for key, k := range w.keys {
		if k.due.IsZero() || now.Before(k.due) {
			continue
		}
		files, more := k.lasting(), k.more
		k.files, k.born, k.more, k.due = nil, nil, 0, time.Time{}
		if len(files) > 0 {
			w.Changed(Change{Key: key, File: relative(realPath(k.rule.Base), files[0]), More: len(files) - 1 + more})
		}
	}
}

// lasting are the changed files, without those that came and went: editors save by way of them. Those that are there
// come first.
func (k *watched) lasting() (files []string) {
	var gone []string
	for _, f := range k.files {
		if _, err := os.Lstat(f); err == nil {
			files = append(files, f)
		} else if !k.born[f] {
			gone = append(gone, f)
		}
	}
	return append(files, gone...)
}

func relative(base, file string) string {
	rel, err := filepath.Rel(base, file)
	if err != nil || rel == ".." || strings.HasPrefix(rel, "../") {
		return file
	}
	return rel
}
