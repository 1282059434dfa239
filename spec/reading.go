package spec

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/go-multierror"
)

// maxFile keeps a mistaken -f (a log, a disk image) from filling the memory.
const maxFile = 16 << 20

// A reading is one Load under way: what was read so far, and what is wrong with it.
type reading struct {
	req   Request
	spec  *Spec
	lines map[string][]string // of every file read, for the line a complaint stands on
	errs  []Complaint
	lined []string        // processes that stand in a Procfile
	named Pos             // where the project's name stands, if the file gives one
	seen  map[string]bool // complaints and warnings made: an expression read for each instance is wrong once
}

func newReading(req Request) *reading {
	return &reading{req: req, spec: &Spec{Reads: []string{}, Processes: []Process{}},
		lines: map[string][]string{}, seen: map[string]bool{}}
}

// read returns the text of file without a byte order mark. A file that cannot be read is a complaint.
func (r *reading) read(file string) (string, bool) {
	text, err := r.tryRead(file)
	if err != nil {
		r.complain(Pos{File: file}, "", "read %s: %s", filepath.Base(file), cause(err))
		return "", false
	}
	return text, true
}

// tryRead is read for files that may be missing; they are looked for all the same.
func (r *reading) tryRead(file string) (string, error) {
	r.note(file)
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", errors.New("not a regular file")
	case info.Size() > maxFile:
		return "", fmt.Errorf("%d bytes are too many for a spec file", info.Size())
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	text := string(bytes.TrimPrefix(b, []byte("\ufeff")))
	r.lines[file] = strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	return text, nil
}

// note says that file was read or looked for: an edit of it is an edit of the spec.
func (r *reading) note(file string) {
	if !slices.Contains(r.spec.Reads, file) {
		r.spec.Reads = append(r.spec.Reads, file)
	}
}

func (r *reading) complain(at Pos, hint, format string, args ...any) {
	if c, fresh := r.remark(at, hint, fmt.Sprintf(format, args...)); fresh {
		r.errs = append(r.errs, c)
	}
}

func (r *reading) warn(at Pos, hint, format string, args ...any) {
	if c, fresh := r.remark(at, hint, fmt.Sprintf(format, args...)); fresh {
		r.spec.Warnings = append(r.spec.Warnings, c)
	}
}

// complainOf takes an error of elsewhere: a Complaint as it is, any other at a place.
func (r *reading) complainOf(err error, at Pos) {
	var c Complaint
	if errors.As(err, &c) {
		if c.File == "" {
			c.Pos = at
		}
		r.complain(c.Pos, c.Hint, "%s", c.Text)
		return
	}
	r.complain(at, "", "%s", err)
}

func (r *reading) remark(at Pos, hint, text string) (c Complaint, fresh bool) {
	c = Complaint{Pos: at, Text: plain(text), Hint: plain(hint)}
	if source, ok := r.source(at); ok {
		c.Source, c.Col = source, min(c.Col, utf8.RuneCountInString(source)+1) // a reader may point beyond the line's end
	}
	key := c.Error()
	fresh = !r.seen[key]
	r.seen[key] = true
	return c, fresh
}

// source is the line that at points to, without the space at its end; ok is false if it is not known.
func (r *reading) source(at Pos) (line string, ok bool) {
	lines := r.lines[at.File]
	if at.Line < 1 || at.Line > len(lines) {
		return "", false
	}
	return plain(lines[at.Line-1]), true
}

// plain makes one line of text that a terminal can be trusted with; its columns stay.
func plain(text string) string {
	return strings.TrimRight(strings.Map(func(c rune) rune {
		switch {
		case c == '\t':
			return c
		case unicode.IsSpace(c):
			return ' '
		case unicode.IsControl(c):
			return unicode.ReplacementChar
		}
		return c
	}, text), " ")
}

// finish hands over: the spec, and all complaints in the order of the files and lines they stand on.
func (r *reading) finish() (*Spec, error) {
	slices.Sort(r.spec.Reads)
	for _, list := range [][]Complaint{r.errs, r.spec.Warnings, r.spec.Differs} {
		sort.SliceStable(list, func(i, j int) bool { return r.before(list[i].Pos, list[j].Pos) })
	}
	if len(r.errs) == 0 {
		return r.spec, nil
	}
	all := &multierror.Error{ErrorFormat: oneALine}
	for _, c := range r.errs {
		all = multierror.Append(all, c)
	}
	return r.spec, all
}

func (r *reading) before(a, b Pos) bool {
	switch {
	case a.File != b.File:
		return a.File == r.spec.File || b.File != r.spec.File && a.File < b.File
	case a.Line != b.Line:
		return a.Line < b.Line
	}
	return a.Col < b.Col
}

func oneALine(errs []error) string {
	text := make([]string, len(errs))
	for i, err := range errs {
		text[i] = err.Error()
	}
	return strings.Join(text, "\n")
}
