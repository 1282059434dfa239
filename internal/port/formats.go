package port

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"kitt.sh/spec"
)

// A File is a name and what is in it.
type File struct {
	Name string // absolute when read; relative when written
	Text []byte
}

type reader func(text []byte, at Place, p *Project) error

var readers = map[string]reader{
	"pm2": readPM2, "compose": readCompose, "process-compose": readProcessCompose,
	"supervisor": readSupervisor, "systemd": readSystemd, "launchd": readLaunchd,
}

// Formats are the names of what Read reads.
func Formats() []string { return slices.Sorted(maps.Keys(readers)) }

// Read reads files of one format each; together they are one project. as names the format where it is not to be
// guessed from name and content. place says for each file what its reader may know.
func Read(as string, files []File, place func(file string) Place) (Project, error) {
	var p Project
	for _, f := range files {
		format := as
		if format == "" {
			format = guess(filepath.Base(f.Name), f.Text)
		}
		read := readers[format]
		switch {
		case format == "":
			return p, errors.New("neither its name nor its content tells what it is")
		case read == nil:
			return p, fmt.Errorf("%q is not a format", format)
		}
		if err := read(bytes.TrimPrefix(f.Text, []byte("\ufeff")), place(f.Name), &p); err != nil {
			return p, err
		}
	}
	p.settle()
	return p, nil
}

var writers = map[string]func(*Project) []File{
	"procfile": writeProcfile, "systemd": writeSystemd, "launchd": writeLaunchd, "supervisor": writeSupervisor, "compose": writeCompose,
}

// Targets are the names of what Write writes.
func Targets() []string { return slices.Sorted(maps.Keys(writers)) }

// Write is a spec in another format: its files, and what did not map. The error is an unknown format.
func Write(format string, s *spec.Spec) ([]File, []Note, error) {
	write := writers[strings.ToLower(format)]
	if write == nil {
		return nil, nil, fmt.Errorf("%q is not a format", format)
	}
	p := Project{Name: s.Project, dir: filepath.Dir(s.File)}
	for _, q := range s.Processes {
		if q.Fronts() != "" { // what it stands for says so
			continue
		}
		if len(q.Ports) > 0 {
			p.note(q.Name, "port = \"auto\": PORT is %d here, and nobody keeps that free", q.Ports[0])
		}
		if (len(q.Each) > 0 || len(q.Ports) > 0) && format != "launchd" {
			if len(q.Each)+len(q.Ports) > 1 {
				p.note(q.Name, "its instances differ in more than a number: all are as the first")
			}
			q.Command, q.Cwd, q.Env = q.For(1)
			q.Step = nil
		}
		if q.Mode == spec.ModeCluster && q.Instances > 1 {
			p.note(q.Name, "mode cluster: its %d instances run side by side and share no port", q.Instances)
		}
		if q.Ready.Message || q.Stop.Message != "" {
			p.note(q.Name, "messages to and from Node (ready, stop) have no counterpart")
		}
		p.without(strings.ToLower(format), q)
		p.Processes = append(p.Processes, Process{Process: q})
	}
	files := write(&p)
	return files, p.Notes, nil
}

// Secret tells whether the project holds values of an environment.
func (p Project) Secret() bool {
	return slices.ContainsFunc(p.Processes, func(q Process) bool { return len(q.Env) > 0 })
}

// guess goes by the name first, then by the content.
func guess(name string, text []byte) string {
	lower := strings.ToLower(name)
	switch {
	case lower == "dump.pm2", lower == "dump.pm2.bak":
		return "pm2"
	case strings.HasSuffix(lower, ".service"), strings.HasSuffix(lower, ".target"), strings.HasSuffix(lower, ".timer"):
		return "systemd"
	case strings.HasSuffix(lower, ".plist"):
		return "launchd"
	case strings.Contains(lower, "process-compose"):
		return "process-compose"
	case strings.Contains(lower, "compose") && (strings.HasSuffix(lower, ".yml") || strings.HasSuffix(lower, ".yaml")):
		return "compose"
	}
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool {
			return bytes.HasPrefix(text, []byte(w)) || bytes.Contains(text, []byte("\n"+w))
		})
	}
	switch {
	case bytes.HasPrefix(text, []byte("bplist")), bytes.Contains(text[:min(len(text), 512)], []byte("<plist")):
		return "launchd"
	case has("[program:", "[supervisord]"):
		return "supervisor"
	case has("[Service]", "[Unit]"):
		return "systemd"
	case has("services:"):
		return "compose"
	case has("processes:"):
		return "process-compose"
	case strings.HasSuffix(lower, ".ini"), strings.HasSuffix(lower, ".conf"):
		return "supervisor"
	}
	return ""
}
