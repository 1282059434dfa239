package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"kitt.sh/internal/port"
)

// Export writes the spec in the format of another process manager: to stdout, or to -o, which is a folder where
// there are several files.
type Export struct {
	File    string
	Profile string
	Force   bool
	Format  string
	Name    string
}

func (e Export) Run(ctx context.Context, k *Kitt) error {
	to, err := k.outFile("-")
	if err != nil {
		return err
	}
	if !isTarget(e.Format) {
		return usage(fmt.Sprintf("%q is not a format", e.Format), "kitt export has "+listed(port.Targets()))
	}
	req, err := Source{File: e.File, Name: e.Name, Profile: e.Profile, Look: true}.request(k)
	defer forget(req)
	if err != nil {
		return err
	}
	s, err := k.read(ctx, req)
	if err != nil {
		return err
	}
	files, notes, err := port.Write(e.Format, s)
	if err != nil {
		return fmt.Errorf("export %s: %w", filepath.Base(s.File), err)
	}
	for _, n := range notes {
		k.note("%s", n)
	}
	secret := false
	for _, p := range s.Processes {
		secret = secret || len(p.Env) > 0
	}
	if to == "-" {
		return e.print(k, files)
	}
	return e.write(k, to, files, secret)
}

func isTarget(format string) bool {
	for _, known := range port.Targets() {
		if strings.EqualFold(known, format) {
			return true
		}
	}
	return false
}

// print puts the files one after the other, each under its name where there are several.
func (e Export) print(k *Kitt, files []port.File) error {
	for i, f := range files {
		if len(files) > 1 {
			if i > 0 {
				fmt.Fprintln(k.Out)
			}
			mark := "# " + f.Name
			if strings.HasSuffix(f.Name, ".plist") {
				mark = "<!-- " + f.Name + " -->"
			}
			fmt.Fprintln(k.Out, mark)
		}
		if _, err := k.Out.Write(f.Text); err != nil {
			return err
		}
	}
	return nil
}

// write makes one file of that name, or the files in that folder. Nothing is written over without --force, and then
// nothing is written at all.
func (e Export) write(k *Kitt, to string, files []port.File, secret bool) error {
	info, err := os.Stat(to)
	folder := len(files) > 1 || err == nil && info.IsDir()
	name := func(f port.File) string {
		if folder {
			return filepath.Join(to, f.Name)
		}
		return to
	}
	for _, f := range files {
		if _, err := os.Lstat(name(f)); err == nil && !e.Force {
			return &trouble{text: "export: " + name(f) + " is there already", hint: "--force writes over it", code: codeFailed}
		}
	}
	if folder {
		if err := os.MkdirAll(to, 0o755); err != nil {
			return fmt.Errorf("export to %s: %w", to, err)
		}
	}
	for _, f := range files {
		if err := replaceFile(name(f), f.Text, secret); err != nil {
			return fmt.Errorf("write %s: %w", name(f), err)
		}
		k.note("wrote %s%s", name(f), ofSecret(secret))
	}
	return nil
}
