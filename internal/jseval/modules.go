package jseval

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"modernc.org/quickjs"
)

func isJSON(file string) bool { return strings.Contains(filepath.Base(file), ".json") }

var (
	moduleText = regexp.MustCompile(`(?m)^\s*(?:export\s*(?:default\b|const\b|let\b|var\b|function\b|async\b|class\b|\{|\*)|import\s*(?:[\w{*$]|["']))`)
	scriptText = regexp.MustCompile(`(?m)\bmodule\.exports\b|^\s*exports\.\w`)
)

// isModule tells an ES module from a CommonJS file: by its extension, else by what it says.
// Node would ask package.json; a config file that is clear in itself need not.
func isModule(file, text string) bool {
	switch filepath.Ext(file) {
	case ".mjs":
		return true
	case ".cjs":
		return false
	}
	return moduleText.MatchString(text) && !scriptText.MatchString(text)
}

// source reads a file of code, without a byte order mark and with a #! line made a comment.
func (e *evaluation) source(file string) (string, error) {
	b, err := e.readFile(file)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", file, unwrapped(err))
	}
	text := strings.TrimPrefix(string(b), "\ufeff")
	if strings.HasPrefix(text, "#!") {
		text = "//" + text[2:]
	}
	return text, nil
}

// readFile reads a regular file and notes that it was looked for.
func (e *evaluation) readFile(file string) ([]byte, error) {
	e.looked(file)
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, errors.New("is a directory")
	case !info.Mode().IsRegular() || info.Size() > maxSource:
		return nil, errors.New("not a regular file of reasonable size")
	}
	return os.ReadFile(file)
}

// looked notes a path that the file asked for. A loop that asks for paths without end is ended by time.
func (e *evaluation) looked(path string) {
	if len(e.out.Reads) < maxReads {
		e.out.Reads = append(e.out.Reads, path)
	}
}

func unwrapped(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// hostRead answers "+" and the text, or "-" and Node's word for what went wrong.
func (e *evaluation) hostRead(args []any) (any, error) {
	b, err := e.readFile(str(args, 0))
	switch {
	case err == nil:
		return "+" + string(b), nil
	case errors.Is(err, fs.ErrNotExist):
		return "-ENOENT", nil
	case errors.Is(err, fs.ErrPermission):
		return "-EACCES", nil
	}
	return "-EISDIR", nil
}

// hostStat answers file, dir or nothing.
func (e *evaluation) hostStat(args []any) (any, error) {
	e.looked(str(args, 0))
	info, err := os.Stat(str(args, 0))
	switch {
	case err != nil:
		return "", nil
	case info.IsDir():
		return "dir", nil
	}
	return "file", nil
}

func (e *evaluation) hostList(args []any) (any, error) {
	e.looked(str(args, 0))
	list, err := os.ReadDir(str(args, 0))
	if err != nil {
		return nil, fmt.Errorf("ENOENT: no such directory, scandir '%s'", str(args, 0))
	}
	names := make([]string, len(list))
	for i, entry := range list {
		names[i] = entry.Name()
	}
	b, err := json.Marshal(names)
	return string(b), err
}

// hostResolve finds what require(name) means in a folder: node:NAME for a built-in, else a path.
func (e *evaluation) hostResolve(args []any) (any, error) {
	found, err := e.resolve(str(args, 0), str(args, 1))
	return found, err
}

func (e *evaluation) resolve(dir, name string) (string, error) {
	bare := strings.TrimPrefix(name, "node:")
	if _, builtin := e.names[bare]; builtin {
		return "node:" + bare, nil
	}
	if u, err := url.Parse(name); err == nil && u.Scheme == "file" {
		name = u.Path
	}
	if strings.HasPrefix(name, "./") || strings.HasPrefix(name, "../") || name == "." || name == ".." || filepath.IsAbs(name) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(dir, name)
		}
		if found := asFile(name); found != "" {
			return found, nil
		}
		e.looked(filepath.Clean(name))
		return "", notFound(name)
	}
	for at := dir; ; at = filepath.Dir(at) {
		if found := asPackage(filepath.Join(at, "node_modules", name)); found != "" {
			return found, nil
		}
		if at == filepath.Dir(at) {
			return "", notFound(name)
		}
	}
}

