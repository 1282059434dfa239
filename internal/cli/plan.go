package cli

import (
	"context"
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
	DetailedExitcode bool
	Name             string
}

func (p Plan) Run(ctx context.Context, k *Kitt) error {
	if err := k.may("json"); err != nil {
		return err
	}
	req, err := Source{p.File, p.Name, p.Profile, p.Formation, p.Port, true}.request(k)
	defer forget(req)
	if err != nil {
		return err
	}
	s, err := k.read(ctx, req)
	if err != nil {
		return err
	}
	out := &stream{k: k, fields: true}
	counted := 0
	lines := counting(&counted, p.ask(ctx, k, Apply{}.load(k, s, req)))
	if err := out.print(ctx, "plan", lines); err != nil {
		return err
	}
	if p.DetailedExitcode && counted > 0 {
		return told(2)
	}
	return nil
}

func (p Plan) ask(ctx context.Context, k *Kitt, load api.Load) iter.Seq2[api.Line, error] {
	return func(yield func(api.Line, error) bool) {
		begun := false
		err := k.asking(ctx, func() error {
			for line, err := range k.API.Post(ctx, "plan", load) {
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
			fresh(load.Spec, yield)
		default:
			yield(api.Line{}, err)
		}
	}
}

// fresh is the plan where kitt does not run: everything would be started.
func fresh(s spec.Spec, yield func(api.Line, error) bool) {
	n := 0
	for _, p := range s.Processes {
		for i := 1; i <= p.Instances && !p.Held; i++ {
			n++
			if !yield(api.Line{Type: "action", Verb: "start", ID: fmt.Sprintf("%s.%d", p.Name, i), Reason: "kitt is not running"}, nil) {
				return
			}
		}
	}
	yield(api.Line{Type: "done", Text: count(n, "process", "processes") + " of " + filepath.Base(s.File) + " to start"}, nil)
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
