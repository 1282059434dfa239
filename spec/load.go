package spec

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// A Request says what to read and what the reader may know. It holds all that Load depends on
// besides the files, so that the same Request later reads an edit the same way.
type Request struct {
	Path      string            `json:"path"`                // the file; or a folder, then the first of Names in it
	Cwd       string            `json:"cwd"`                 // where apply was called
	Env       map[string]string `json:"env,omitempty"`       // the captured environment: env.NAME, process.env
	Profile   string            `json:"profile,omitempty"`   // kitt.hcl profile, pm2 env_NAME
	Formation map[string]int    `json:"formation,omitempty"` // Procfile: web=2; "all" sets the default
	Port      int               `json:"port,omitempty"`      // Procfile: base port; 0 = PORT of .env, of Env, 5000
	Scale     map[string]int    `json:"scale,omitempty"`     // instances that Each must cover beyond the file's own number
	Ports     map[string]int    `json:"ports,omitempty"`     // process.n -> the port that kitt has given it; one of port = "auto" that is not in it is guessed
	Deploy    bool              `json:"deploy,omitempty"`    // pm2 file: what is wrong with its deploy section is complained of as well
}

// Names are looked for in a folder, in this order.
var Names = []string{"kitt.hcl", "kitt.hcl.json", "Procfile",
	"ecosystem.config.cjs", "ecosystem.config.js", "ecosystem.config.mjs", "ecosystem.config.json",
	"ecosystem.json", "ecosystem.yml", "ecosystem.yaml"}

// Eval runs a JavaScript file apart from this process. An error that is a Complaint keeps its place; Reads counts also then.
type Eval func(ctx context.Context, file string, req Request) (Evaluated, error)

// Evaluated is what came of a JavaScript file.
type Evaluated struct {
	Value []byte            // its exports, in JSON
	Reads []string          // absolute paths of every file that it read
	Set   map[string]string // variables that it put into its environment, for its apps to have
	Unset []string          // variables that it took out of it
	Note  string            // how it had to be evaluated, in words, if that is worth a warning
}

// Find returns the absolute path of the spec file in dir: the first of Names that is there.
func Find(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("find spec: %w", err)
	}
	for _, name := range Names {
		file := filepath.Join(dir, name)
		if info, err := os.Stat(file); err == nil && !info.IsDir() {
			return file, nil
		}
	}
	return "", Complaint{Pos: Pos{File: dir}, Text: "no spec file in this folder",
		Hint: "write a Procfile or a kitt.hcl, or name the file with -f"}
}

// Load reads the file that req names, merges what belongs to it, and checks the whole.
//
// The error is a *multierror.Error of Complaint: everything wrong with the file at once, in its order.
// The Spec is never nil; with an error only its File, Reads and Warnings are to be used.
// eval may be nil; then a file that needs JavaScript is a complaint.
func Load(ctx context.Context, req Request, eval Eval) (*Spec, error) {
	r := newReading(req)
	file, text, ok := r.open()
	if !ok {
		return r.finish()
	}
	r.choose(ctx, eval, file, text)
	r.checkFlags(file)
	r.validate()
	r.spec.forwarders()
	return r.finish()
}

// open finds the file and reads its text; not ok after a complaint.
func (r *reading) open() (file, text string, ok bool) {
	file, err := locate(r.req)
	r.spec.File = file
	if err != nil {
		r.complainOf(err, Pos{File: file})
		return file, "", false
	}
	r.spec.Project = projectName(filepath.Dir(file))
	text, ok = r.read(file)
	if ok && strings.ContainsRune(text, 0) {
		r.complain(Pos{File: file, Line: 1}, "", "this is not a text file")
		return file, "", false
	}
	return file, text, ok
}

// locate gives the absolute path of the file that req means. It returns the path also with an error.
func locate(req Request) (string, error) {
	path := resolve(req.Cwd, req.Path)
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return path, Complaint{Pos: Pos{File: path}, Text: "read spec: " + cause(err)}
	case info.IsDir():
		file, err := Find(path)
		if err != nil {
			return path, err
		}
		return file, nil
	case !info.Mode().IsRegular():
		return path, Complaint{Pos: Pos{File: path}, Text: "read spec: not a regular file"}
	}
	return path, nil
}

// choose hands text to the reader that the name of the file calls for.
func (r *reading) choose(ctx context.Context, eval Eval, file, text string) {
	switch formatOf(filepath.Base(file)) {
	case formatHCL:
		r.hcl(file, text)
	case formatProcfile:
		r.procfile(file, text)
	case formatJSON, formatYAML, formatJS:
		r.pm2File(ctx, eval, file, text)
	default:
		if !looksLikeProcfile(text) {
			r.complain(Pos{File: file, Line: 1}, "name it Procfile, NAME.hcl, NAME.hcl.json, or a pm2 NAME.config.js, .json or .yml",
				"%s: neither its name nor its text is that of a spec file", filepath.Base(file))
			return
		}
		r.procfile(file, text)
	}
}

// The formats that a file name can call for.
const (
	formatUnknown = iota
	formatHCL
	formatProcfile
	formatJSON
	formatYAML
	formatJS
)

var jsName = regexp.MustCompile(`\.config\.[cm]?js|\.[cm]?js$`)

// formatOf goes by the name alone. pm2 looks for its own extensions anywhere in the name, so does this.
func formatOf(base string) int {
	lower := strings.ToLower(base)
	switch {
	case strings.HasSuffix(lower, ".hcl"), strings.HasSuffix(lower, ".hcl.json"):
		return formatHCL
	case lower == "procfile", strings.HasPrefix(lower, "procfile."), strings.HasSuffix(lower, ".procfile"):
		return formatProcfile
	case strings.Contains(lower, ".json"):
		return formatJSON
	case strings.Contains(lower, ".yml"), strings.Contains(lower, ".yaml"):
		return formatYAML
	case jsName.MatchString(lower):
		return formatJS
	}
	return formatUnknown
}

// projectName makes a name of a folder's: its last part, without what a name may not hold.
func projectName(dir string) string {
	name := strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f || c == '/' {
			return '_'
		}
		return c
	}, filepath.Base(dir))
	name = strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(name), ".-_"))
	for len(name) > maxName {
		name = name[:len(name)-1]
	}
	if name = strings.ToValidUTF8(name, ""); name == "" {
		return "root"
	}
	return name
}

// resolve makes path absolute; a relative one lies under dir.
func resolve(dir, path string) string {
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// cause is what went wrong with a file, without the path that the complaint already names.
func cause(err error) string {
	if e, ok := err.(*fs.PathError); ok {
		return e.Err.Error()
	}
	return err.Error()
}
