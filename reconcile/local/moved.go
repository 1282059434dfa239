package local

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// What nvm, fnm, asdf and Homebrew install lies under a folder of its version, and goes with the next upgrade:
// ~/.nvm/versions/node/v18.20.1/bin/node. A path that was recorded then leads nowhere, though the program is still there.

var version = regexp.MustCompile(`^v?([0-9]+)(\.[0-9]+)*(_[0-9]+)?$`)

// moved finds what took the place of a path that is gone: the same below the newest folder beside the one that its
// version named, of the same major version where there is one, else of nvm's default. "" if there is none, or the path is still there.
func moved(path string) string {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	if shell, below, ok := strings.Cut(path, "/fnm_multishells/"); ok {
		return fnmDefault(shell, below)
	}
	parts := strings.Split(path, "/")
	for i := len(parts) - 1; i > 1; i-- {
		if formula, _, ok := strings.Cut(parts[i], "@"); ok && i > 1 && parts[i-1] == "opt" {
			return brewed(strings.Join(parts[:i], "/"), formula, parts[i], strings.Join(parts[i+1:], "/"))
		}
		if !version.MatchString(parts[i]) {
			continue
		}
		above, below := strings.Join(parts[:i], "/"), strings.Join(parts[i+1:], "/")
		entries, err := os.ReadDir(above)
		if err != nil {
			return ""
		}
		var there []string
		for _, e := range entries {
			if _, err := os.Stat(filepath.Join(above, e.Name(), below)); err == nil && version.MatchString(e.Name()) {
				there = append(there, e.Name())
			}
		}
		next := successor(parts[i], there)
		if usual := nvmDefault(above); next != "" && numbers(next)[0] != numbers(parts[i])[0] {
			next = successor(cmp.Or(usual, parts[i]), there)
		}
		if next != "" {
			return filepath.Join(above, next, below)
		}
	}
	return ""
}

// successor is the newest of the versions that has old's major number, or else the newest. "" of none.
func successor(old string, there []string) string {
	if len(there) == 0 {
		return ""
	}
	major := numbers(old)[0]
	return slices.MaxFunc(there, func(a, b string) int {
		x, y := numbers(a), numbers(b)
		if same := (x[0] == major); same != (y[0] == major) {
			if same {
				return 1
			}
			return -1
		}
		return cmp.Or(slices.Compare(x, y), cmp.Compare(a, b))
	})
}

// numbers are those of a version.
func numbers(v string) (out []int) {
	for _, part := range strings.FieldsFunc(v, func(r rune) bool { return r < '0' || r > '9' }) {
		n, _ := strconv.Atoi(part)
		out = append(out, n)
	}
	return out
}

// movedPath is path with the folders that are gone replaced by what took their place; changed are those, as OLD -> NEW.
func movedPath(path string) (out string, changed []string) {
	dirs := filepath.SplitList(path)
	for i, dir := range dirs {
		if now := moved(dir); now != "" {
			changed = append(changed, dir+" -> "+now)
			dirs[i] = now
		}
	}
	return strings.Join(dirs, string(filepath.ListSeparator)), changed
}

// find is lookPath, which also looks for what took the place of recorded folders that are gone. Then note says so, and
// the PATH of env is mended: what the program starts looks there as well.
func find(word, cwd string, env map[string]string) (path, note string, err error) {
	if mended, changed := movedPath(env["PATH"]); len(changed) > 0 {
		if path, err := lookPath(word, cwd, mended); err == nil {
			env["PATH"] = mended
			return path, "recorded folders are gone: " + strings.Join(changed, ", ") + "; kitt apply from a shell that works records them anew", nil
		}
	}
	path, err = lookPath(word, cwd, env["PATH"])
	if err == nil {
		return path, "", nil
	}
	if now := moved(word); now != "" && executable(now) == nil {
		return now, word + " is gone; it runs with " + now, nil
	}
	return "", "", err
}
