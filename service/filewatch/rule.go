package filewatch

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"
)

// A Rule says what is watched for somebody.
type Rule struct {
	Paths  []string      // absolute: files, folders with all below them, or patterns with * and **
	Ignore []string      // as in a .gitignore that lies in Base
	Base   string        // what the names in a Change are relative to
	Never  []string      // absolute: neither they nor what lies below them; {n} stands for anything in a name
	Delay  time.Duration // how long nothing more must change
	Depth  int           // levels of folders that matter: 1 is a path's own files; 0: all
}

// A root is one of a rule's paths, as it lies on the disk.
type root struct {
	dir   string // where its tree begins; of a file, its folder
	file  string // only this one; "" for all
	glob  string // only what matches; "" for all
	depth int    // folders below dir that may matter; -1: all
}

// roots finds where the trees of a rule begin. A path that is not there yet is a file in the next folder above it.
func (r *Rule) roots() (out []root) {
	out = r.trees()
	for i := range out {
		if at := &out[i]; r.Depth > 0 && at.file == "" && (at.depth < 0 || at.depth >= r.Depth) {
			at.depth = r.Depth - 1
		}
	}
	return out
}

func (r *Rule) trees() (out []root) {
	for _, p := range r.Paths {
		base, rest := p, ""
		if strings.ContainsAny(p, "*?[{") {
			if _, err := os.Lstat(p); err != nil {
				base, rest = doublestar.SplitPattern(p)
			}
		}
		real := realPath(base)
		st, err := os.Stat(real)
		switch {
		case err != nil || !st.IsDir():
			dir := filepath.Dir(real)
			for file := real; ; file, dir = dir, filepath.Dir(dir) {
				if st, err := os.Stat(dir); err == nil && st.IsDir() || dir == "/" {
					out = append(out, root{dir: dir, file: file})
					break
				}
			}
		case rest == "":
			out = append(out, root{dir: real, depth: -1})
		case strings.Contains(rest, "**"):
			out = append(out, root{dir: real, glob: real + "/" + rest, depth: -1})
		default:
			out = append(out, root{dir: real, glob: real + "/" + rest, depth: strings.Count(rest, "/")})
		}
	}
	return out
}

// realPath follows links as far as the path exists.
func realPath(p string) string {
	if real, err := filepath.EvalSymlinks(p); err == nil {
		return real
	}
	if dir := filepath.Dir(p); dir != p {
		return filepath.Join(realPath(dir), filepath.Base(p))
	}
	return p
}

// covers tells whether a file concerns the root, ignored or not.
func (r root) covers(file string) bool {
	switch {
	case r.file != "":
		return file == r.file
	case r.glob != "":
		ok, _ := doublestar.Match(r.glob, file)
		return ok
	}
	return strings.HasPrefix(file, r.dir+"/") || r.dir == "/"
}

// enters tells whether folders in dir may hold what concerns the root.
func (r root) enters(dir string) bool {
	if r.file != "" || dir != r.dir && !strings.HasPrefix(dir, r.dir+"/") {
		return false
	}
	return r.depth < 0 || strings.Count(strings.TrimPrefix(dir, r.dir), "/") <= r.depth
}

// A place is nobody's business, with all below it.
type place struct{ path, glob string }

var globMeta = strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`, "{", `\{`)

func places(paths []string) (out []place) {
	for _, p := range paths {
		out = append(out, place{path: p})
		if parts := strings.Split(p, "{n}"); len(parts) > 1 {
			for i := range parts {
				parts[i] = globMeta.Replace(parts[i])
			}
			out[len(out)-1].glob = strings.Join(parts, "*")
		}
	}
	return out
}

// never tells whether file is one of places, or lies below one.
func never(list []place, file string) bool {
	for _, p := range list {
		if strings.HasPrefix(file, p.path) && (len(file) == len(p.path) || file[len(p.path)] == '/') {
			return true
		}
		if p.glob == "" {
			continue
		}
		if ok, _ := doublestar.Match(p.glob, file); ok {
			return true
		}
	}
	return false
}

// Real are the paths, followed through links as far as they exist.
func Real(paths []string) []string {
	out := make([]string, len(paths))
	for i, p := range paths {
		out[i] = realPath(p)
	}
	return out
}
