// Package port reads what other process managers have on disk, and writes it.
//
//	bytes -> Read -> Project -> WriteHCL -> kitt.hcl
//	Spec -> FromSpec -> Project -> Write -> files
//
// A reader is a pure function of bytes and a Place; it survives any bytes. What has no counterpart is a Note, never silence.
package port

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"kitt.sh/spec"
)

// A Project is what was read, or what is to be written.
type Project struct {
	Name      string // of the project; empty where the file says nothing
	Processes []Process
	Notes     []Note // what did not map
	dir       string // of the spec file that is written in another format
}

// A Process is a process with what a resolved one has lost.
type Process struct {
	spec.Process
	EnvFile []string // as in kitt.hcl's env_file: absolute, or with a dash before it if it may be missing
	Ids     []int    // pm2's numbers of its instances
}

// A Note is one thing that did not map. Process is empty for what concerns the file.
type Note struct{ Process, Text string }

// String is the note in one line.
func (n Note) String() string {
	if n.Process == "" {
		return n.Text
	}
	return n.Process + ": " + n.Text
}

// A Place is what a reader may know besides the bytes.
type Place struct {
	File  string            // absolute path of what is read; relative paths resolve on its folder
	Home  string            // of the user
	Env   map[string]string // what a process of kitt would inherit
	Shell func(string) bool // tells of a variable that it belongs to a terminal or a session; nil: none does
}

func (at Place) dir() string { return filepath.Dir(at.File) }

// resolve makes a path absolute on the folder of the file.
func (at Place) resolve(path string) string {
	switch {
	case path == "~" || strings.HasPrefix(path, "~/"):
		return filepath.Join(at.Home, path[1:])
	case filepath.IsAbs(path):
		return filepath.Clean(path)
	}
	return filepath.Join(at.dir(), path)
}

// note adds what did not map.
func (p *Project) note(process, format string, args ...any) {
	n := Note{process, oneLine(fmt.Sprintf(format, args...))}
	if !slices.Contains(p.Notes, n) {
		p.Notes = append(p.Notes, n)
	}
}

func (p *Project) has(name string) bool {
	return slices.ContainsFunc(p.Processes, func(q Process) bool { return q.Name == name })
}

// FitName makes a name that a process of kitt.hcl can have: letters, digits, _ - and :, at most 64 bytes.
func FitName(name string) string {
	name = strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsDigit(c) || strings.ContainsRune("_-:", c) {
			return c
		}
		return '-'
	}, strings.ToValidUTF8(name, "-"))
	name = strings.Trim(name, "-")
	for len(name) > 64 {
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	if name == "" {
		return "process"
	}
	return name
}

// oneLine makes one line that a terminal can be trusted with, of at most 300 bytes or so.
func oneLine(text string) string {
	text = strings.Map(func(c rune) rune {
		switch {
		case unicode.IsSpace(c):
			return ' '
		case !unicode.IsPrint(c):
			return unicode.ReplacementChar
		}
		return c
	}, text)
	if r := []rune(text); len(r) > 300 {
		return string(r[:300]) + "…"
	}
	return text
}

// fresh is a process about which nothing is said yet.
func fresh(name string, at Place) Process {
	p := Process{Process: spec.Defaults()}
	p.Name, p.Cwd, p.Env = name, at.dir(), map[string]string{}
	return p
}

// listed writes names as a person would.
func listed(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
