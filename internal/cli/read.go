package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"kitt.sh/spec"
)

// A Source says which spec to read and how: the flags that apply, plan and check share.
type Source struct {
	File      string
	Name      string // the file as an argument, as pm2's users type it
	Profile   string
	Formation []string
	Port      int
	Look      bool // only to look: what stdin brings is not kept
}

// request finds the file and says how it is to be read. It reads only stdin, for -f -.
func (s Source) request(k *Kitt) (spec.Request, error) {
	req := spec.Request{Path: s.File, Cwd: k.Cwd, Env: capture(k.Environ), Profile: s.Profile, Port: s.Port}
	if s.File == "" {
		req.Path = s.Name
	}
	var err error
	switch {
	case s.File != "" && s.Name != "":
		return req, usage("two files: "+s.File+" and "+s.Name, "name one, with -f or without")
	case req.Path == "-":
		req.Path, err = s.keepStdin(k)
	case req.Path == "":
		req.Path, err = spec.Find(k.Cwd)
	case !filepath.IsAbs(req.Path):
		req.Path = filepath.Join(k.Cwd, req.Path)
	}
	if err != nil {
		return req, err
	}
	req.Formation, err = formation(s.Formation)
	return req, err
}

// look is read for who does not apply: it tells what kitt takes otherwise than pm2 too.
func (k *Kitt) look(ctx context.Context, req spec.Request) (*spec.Spec, error) {
	s, err := k.read(ctx, req)
	if s != nil && !k.Quiet {
		k.complain(s.Differs, cyan)
	}
	return s, err
}

// read loads the spec that req names and tells its warnings. Its error holds every complaint.
func (k *Kitt) read(ctx context.Context, req spec.Request) (*spec.Spec, error) {
	s, err := loadSpec(ctx, req, evalJS)
	if s != nil && !k.Quiet {
		k.complain(s.Warnings, yellow)
	}
	return s, err
}

// formation reads web=2,worker=0; "all" sets the default.
func formation(words []string) (map[string]int, error) {
	if len(words) == 0 {
		return nil, nil
	}
	counts := map[string]int{}
	for _, word := range strings.Split(strings.Join(words, ","), ",") {
		name, number, ok := strings.Cut(strings.TrimSpace(word), "=")
		n, err := strconv.Atoi(strings.TrimSpace(number))
		if name = strings.TrimSpace(name); !ok || name == "" || err != nil || n < 0 {
			return nil, usage(fmt.Sprintf("%q is not NAME=NUMBER", word), "for instance web=2")
		}
		counts[name] = n
	}
	return counts, nil
}

// The names of files that hold what came by stdin, without their endings.
const (
	stdinKept  = ".kitt-stdin"
	stdinLooks = ".kitt-look"
)

// keepStdin writes what comes in to a file of this folder: kitt follows files, and must find it again after a
// reboot. One that is only to be looked at has another name, lest kitt takes it for an edit; forget removes it.
func (s Source) keepStdin(k *Kitt) (string, error) {
	text, err := io.ReadAll(io.LimitReader(k.In, 16<<20))
	if err != nil {
		return "", fmt.Errorf("read stdin: %w", err)
	}
	name := stdinKept
	if s.Look {
		name = stdinLooks
	}
	file := filepath.Join(k.Cwd, name+endingOf(string(text)))
	if old, err := os.ReadFile(file); err == nil && string(old) == string(text) {
		return file, nil
	}
	if err := os.WriteFile(file+".new", text, 0o600); err != nil {
		return "", fmt.Errorf("keep stdin: %w", err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		return "", fmt.Errorf("keep stdin: %w", err)
	}
	if !s.Look {
		k.note("stdin is kept as %s; kitt follows it from now on", file)
	}
	return file, nil
}

// forget removes what was kept only to be looked at.
func forget(req spec.Request) {
	if strings.HasPrefix(filepath.Base(req.Path), stdinLooks) {
		_ = os.Remove(req.Path)
	}
}

var (
	procfileLine = regexp.MustCompile(`^[A-Za-z0-9_-]+:`)
	exports      = regexp.MustCompile(`(?m)^\s*(module\.exports|exports\.)`)
	esExport     = regexp.MustCompile(`(?m)^\s*export\s`)
	yamlApps     = regexp.MustCompile(`(?m)^apps:\s*$`)
)

// endingOf guesses what kind of spec a text is, as the ending of a file name.
func endingOf(text string) string {
	first := ""
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			first = line
			break
		}
	}
	switch {
	case strings.HasPrefix(first, "{"), strings.HasPrefix(first, "["):
		return ".json"
	case exports.MatchString(text):
		return ".config.cjs"
	case esExport.MatchString(text):
		return ".config.mjs"
	case yamlApps.MatchString(text):
		return ".yml"
	case procfileLine.MatchString(first):
		return ".procfile"
	}
	return ".hcl"
}
