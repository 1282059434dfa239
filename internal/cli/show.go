package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"path/filepath"

	"kitt.sh/service/api"
	"kitt.sh/spec"
)

// Show tells everything about one process.
type Show struct {
	Env    bool // its environment instead
	Reveal bool // with the values
	Name   string
}

func (s Show) Run(ctx context.Context, k *Kitt) error {
	if err := k.may("wide", "json", "yaml"); err != nil {
		return err
	}
	switch {
	case s.Env:
		return s.environ(ctx, k)
	case s.Reveal:
		return usage("--reveal is for --env alone", "kitt show --env --reveal "+s.Name)
	}
	show, raw, err := k.show(ctx, "/v1/show", s.Name)
	switch {
	case err != nil:
		return err
	case k.Output == "json" || k.Output == "yaml":
		return k.emit(raw)
	}
	k.process(show)
	return nil
}

// show asks about one process.
func (k *Kitt) show(ctx context.Context, path, name string) (show api.Show, raw []byte, err error) {
	q := url.Values{"name": {name}}
	if p := k.project(); p != "" {
		q.Set("project", p)
	}
	err = k.asking(ctx, func() (err error) {
		raw, err = k.API.Get(ctx, path, q)
		return err
	})
	if err != nil {
		return show, raw, err
	}
	if err := json.Unmarshal(raw, &show); err != nil {
		return show, raw, fmt.Errorf("read answer: %w", err)
	}
	return show, raw, nil
}

func (k *Kitt) process(s api.Show) {
	name := clean(s.Process.Name)
	if len(s.Instances) > 0 {
		name = clean(s.Instances[0].Project) + "/" + name
	}
	fmt.Fprintf(k.Out, "%s  %s\n\n", k.Paint.in(bold, name), clean(origin(s)))
	fmt.Fprint(k.Out, instances(k.Paint, k.Now(), s.Instances, true, k.limit()))
	k.heading("settings")
	k.fields(fields(s.Process.Process))
	if len(s.Instances) > 0 && s.Instances[0].Log.Out != "" {
		k.heading("logs")
		for _, in := range s.Instances {
			k.fields([]field{{in.ID + " out", in.Log.Out}, {in.ID + " err", in.Log.Err}})
		}
	}
	if s.Cluster != nil {
		k.workers(s.Cluster)
	}
	if len(s.Metrics) > 0 {
		k.metrics(s.Metrics)
	}
	if len(s.Tree) > 0 {
		k.heading("processes")
		k.tree(s.Tree)
	}
	if len(s.Events) > 0 {
		k.heading("events")
		for _, ev := range s.Events {
			fmt.Fprintln(k.Out, eventText(k.Paint, k.Now(), ev))
		}
	}
}

func (k *Kitt) heading(s string) { fmt.Fprintf(k.Out, "\n%s\n", k.Paint.in(bold, s)) }

func origin(s api.Show) string {
	if s.Process.Origin != (spec.Pos{}) {
		return s.Process.Origin.String()
	}
	return s.File
}

// tree draws who started whom, each under its parent.
func (k *Kitt) tree(procs []api.Proc) {
	children, known := map[int][]api.Proc{}, map[int]bool{}
	for _, p := range procs {
		known[p.PID] = true
	}
	for _, p := range procs {
		parent := p.Parent
		if !known[parent] || parent == p.PID {
			parent = 0
		}
		children[parent] = append(children[parent], p)
	}
	k.branch(children, 0, "", 0)
}

func (k *Kitt) branch(children map[int][]api.Proc, parent int, indent string, depth int) {
	if depth > 40 { // a ring, or deeper than anyone reads
		return
	}
	for _, p := range children[parent] {
		fmt.Fprintf(k.Out, "%s%d %s  %s  %s\n", indent, p.PID, clean(filepath.Base(p.Command)), percent(p.CPU), size(p.Memory))
		k.branch(children, p.PID, indent+"  ", depth+1)
	}
}
