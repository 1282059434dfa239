package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"path/filepath"

	"kitt.sh/service/api"
	"kitt.sh/spec"
)

// Plan shows what apply would do, field by field, and does nothing.
type Plan struct {
	File             string
	Profile          string
	Formation        []string
	Port             int
	Only             []string
	DetailedExitcode bool
	Reveal           bool // with -o json: the values of the environment too
	Name             string
}

func (p Plan) Run(ctx context.Context, k *Kitt) error {
	if err := k.may("json"); err != nil {
		return err
	}
	if p.Reveal && k.Output != "json" {
		return usage("--reveal is for -o json alone", "kitt plan -o json --reveal")
	}
	req, err := Source{p.File, p.Name, p.Profile, p.Formation, p.Port, true}.request(k)
	defer forget(req)
	if err != nil {
		return err
	}
	s, err := k.look(ctx, req)
	if err != nil {
		return err
	}
	load := Apply{}.load(k, s, req)
	if load.Only, err = pick(s, p.Only); err != nil {
		return err
	}
	out := &stream{k: k, fields: true}
	counted := 0
	lines := counting(&counted, p.ask(ctx, k, load, req))
	if err := out.print(ctx, "plan", lines); err != nil {
		return err
	}
	if p.DetailedExitcode && counted > 0 {
		return told(2)
	}
	return nil
}

// planned is a line of a plan in JSON: a process as its file describes it, resolved.
type planned struct {
	Type    string      `json:"type"` // process
	Process api.Process `json:"process"`
}

// processes prints, in JSON, what the file describes, before what would be done about it.
func (p Plan) processes(k *Kitt, load api.Load) error {
	for _, proc := range load.Spec.Processes {
		if k.Output != "json" || !load.Means(proc.Name) {
			continue
		}
		line := planned{"process", api.Masked(proc)}
		if p.Reveal {
			line.Process = api.Process{Process: proc}
		}
		b, err := json.Marshal(line)
		if err != nil {
			return fmt.Errorf("write plan: %w", err)
		}
		if _, err := k.Out.Write(append(api.Harmless(b), '\n')); err != nil {
			return fmt.Errorf("write plan: %w", err)
		}
	}
	return nil
}

func (p Plan) ask(ctx context.Context, k *Kitt, load api.Load, req spec.Request) iter.Seq2[api.Line, error] {
	reread := k.readWith(req)
	return func(yield func(api.Line, error) bool) {
		begun := false
		err := k.asking(ctx, func() error {
			for line, err := range k.posted(ctx, "plan", load, func(ctx context.Context, to *api.Load) error {
				defer func() { load = *to }()
				return reread(ctx, to)
			}) {
				if err == nil && !begun {
					err = p.processes(k, load)
				}
				if err != nil {
					return err
				}
				if begun = true; !yield(line, nil) {
					return nil
				}
			}
			return nil
		})
		switch {
		case err == nil:
		case errors.Is(err, api.ErrNotRunning) && !begun:
			if err := p.processes(k, load); err != nil {
				yield(api.Line{}, err)
				return
			}
			fresh(load, yield)
		default:
			yield(api.Line{}, err)
		}
	}
}

// fresh is the plan where kitt does not run: everything would be started.
func fresh(load api.Load, yield func(api.Line, error) bool) {
	n := 0
	for _, p := range load.Spec.Processes {
		for i := 1; i <= p.Instances && !p.Held && load.Means(p.Name); i++ {
			n++
			if !yield(api.Line{Type: "action", Verb: "start", ID: fmt.Sprintf("%s.%d", p.Name, i), Reason: "kitt is not running"}, nil) {
				return
			}
			if i <= len(p.Ports) && !yield(api.Line{Type: "note", Text: fmt.Sprintf("port %d would be for %s, if it is free then", p.Ports[i-1], spec.PortKey(p.Name, i))}, nil) {
				return
			}
		}
	}
	yield(api.Line{Type: "done", Text: count(n, "process", "processes") + " of " + filepath.Base(load.Spec.File) + " to start"}, nil)
}

func counting(n *int, lines iter.Seq2[api.Line, error]) iter.Seq2[api.Line, error] {
	return func(yield func(api.Line, error) bool) {
		for line, err := range lines {
			if line.Type == "action" {
				*n++
			}
			if !yield(line, err) {
				return
			}
		}
	}
}
