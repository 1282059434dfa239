package spec_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kitt.sh/spec"
)

func TestWatchOptions(t *testing.T) {
	for _, row := range []struct {
		name, options string
		want          spec.Watch // Paths relative to the folder; Base "" is the folder
		differs       string     // all of them, in their order
		warns         string
		said          string
	}{
		{"depth counts the folders below the first", `depth: 0`, spec.Watch{Depth: 1}, "", "", ""},
		{"depth 2 is three levels", `depth: 2`, spec.Watch{Depth: 3}, "", "", ""},
		{"Infinity is all", `depth: Infinity`, spec.Watch{}, "", "", ""},
		{"ignored is added", `ignored: ['tmp/**', './x']`, spec.Watch{Ignore: []string{"own", "tmp/**", "x"}}, "", "", ""},
		{"ignored as text", `ignored: 'tmp'`, spec.Watch{Ignore: []string{"own", "tmp"}}, "", "", ""},
		{"what is ignored by a regular expression is not understood", `ignored: /x/`, spec.Watch{}, "", "watch_options.ignored", ""},
		{"cwd is what the paths are relative to", `cwd: 'sub'`, spec.Watch{Base: "sub"}, "", "", ""},
		{"awaitWriteFinish is a delay of two seconds", `awaitWriteFinish: true`, spec.Watch{Delay: 2 * time.Second}, "", "", ""},
		{"or of its own", `awaitWriteFinish: {stabilityThreshold: 700, pollInterval: 5}`, spec.Watch{Delay: 700 * time.Millisecond}, "", "", ""},
		{"what kitt does anyway is not told", `usePolling: false, followSymlinks: false, ignoreInitial: true, persistent: true, atomic: true, ignorePermissionErrors: true`, spec.Watch{}, "", "", ""},
		{"polling is told", `usePolling: true, interval: 300`, spec.Watch{}, "usePolling has no effect: kitt never polls: the system tells|interval has no effect: kitt never polls", "", ""},
		{"links are told", `followSymlinks: true`, spec.Watch{}, "followSymlinks has no effect: links in a watched folder are not followed", "", ""},
		{"a start for each file is told", `ignoreInitial: false`, spec.Watch{}, "ignoreInitial has no effect: a start of kitt restarts nothing", "", ""},
		{"a slip of the finger", `usePoling: true`, spec.Watch{}, "", "watch_options.usePoling is no option of watching", ""},
		{"a wrong kind", `usePolling: 'yes'`, spec.Watch{}, "", "", "apps[0].watch_options.usePolling: expected true or false"},
		{"a depth that is none", `depth: 'deep'`, spec.Watch{}, "", "", "apps[0].watch_options.depth: expected a number of folders"},
		{"a delay that is none", `awaitWriteFinish: {stabilityThreshold: 'x'}`, spec.Watch{}, "", "", "stabilityThreshold: expected milliseconds"},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := folder(t, "ecosystem.config.js", `module.exports = { apps: [{ name: 'a', script: 'a.js', watch: ['src'], ignore_watch: ['own'], watch_options: {`+row.options+`} }] }`, "a.js", "")
			s, said := load(t, spec.Request{Path: filepath.Join(dir, "ecosystem.config.js"), Cwd: dir})
			if all := strings.Join(said, "\n"); (all == "") != (row.said == "") || !strings.Contains(all, row.said) {
				t.Fatalf("complained %v, want %q", said, row.said)
			}
			if said != nil {
				return
			}
			w := s.Processes[0].Watch
			base := filepath.Join(dir, row.want.Base)
			if w.Base != base || !slices.Equal(w.Paths, []string{base + "/src"}) || w.Depth != row.want.Depth || w.Delay != row.want.Delay {
				t.Errorf("got %+v", w)
			}
			if row.want.Ignore != nil && !slices.Equal(w.Ignore, row.want.Ignore) {
				t.Errorf("ignores %q", w.Ignore)
			}
			tells(t, s.Differs, row.differs)
			tells(t, s.Warnings, row.warns)
		})
	}
}

// tells compares complaints with parts of their texts.
func tells(t *testing.T, got []spec.Complaint, want string) {
	t.Helper()
	parts := strings.Split(want, "|")
	if want == "" {
		parts = nil
	}
	if len(got) != len(parts) {
		t.Errorf("told %v, want %q", got, parts)
		return
	}
	for i, c := range got {
		if !strings.Contains(c.Error(), parts[i]) {
			t.Errorf("told %v, want %q", c, parts[i])
		}
	}
}
