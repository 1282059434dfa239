package cli

import (
	"context"
	"fmt"
	"strings"

	"kitt.sh/service/api"
	"kitt.sh/spec"
)

// Explain tells where each value of a process came from.
type Explain struct {
	Name  string
	Field string
}

// An explained value in JSON; docs/json.md promises it.
type explained struct {
	Field string    `json:"field"`
	Value string    `json:"value"`
	From  *spec.Pos `json:"from"` // null: kitt's default
}

func (e Explain) Run(ctx context.Context, k *Kitt) error {
	if err := k.may("json", "yaml"); err != nil {
		return err
	}
	show, _, err := k.show(ctx, "/v1/explain", e.Name)
	if err != nil {
		return err
	}
	list := e.list(show.Process.Process)
	switch {
	case len(list) == 0 && e.Field != "":
		return &trouble{text: fmt.Sprintf("explain %s: no field %q", e.Name, e.Field), hint: "kitt explain " + e.Name, code: codeFailed}
	case k.Output != "table":
		return k.emitValue(list)
	}
	k.explained(list, show)
	return nil
}

func (e Explain) list(p spec.Process) []explained {
	list := []explained{}
	for _, f := range fields(p) {
		if e.Field == "" || f.name == e.Field || strings.HasPrefix(f.name, e.Field+".") {
			list = append(list, explained{f.name, f.value, from(p.Origins, f.name)})
		}
	}
	return list
}

// from is where a field, or the block around it, was set.
func from(origins map[string]spec.Pos, name string) *spec.Pos {
	if pos, ok := origins[name]; ok {
		return &pos
	}
	if block, _, ok := strings.Cut(name, "."); ok && block == "env" {
		return nil
	} else if pos, found := origins[block]; ok && found {
		return &pos
	}
	return nil
}

func (k *Kitt) explained(list []explained, show api.Show) {
	names, values := 0, 0
	for _, e := range list {
		names, values = max(names, wide(clean(e.Field))), max(values, min(40, wide(clean(e.Value))))
	}
	for _, e := range list {
		place := "default"
		if e.From != nil {
			place = clean(e.From.String())
		}
		fmt.Fprintf(k.Out, "%s  %s  %s\n", pad(clean(e.Field), names), pad(clean(e.Value), values), k.Paint.in(dim, place))
	}
	k.note("values of env are not shown; the rest of the environment is that of the shell that ran kitt apply")
}
