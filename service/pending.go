package service

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"kitt.sh/service/api"
	"kitt.sh/spec"
)

// getPending answers with what the file of a project says and is not so yet: ?project=.
func (d *Daemon) getPending(w http.ResponseWriter, r *http.Request) {
	project := d.near(r, r.URL.Query().Get("project"))
	out, err := d.pending(r.Context(), project)
	if err != nil {
		refuse(w, err)
		return
	}
	answer(w, out)
}

func (d *Daemon) pending(ctx context.Context, project string) (api.Outstanding, error) {
	out := api.Outstanding{Project: project, Lines: []api.Line{}}
	l, err := d.asFollowed(project)
	if err != nil {
		return out, err
	}
	out.File = l.File
	d.mu.Lock()
	out.Error = d.troubles[project]
	d.mu.Unlock()
	found, err := d.read(ctx, l.Request)
	switch {
	case err != nil:
		out.Error = &api.Trouble{Text: err.Error()}
	case len(found.Complaints) > 0:
		list := veiled(found.Complaints)
		out.Error = &api.Trouble{Text: list[0].Error(), Complaints: list, Hint: list[0].Hint}
		out.Excerpt = excerpts(list)
	case found.Error != "":
		out.Error = &api.Trouble{Text: found.Error}
	default:
		l.Spec = *found.Spec
		err = d.plan(l, func(line api.Line) { out.Lines = append(out.Lines, line) })
	}
	return out, err
}

// asFollowed is what kitt apply would send for the file of a project, with the environment that it has.
func (d *Daemon) asFollowed(project string) (l api.Load, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	p := d.intents.Projects[project]
	if p == nil {
		return l, failure{4, fmt.Sprintf("find project %q: not applied", project), d.projectsHint()}
	}
	l = api.Load{File: p.File, Request: p.Request}
	l.Request.Path, l.Request.Scale, l.Request.Ports = p.File, scaled(p), d.portsOf(project)
	return l, nil
}

// excerptRoom is how many lines stand around the one complained of, and mostExcerpts how many places are shown.
const excerptRoom, mostExcerpts = 4, 20

func excerpts(list []spec.Complaint) (out []api.Excerpt) {
	for _, c := range list[:min(len(list), mostExcerpts)] {
		e := api.Excerpt{File: c.File, Line: c.Line, Col: c.Col, Text: c.Text, Hint: c.Hint, First: 1, Lines: []string{}}
		b, err := os.ReadFile(c.File)
		if err == nil && c.Line > 0 && len(b) < 4<<20 {
			lines := strings.Split(string(b), "\n")
			from := max(0, c.Line-1-excerptRoom)
			e.First = from + 1
			for _, line := range lines[min(from, len(lines)):min(len(lines), c.Line+excerptRoom)] {
				e.Lines = append(e.Lines, veil(line, c.Text))
			}
		}
		out = append(out, e)
	}
	return out
}

// postFollow applies the file of a project as it is now.
func (d *Daemon) postFollow(w http.ResponseWriter, r *http.Request) {
	var in api.FollowFile
	if !sent(w, r, &in) {
		return
	}
	l, err := d.asFollowed(d.near(r, in.Project))
	if err != nil {
		refuse(w, err)
		return
	}
	l.Wait = true
	s := newLines(w, r)
	if err = d.readFor(r.Context(), &l); err == nil {
		err = d.apply(r.Context(), l, s)
	}
	if err != nil {
		s.fail(err)
	}
}

// whyWithin is how long the search for a cause may take: it asks the system who holds a port, and a shell for its PATH.
const whyWithin = 10 * time.Second

// getWhy answers with what `kitt why -o json` says: ?name=. A child looks, so that nothing of it stays in the daemon.
func (d *Daemon) getWhy(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), whyWithin)
	defer cancel()
	args := []string{"why", "-o", "json"}
	if name := r.URL.Query().Get("name"); name != "" {
		args = append(args, "--", name)
	}
	out, words := limited{most: 4 << 20}, limited{most: 64 << 10}
	cmd := exec.CommandContext(ctx, d.Exe, args...)
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &out, &words, time.Second
	cmd.Env = append(os.Environ(), "KITT_HOME="+d.Dirs.Home, "NO_COLOR=1")
	if err := cmd.Run(); err != nil {
		text, hint, _ := strings.Cut(strings.TrimSpace(words.String()), "\nhint: ")
		code := 1
		if cmd.ProcessState != nil && cmd.ProcessState.ExitCode() > 0 {
			code = cmd.ProcessState.ExitCode()
		}
		refuse(w, failure{code, "look for causes: " + strings.TrimPrefix(text, "kitt: "), hint})
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(api.Harmless(bytes.TrimSpace(out.Bytes())))
}
