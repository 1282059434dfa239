package spec

import (
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"
)

// Watch says which files restart a process when they change. All of it changes live; no Paths, no watching.
type Watch struct {
	Paths  []string      `json:"paths,omitempty"`  // absolute; files, folders with all below them, or patterns with * and **
	Ignore []string      `json:"ignore,omitempty"` // as in a .gitignore that lies in Base, after the usual ones: !NAME takes one back
	Base   string        `json:"base,omitempty"`   // folder that Ignore and reasons are relative to
	Delay  time.Duration `json:"delay,omitempty"`  // how long nothing more must change; 0: WatchDelay
	Depth  int           `json:"depth,omitempty"`  // levels of folders that matter: 1 is a path's own files; 0: all
}

// WatchDelay is how long files must be quiet where nobody says otherwise: many tools save in several steps.
const WatchDelay = 200 * time.Millisecond

// maxWatchDelay keeps a slip of the finger, seconds for milliseconds, from looking like a watch that does not work.
const maxWatchDelay = 10 * time.Minute

const maxWatchDepth = 1 << 16

var watchFields = []field{
	{"watch.paths", func(p *Process, v *hclValue) { p.Watch.Paths, p.Watch.Base = v.paths(), v.h.dir }},
	{"watch.ignore", func(p *Process, v *hclValue) { p.Watch.Ignore = v.words() }},
	{"watch.delay", func(p *Process, v *hclValue) { p.Watch.Delay = v.duration() }},
	{"watch.depth", func(p *Process, v *hclValue) { p.Watch.Depth = v.integer(0) }},
}

// paths is a list of files or folders, made absolute on the folder of the spec.
func (v *hclValue) paths() (out []string) {
	for _, member := range v.each() {
		if p := member.path(); p != "" {
			out = append(out, p)
		}
	}
	return out
}

func (r *reading) validateWatch(p *Process) {
	w := p.Watch
	for _, path := range w.Paths {
		if !filepath.IsAbs(path) || strings.ContainsRune(path, 0) || !doublestar.ValidatePattern(path) {
			r.complain(p.at("watch.paths"), "write files, folders, or patterns like src/**/*.js", "watch.paths: %q cannot be watched", path)
		}
	}
	for _, pattern := range w.Ignore {
		if !validIgnore(pattern) {
			r.complain(p.at("watch.ignore"), "the patterns of .gitignore are meant: node_modules, *.log, /tmp/**, !keep.log", "watch.ignore: %q is not a pattern", pattern)
		}
	}
	if w.Delay < 0 || w.Delay > maxWatchDelay {
		r.complain(p.at("watch.delay"), "", "watch.delay: %s is not between 0 and %s", w.Delay, maxWatchDelay)
	}
	if w.Depth < 0 || w.Depth > maxWatchDepth {
		r.complain(p.at("watch.depth"), "", "watch.depth: %d is not between 0 (all) and %d", w.Depth, maxWatchDepth)
	}
	if len(w.Paths) == 0 && (len(w.Ignore) > 0 || w.Delay > 0) {
		r.warn(p.at("watch.ignore"), "watch { paths = [\".\"] }", "process %q: watch names no paths, so nothing is watched", p.Name)
	}
}

func validIgnore(pattern string) bool {
	pattern = strings.Trim(strings.TrimPrefix(pattern, "!"), "/")
	return !strings.ContainsRune(pattern, 0) && doublestar.ValidatePattern(pattern)
}

func (d *differ) watch(old, new Watch) {
	d.live("watch.paths", quoteWords(old.Paths), quoteWords(new.Paths))
	d.live("watch.ignore", quoteWords(old.Ignore), quoteWords(new.Ignore))
	d.live("watch.base", old.Base, new.Base)
	d.live("watch.delay", span(old.Delay), span(new.Delay))
	d.live("watch.depth", levels(old.Depth), levels(new.Depth))
}

func levels(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func span(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}
