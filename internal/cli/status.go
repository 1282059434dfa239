package cli

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"kitt.sh/service/api"
)

// Status shows what runs, and what does not and why.
type Status struct {
	Watch bool
	Names []string
}

func (s Status) Run(ctx context.Context, k *Kitt) error {
	if err := k.may("wide", "json", "yaml", "name"); err != nil {
		return err
	}
	if s.Watch {
		lingers()
		return s.watch(ctx, k)
	}
	return k.asking(ctx, func() error { return s.once(ctx, k) })
}

// query asks for the names given. Without any it asks for everything, also from inside a project.
func (s Status) query(k *Kitt) url.Values {
	return k.targets(s.Names)
}

func (s Status) once(ctx context.Context, k *Kitt) error {
	if k.Output == "json" || k.Output == "yaml" {
		b, err := k.API.Get(ctx, "/v1/status", s.query(k))
		if err != nil {
			return err
		}
		return k.emit(b)
	}
	now, err := s.look(ctx, k)
	if err != nil {
		return err
	}
	if k.Output == "name" {
		return names(k, now)
	}
	_, err = fmt.Fprint(k.Out, statusText(k.Paint, k.Now(), now, k.Output == "wide", k.limit()))
	if err == nil && len(now.Instances) == 0 {
		k.note("%s", s.none(now))
	}
	return err
}

// none says why nothing is listed.
func (s Status) none(now *api.Status) string {
	switch {
	case len(s.Names) > 0:
		return "no instance of " + strings.Join(s.Names, ", ") + ": scaled to 0, or deleted; kitt scale NAME=1 or kitt start NAME brings it back"
	case len(now.Specs) > 0:
		return "no instances: all are scaled to 0 or deleted; kitt scale NAME=1 or kitt start NAME brings one back"
	}
	return "no processes; try kitt apply"
}

func (s Status) look(ctx context.Context, k *Kitt) (*api.Status, error) {
	q := s.query(k)
	q.Set("view", api.TableView)
	b, err := k.API.Get(ctx, "/v1/status", q)
	if err != nil {
		return nil, err
	}
	return api.ParseTable(b)
}

// screen is the text of `kitt status`, for those who ask the daemon for it.
func screen(s *api.Status, width int, colour bool) []byte {
	return []byte(statusText(Paint(colour), time.Now(), s, false, width))
}

// limit is the width that tables must fit into: none for -o wide and in pipes.
func (k *Kitt) limit() int {
	if k.Output == "wide" {
		return 0
	}
	return k.Width()
}

func names(k *Kitt, s *api.Status) error {
	var b strings.Builder
	for _, in := range s.Instances {
		b.WriteString(clean(in.ID) + "\n")
	}
	_, err := fmt.Fprint(k.Out, b.String())
	return err
}

// statusText is the table, and below it every spec file that is not followed at the moment.
func statusText(p Paint, now time.Time, s *api.Status, wideForm bool, width int) string {
	var b strings.Builder
	if len(s.Instances) > 0 {
		b.WriteString(instances(p, now, s.Instances, wideForm, width))
	}
	for _, spec := range s.Specs {
		for _, text := range spec.Alerts {
			fmt.Fprintf(&b, "%s %s\n%s kitt notify test\n", p.in(yellow, clean(spec.Project)+":"), clean(text), p.in(cyan, "hint:"))
		}
		if spec.Error == nil {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		troubleText(&b, p, now, spec)
	}
	if path := s.Daemon.Replaced; path != "" && b.Len() > 0 {
		fmt.Fprintf(&b, "\n%s is another build than the kitt that runs (%s)\n%s kitt upgrade\n", clean(path), clean(s.Daemon.Version), p.in(cyan, "hint:"))
	}
	if text := s.Daemon.Service; text != "" && b.Len() > 0 {
		fmt.Fprintf(&b, "\n%s kitt's own service: %s\n%s kitt apply, or kitt service install\n", p.in(yellow, "drifted:"), clean(text), p.in(cyan, "hint:"))
	}
	return b.String()
}

func troubleText(b *strings.Builder, p Paint, now time.Time, s api.Spec) {
	t := s.Error
	fmt.Fprintf(b, "%s %s\n", p.in(red, "not followed:"), clean(s.File)+lasting(now, t.Since)+"; "+clean(s.Project)+" runs on as it was")
	if len(t.Complaints) == 0 {
		fmt.Fprintln(b, clean(t.Text))
	}
	explainTo(b, p, t.Complaints, red)
	if t.Hint != "" && (len(t.Complaints) == 0 || t.Complaints[len(t.Complaints)-1].Hint != t.Hint) {
		fmt.Fprintf(b, "%s %s\n", p.in(cyan, "hint:"), clean(t.Hint))
	}
}

func lasting(now time.Time, t api.Time) string {
	if t.IsZero() {
		return ""
	}
	return " (since " + age(now.Sub(t.Time)) + ")"
}
