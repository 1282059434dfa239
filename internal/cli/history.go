package cli

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"kitt.sh/service/api"
)

// History lists the revisions of a project: each spec that was applied, and what it changed.
type History struct {
	Lines   int
	Project string
}

func (h History) Run(ctx context.Context, k *Kitt) error {
	if err := k.may("json", "yaml"); err != nil {
		return err
	}
	var list api.History
	q := url.Values{"project": {cmp.Or(h.Project, k.project())}}
	if err := k.asking(ctx, func() error { return k.API.Read(ctx, "/v1/history", q, &list) }); err != nil {
		return err
	}
	list.Revisions = list.Revisions[max(0, len(list.Revisions)-h.Lines):]
	if k.Output != "table" {
		return k.emitValue(list)
	}
	for _, r := range slices.Backward(list.Revisions) {
		fmt.Fprintln(k.Out, revisionText(k.Paint, k.Now(), r))
	}
	return nil
}

// revisionText is 12  2026-01-31 15:04:05  edited  up  web: command; +worker.
func revisionText(p Paint, now time.Time, r api.Revision) string {
	state, colour := "", green
	switch {
	case r.Current:
		state = "now"
	case r.Good:
		state = "up"
	default:
		state, colour = "not up", red
	}
	form := "15:04:05           "
	if at := r.At.Local(); at.YearDay() != now.Local().YearDay() || at.Year() != now.Local().Year() {
		form = "2006-01-02 15:04:05"
	}
	what := strings.Join(r.Changes, "; ")
	if what == "" {
		what = count(r.Processes, "process", "processes")
	}
	return pad(strconv.Itoa(r.N), 4) + "  " + p.in(dim, r.At.Local().Format(form)) + "  " + pad(clean(r.Why), 16) + "  " +
		p.in(colour, pad(state, 6)) + "  " + clean(what)
}

// Diff shows what differs between two revisions.
type Diff struct {
	Project   string
	Revisions []string
}

func (d Diff) Run(ctx context.Context, k *Kitt) error {
	if err := k.may("json", "yaml"); err != nil {
		return err
	}
	if len(d.Revisions) > 2 {
		return usage("more than two revisions named", "kitt diff FROM TO")
	}
	q := url.Values{"project": {cmp.Or(d.Project, k.project())}}
	for i, name := range []string{"from", "to"}[:len(d.Revisions)] {
		q.Set(name, d.Revisions[i])
	}
	var diff api.Diff
	if err := k.asking(ctx, func() error { return k.API.Read(ctx, "/v1/diff", q, &diff) }); err != nil {
		return err
	}
	if k.Output != "table" {
		return k.emitValue(diff)
	}
	k.differences(diff)
	return nil
}

func (k *Kitt) differences(diff api.Diff) {
	fmt.Fprintln(k.Out, k.Paint.in(bold, fmt.Sprintf("%s: revision %d to %d", clean(diff.Project), diff.From, diff.To)))
	if len(diff.Processes) == 0 {
		fmt.Fprintln(k.Out, "no process differs")
	}
	for _, p := range diff.Processes {
		switch p.Verb {
		case "add":
			fmt.Fprintln(k.Out, k.Paint.in(green, "+ "+clean(p.Process)))
		case "remove":
			fmt.Fprintln(k.Out, k.Paint.in(red, "- "+clean(p.Process)))
		default:
			fmt.Fprintln(k.Out, k.Paint.in(yellow, "~ "+clean(p.Process)))
		}
		for _, c := range p.Changes {
			fmt.Fprintln(k.Out, "    "+(&stream{k: k}).change(c))
		}
	}
}

// Rollback makes an earlier revision of a project the one that is wanted.
type Rollback struct {
	Project  string
	NoWait   bool
	Timeout  time.Duration
	Revision string
}

func (r Rollback) Run(ctx context.Context, k *Kitt) error {
	if err := k.may("json"); err != nil {
		return err
	}
	o := api.Rollback{Project: cmp.Or(r.Project, k.project()), Wait: !r.NoWait, Timeout: r.Timeout}
	if r.Revision != "" {
		n, err := strconv.Atoi(r.Revision)
		if err != nil || n < 1 {
			return usage(fmt.Sprintf("%q is no number of a revision", r.Revision), "kitt history shows them")
		}
		o.Revision = n
	}
	return unanswered("rollback", nil, k.asking(ctx, func() error {
		return (&stream{k: k}).print(ctx, "rollback", k.API.Post(ctx, "rollback", o))
	}))
}
