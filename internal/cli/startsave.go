package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"kitt.sh/spec"
)

// save writes scripts into the spec file of this folder, or a new kitt.hcl, and applies it. A file that would be wrong
// then is left as it was.
func (s Start) save(ctx context.Context, k *Kitt, words []string) error {
	file, err := spec.Find(k.Cwd)
	if err != nil {
		file = filepath.Join(k.Cwd, "kitt.hcl")
	}
	var text strings.Builder
	for _, word := range words {
		p, err := s.resolved(ctx, k, word)
		if err != nil {
			return err
		}
		block, err := blockOf(p, k.Cwd, filepath.Base(file))
		if err != nil {
			return err
		}
		text.WriteString(block)
	}
	old, err := os.ReadFile(file)
	fresh := errors.Is(err, os.ErrNotExist)
	if err != nil && !fresh {
		return fmt.Errorf("read %s: %w", file, err)
	}
	whole := strings.TrimRight(string(old), "\n")
	if whole != "" {
		whole += "\n"
		if filepath.Base(file) != "Procfile" {
			whole += "\n"
		}
	}
	if err := replaceText(file, whole+text.String()); err != nil {
		return err
	}
	if _, err := k.read(ctx, spec.Request{Path: file, Cwd: k.Cwd, Env: capture(k.Environ)}); err != nil {
		back := func() error { return replaceText(file, string(old)) }
		if fresh {
			back = func() error { return os.Remove(file) }
		}
		return errors.Join(err, back())
	}
	k.note("written into %s", file)
	return Apply{NoWait: s.NoWait, Timeout: s.Timeout, File: file}.Run(ctx, k)
}

// resolved is the process that a script and its flags make.
func (s Start) resolved(ctx context.Context, k *Kitt, word string) (*spec.Process, error) {
	dir, err := os.MkdirTemp("", "kitt")
	if err != nil {
		return nil, fmt.Errorf("read flags: %w", err)
	}
	defer os.RemoveAll(dir)
	o := &ownSpec{path: filepath.Join(dir, "ecosystem.json"), apps: []map[string]any{s.App.app(k.Cwd, word, s.Args, map[string]string{})}}
	if err := o.save(); err != nil {
		return nil, err
	}
	made, err := k.read(ctx, spec.Request{Path: o.path, Cwd: k.Cwd, Env: capture(k.Environ)})
	if err != nil {
		return nil, err
	}
	return &made.Processes[0], nil
}

// blockOf is a process as a spec file of that name has it.
func blockOf(p *spec.Process, cwd, file string) (string, error) {
	command := make([]string, len(p.Command))
	for i, word := range p.Command {
		if rest, inside := strings.CutPrefix(word, cwd+"/"); inside {
			word = "./" + rest
		}
		command[i] = word
	}
	switch {
	case file == "kitt.hcl":
		return hclBlock(p, command, cwd), nil
	case file == "Procfile" && p.Instances == 1 && p.Cwd == cwd && p.Restart.Policy == "always":
		return p.Name + ": " + commandLine(command) + "\n", nil
	case file == "Procfile":
		return "", &trouble{text: "save " + p.Name + ": a Procfile has no place for these flags", hint: "write a kitt.hcl that says procfile = \"Procfile\", and the block beside it", code: codeFailed}
	}
	return "", &trouble{text: "save " + p.Name + ": kitt does not write into " + file, hint: "add it to the file and kitt apply; without --save kitt keeps it by itself", code: codeFailed}
}

// hclBlock is a process as a block of kitt.hcl.
func hclBlock(p *spec.Process, command []string, cwd string) string {
	var b strings.Builder
	line := func(name, value string) { fmt.Fprintf(&b, "  %s = %s\n", name, value) }
	words := make([]string, len(command))
	for i, word := range command {
		words[i] = hclText(word)
	}
	fmt.Fprintf(&b, "process %s {\n", hclText(p.Name))
	line("command", "["+strings.Join(words, ", ")+"]")
	if p.Cwd != cwd {
		line("cwd", hclText(p.Cwd))
	}
	if p.Instances != 1 {
		line("instances", fmt.Sprint(p.Instances))
	}
	if p.Restart.Policy != "always" {
		b.WriteString("  restart {\n    policy = " + hclText(p.Restart.Policy) + "\n  }\n")
	}
	fmt.Fprintf(&b, "  stop {\n    signal  = %s\n    timeout = %s\n  }\n}\n", hclText(p.Stop.Signal), hclText(p.Stop.Timeout.String()))
	return b.String()
}

// hclText quotes a text: ${ and %{ would begin an expression.
func hclText(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04x`, r)
		case (r == '$' || r == '%') && strings.HasPrefix(s[i+1:], "{"):
			b.WriteRune(r)
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func replaceText(file, text string) error {
	mode := os.FileMode(0o644)
	if info, err := os.Stat(file); err == nil {
		mode = info.Mode().Perm()
	}
	if err := os.WriteFile(file+".new", []byte(text), mode); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return nil
}
