package local

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"kitt.sh/reconcile"
)

// defaultPath is searched where neither the spec nor the captured environment says.
const defaultPath = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"

// strange is what tells of the life in which an environment was captured, and of no other.
var strange = []string{"KITT_LIFE", "KITT_KEEPER", "KITT_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PID"}

// environ is the whole environment of an instance, sorted, and where its PATH came from:
// the captured environment, less what is unset, under the spec's own, under kitt's.
func environ(in reconcile.Instance, own map[string]string, kitt map[string]string) (env map[string]string, pathFrom string) {
	env = maps.Clone(in.Captured)
	if env == nil {
		env = map[string]string{}
	}
	for _, name := range strange {
		delete(env, name)
	}
	for _, name := range in.Process.Unset {
		delete(env, name)
	}
	maps.Copy(env, own)
	maps.Copy(env, kitt)
	switch {
	case own["PATH"] != "":
		pathFrom = "set by the spec"
	case env["PATH"] != "":
		pathFrom = "captured at the last kitt apply"
	default:
		env["PATH"], pathFrom = defaultPath, "kitt's default; none was captured"
	}
	return env, pathFrom
}

// Environ is the whole environment that an instance would be started with now.
func (r *Runtime) Environ(in reconcile.Instance) map[string]string {
	_, _, own := in.Process.For(in.ID.N)
	env, _ := environ(in, own, r.Identity(in.ID))
	return env
}

// Identity is what kitt tells an instance about itself.
func (r *Runtime) Identity(id reconcile.ID) map[string]string {
	return map[string]string{"KITT_HOME": r.Home, "KITT_EXE": r.Exe, "KITT_PROJECT": id.Project,
		"KITT_PROCESS": id.Process, "KITT_INSTANCE": strconv.Itoa(id.N)}
}

// list turns an environment into the form that exec takes.
func list(env map[string]string) []string {
	out := make([]string, 0, len(env))
	for _, k := range slices.Sorted(maps.Keys(env)) {
		out = append(out, k+"="+env[k])
	}
	return out
}

// lookPath finds the program that a first word means: on path where it has no slash, else from cwd. As in a shell,
// an empty part of path is cwd, a relative one starts there, and what cannot be executed is passed over.
func lookPath(word, cwd, path string) (string, error) {
	if strings.Contains(word, "/") {
		if !filepath.IsAbs(word) {
			word = filepath.Join(cwd, word)
		}
		return word, executable(word)
	}
	var denied error
	for _, dir := range filepath.SplitList(path) {
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(cwd, dir)
		}
		file := filepath.Join(dir, word)
		err := executable(file)
		if err == nil {
			return file, nil
		}
		if errors.Is(err, fs.ErrPermission) && denied == nil {
			denied = err
		}
	}
	if denied != nil {
		return "", denied
	}
	return "", fmt.Errorf("find program %q: not on the PATH", word)
}

var errFolder = errors.New("is a folder")

// executable says why file cannot be executed; nil if it looks as if it can.
func executable(file string) error {
	st, err := os.Stat(file)
	switch {
	case err != nil:
		return fmt.Errorf("find program: %w", err)
	case st.IsDir():
		return fmt.Errorf("find program: %s: %w", file, errFolder)
	case st.Mode()&0o111 == 0:
		return fmt.Errorf("find program: %w", &os.PathError{Op: "exec", Path: file, Err: os.ErrPermission})
	}
	return nil
}
