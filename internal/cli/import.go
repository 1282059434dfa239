package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"kitt.sh/internal/port"
)

// Import writes a kitt.hcl of what another process manager runs, or has on disk. -o names the file; - is stdout.
type Import struct {
	As       string // the format, where neither name nor content tells
	Force    bool
	TakeOver bool
	Timeout  time.Duration
	What     []string // pm2, or files
}

func (i Import) Run(ctx context.Context, k *Kitt) error {
	to, err := k.outFile("kitt.hcl")
	if err != nil {
		return err
	}
	if err := i.may(to); err != nil {
		return err
	}
	src, err := i.source(ctx, k)
	if err != nil {
		return err
	}
	if src.project.Name == "" && to != "-" {
		src.project.Name = port.FitName(filepath.Base(filepath.Dir(to)))
	}
	for _, n := range src.project.Notes {
		k.note("%s", n)
	}
	if len(src.project.Processes) == 0 {
		return &trouble{text: "import " + src.what + ": names no process that kitt could run", hint: src.hint, code: codeFailed}
	}
	dir := k.Cwd
	if to != "-" {
		dir = filepath.Dir(to)
	}
	text := port.WriteHCL(src.project, dir, "Written by kitt import from "+src.what+".")
	if to == "-" {
		_, err := k.Out.Write(text)
		return err
	}
	if err := i.write(k, to, text, src.project.Secret()); err != nil {
		return err
	}
	if i.TakeOver {
		return takeOver{k, src.pm2, to, src.project, i.Timeout}.run(ctx)
	}
	return Plan{File: to}.Run(ctx, asTable(k))
}

// outFile is what -o names for the verbs that write files: a path made absolute, or "-".
func (k *Kitt) outFile(or string) (string, error) {
	to := k.Output
	switch to {
	case "wide", "json", "yaml", "name":
		return "", usage("this verb has no -o "+to, "-o names the file to write here; - is stdout")
	case "", "table":
		to = or
	}
	if to == "-" || to == "" || filepath.IsAbs(to) {
		return to, nil
	}
	return filepath.Join(k.Cwd, to), nil
}

// asTable is k for a verb that is run on behalf of another, whose -o means something else.
func asTable(k *Kitt) *Kitt {
	other := *k
	other.Output = "table"
	return &other
}

// may says before anything is asked what cannot be done.
func (i Import) may(to string) error {
	pm2 := len(i.What) == 1 && i.What[0] == "pm2"
	switch {
	case len(i.What) == 0:
		return usage("import what?", "kitt import pm2, or kitt import FILE of "+strings.Join(port.Formats(), ", "))
	case i.TakeOver && (!pm2 || to == "-"):
		return usage("--take-over takes processes over from a running pm2, into a file", "kitt import pm2 --take-over")
	case to == "-" || i.Force:
		return nil
	}
	if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
		return &trouble{text: "import: " + to + " is there already", hint: "-o FILE writes another, -o - prints it, --force writes over it", code: codeFailed}
	}
	return nil
}

// write replaces the file. One that holds values of the environment is nobody else's to read.
func (i Import) write(k *Kitt, to string, text []byte, secret bool) error {
	if err := replaceFile(to, text, secret); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(to), err)
	}
	k.note("wrote %s%s", to, ofSecret(secret))
	return nil
}

func ofSecret(secret bool) string {
	if secret {
		return "; it holds values of the environment, only you can read it (0600)"
	}
	return ""
}

// replaceFile writes a whole file or nothing.
func replaceFile(to string, text []byte, secret bool) error {
	f, err := os.CreateTemp(filepath.Dir(to), "."+filepath.Base(to)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	if !secret && err == nil {
		err = f.Chmod(0o644)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), to)
}

// A source is what was read, and what it is called.
type source struct {
	project port.Project
	what    string
	hint    string
	pm2     pm2
}

func (i Import) source(ctx context.Context, k *Kitt) (source, error) {
	if len(i.What) == 1 && i.What[0] == "pm2" {
		return importPM2(ctx, k, i.TakeOver)
	}
	var files []port.File
	var names []string
	for _, name := range i.What {
		f, err := k.importFile(name)
		if err != nil {
			return source{}, err
		}
		files, names = append(files, f), append(names, filepath.Base(f.Name))
	}
	what := strings.Join(names, ", ")
	p, err := port.Read(i.As, files, k.place)
	if err != nil {
		return source{}, &trouble{text: "import " + what + ": " + err.Error(), hint: "--as says what it is: " + strings.Join(port.Formats(), ", "), code: codeFailed, err: err}
	}
	return source{project: p, what: what}, nil
}

const maxImport = 16 << 20

func (k *Kitt) importFile(name string) (port.File, error) {
	path := name
	if !filepath.IsAbs(path) {
		path = filepath.Join(k.Cwd, name)
	}
	info, err := os.Stat(path)
	var at *fs.PathError
	switch {
	case errors.As(err, &at):
		return port.File{}, &trouble{text: "import " + name + ": " + at.Err.Error(), hint: "kitt import pm2, or kitt import FILE of " + strings.Join(port.Formats(), ", "), code: codeFailed, err: err}
	case !info.Mode().IsRegular():
		return port.File{}, fmt.Errorf("import %s: not a regular file", name)
	}
	f, err := os.Open(path)
	if err != nil {
		return port.File{}, fmt.Errorf("import %s: %w", name, err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxImport))
	return port.File{Name: path, Text: text}, err
}

// place is what a reader of file may know besides its bytes.
func (k *Kitt) place(file string) port.Place {
	return port.Place{File: file, Home: k.Env("HOME"), Env: capture(k.Environ), Shell: ofTheShell}
}