// asFile is Node's search: the name itself, with an extension, or the main file of a folder.
func asFile(path string) string {
	for _, ext := range []string{"", ".js", ".json", ".cjs", ".mjs"} {
		if info, err := os.Stat(path + ext); err == nil && info.Mode().IsRegular() {
			return filepath.Clean(path + ext)
		}
	}
	return asPackage(path)
}

// notFound is an error in Node's own words, which files look for.
type notFound string

func (name notFound) Error() string { return "Cannot find module '" + string(name) + "'" }

func asPackage(dir string) string {
	info, err := os.Stat(dir)
	if err != nil {
		if _, err := os.Stat(dir + ".js"); err == nil {
			return dir + ".js"
		}
		return ""
	}
	if !info.IsDir() {
		return dir
	}
	main := "index"
	if b, err := os.ReadFile(filepath.Join(dir, "package.json")); err == nil {
		var p struct {
			Main string `json:"main"`
		}
		if json.Unmarshal(b, &p) == nil && p.Main != "" {
			main = p.Main
		}
	}
	for _, try := range []string{filepath.Join(dir, main), filepath.Join(dir, main, "index"), filepath.Join(dir, "index")} {
		for _, ext := range []string{"", ".js", ".json", ".cjs", ".mjs"} {
			if info, err := os.Stat(try + ext); err == nil && info.Mode().IsRegular() {
				return try + ext
			}
		}
	}
	return ""
}

// normalize names what an import means. <eval> and <input> are CommonJS files: imports there start at the
// folder of the file asked for.
func (e *evaluation) normalize(_ *quickjs.VM, base, name string) (string, error) {
	if strings.HasPrefix(name, "kitt:") {
		return name, nil
	}
	dir := filepath.Dir(e.File)
	if filepath.IsAbs(base) {
		dir = filepath.Dir(base)
	}
	return e.resolve(dir, name)
}

// load gives the text of a module. What is no ES module is wrapped into one.
func (e *evaluation) load(_ *quickjs.VM, name string) (string, error) {
	switch {
	case name == "kitt:prelude":
		return prelude, nil
	case strings.HasPrefix(name, "node:"):
		bare := strings.TrimPrefix(name, "node:")
		return reexport(fmt.Sprintf("globalThis.__kitt.builtin(%q)", bare), e.names[bare]), nil
	}
	text, err := e.source(name)
	switch {
	case err != nil:
		return "", err
	case isJSON(name):
		return "export default " + text, nil
	case isModule(name, text):
		return metaOf(name) + text, nil
	}
	return reexport(fmt.Sprintf("globalThis.__kitt.file(%q)", name), exportsOf(text)), nil
}

// metaOf is what stands before the text of a module, on its first line.
func metaOf(file string) string {
	b, _ := json.Marshal(map[string]string{"url": (&url.URL{Scheme: "file", Path: file}).String(), "filename": file, "dirname": filepath.Dir(file)})
	return "Object.assign(import.meta," + string(b) + ");"
}

func reexport(value string, names []string) string {
	return fmt.Sprintf("const m=%s;export default m;export const {%s}=m??{};", value, strings.Join(names, ","))
}

var (
	exported = regexp.MustCompile(`\bexports\.([A-Za-z_$][\w$]*)\s*=`)
	reserved = strings.Fields("default m class function const let var new delete return if else for while do switch case import export in of null true false this typeof void with yield await enum super static")
)

// exportsOf guesses, as Node does, the names that a CommonJS file exports.
func exportsOf(text string) []string {
	var out []string
	for _, m := range exported.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(out, m[1]) && !slices.Contains(reserved, m[1]) {
			out = append(out, m[1])
		}
	}
	return out
}
