package unit

import (
	"errors"
	"fmt"
	"html"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
)

// installed is a service file as it was found.
type installed struct {
	there bool
	text  string
	mode  fs.FileMode
	uid   int
}

// readInstalled looks at the file itself, never through a link: a masked unit is a link to /dev/null.
func readInstalled(path string) (installed, error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return installed{}, nil
	}
	if err != nil {
		return installed{}, wrap("read service file", err)
	}
	found := installed{there: true, mode: info.Mode(), uid: -1}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok {
		found.uid = int(owner.Uid)
	}
	if !info.Mode().IsRegular() {
		return found, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return found, wrap("read service file", err)
	}
	found.text = string(text)
	return found, nil
}

// faults says in what f differs from text, owned by uid. sans leaves out what differs from shell to shell.
func (f installed) faults(text string, uid int, sans bool) []string {
	if !f.there {
		return []string{"its file is missing"}
	}
	var list []string
	switch {
	case !f.mode.IsRegular():
		list = append(list, "its file is a "+kindOf(f.mode))
	case sans && sansShell(f.text) != sansShell(text), !sans && f.text != text:
		list = append(list, "its file says other things than this kitt would write: "+difference(f.text, text))
	case f.mode.Perm() != 0o644:
		list = append(list, fmt.Sprintf("its file has mode %04o instead of 0644", f.mode.Perm()))
	}
	if f.uid >= 0 && f.uid != uid {
		list = append(list, fmt.Sprintf("its file belongs to uid %d instead of %d", f.uid, uid))
	}
	return list
}

func kindOf(m fs.FileMode) string {
	switch {
	case m&fs.ModeSymlink != 0:
		return "link"
	case m.IsDir():
		return "folder"
	}
	return "special file"
}

// difference names the first line that is wanted and not there, or there and not wanted.
func difference(have, want string) string {
	if strings.TrimSpace(have) == "" {
		return "it is empty"
	}
	if line, ok := missing(want, have); ok {
		return "no `" + line + "`"
	}
	if line, ok := missing(have, want); ok {
		return "a strange `" + line + "`"
	}
	return "another order of lines"
}

func missing(from, in string) (string, bool) {
	there := map[string]bool{}
	for line := range strings.Lines(in) {
		there[strings.TrimSpace(line)] = true
	}
	for line := range strings.Lines(from) {
		if line = strings.TrimSpace(line); line != "" && !there[line] {
			return line, true
		}
	}
	return "", false
}

// sansShell leaves out PATH and LANG, which are those of whoever ran install. All else must be as it is.
func sansShell(text string) string {
	var kept strings.Builder
	skip := false
	for line := range strings.Lines(text) {
		t := strings.TrimSpace(line)
		key := t == "<key>PATH</key>" || t == "<key>LANG</key>"
		word := strings.TrimPrefix(strings.TrimPrefix(t, "Environment="), `"`)
		unit := t != word && (strings.HasPrefix(word, "PATH=") || strings.HasPrefix(word, "LANG="))
		if !key && !unit && !skip {
			kept.WriteString(line)
		}
		skip = key
	}
	return kept.String()
}

// programs finds what a unit or a plist starts. What kitt writes needs no more of either language.
var programs = regexp.MustCompile(`(?m)^ExecStart=(?:"((?:[^"\\]|\\.)*)"|(\S+))|<key>ProgramArguments</key>\s*<array>\s*<string>([^<]*)</string>`)

func programIn(text string) string {
	m := programs.FindStringSubmatch(text)
	switch {
	case m == nil:
		return ""
	case m[3] != "":
		return html.UnescapeString(m[3])
	case m[2] != "":
		return m[2]
	}
	return strings.NewReplacer(`\\`, `\`, `\"`, `"`, "%%", "%", `\x7b`, "{", `\x7d`, "}").Replace(m[1])
}

// replaceFile puts text at path in one step, 0644 whatever the umask: launchd refuses group-writable files.
func replaceFile(path, text string) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".kitt-*")
	if err != nil {
		return wrap("write service file", err)
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.WriteString(text)
	err = errors.Join(err, tmp.Chmod(0o644), tmp.Sync(), tmp.Close())
	if err != nil {
		return wrap("write service file", err)
	}
	if info, err := os.Lstat(path); err == nil && info.IsDir() {
		return wrapf("write service file: %s is a folder", path)
	}
	return wrap2("write service file", os.Rename(tmp.Name(), path))
}

func wrap2(what string, err error) error {
	if err == nil {
		return nil
	}
	return wrap(what, err)
}

// makeDir makes path and what is missing above it; what it made belongs to uid and gid, where that can be said.
func makeDir(path string, mode fs.FileMode, uid, gid int) error {
	if isDir(path) {
		return nil
	}
	if parent := filepath.Dir(path); parent != path {
		if err := makeDir(parent, mode, uid, gid); err != nil {
			return err
		}
	}
	if err := os.Mkdir(path, mode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if os.Geteuid() == 0 {
		return os.Lchown(path, uid, gid)
	}
	return nil
}

// removeFile removes path and reports whether there was anything to remove.
func removeFile(path string) (bool, error) {
	err := os.Remove(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return false, nil
	}
	return err == nil, wrap2("remove service file", err)
}
