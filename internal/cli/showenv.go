package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"

	"kitt.sh/service/api"
)

// environ lists the variables of a process, and with Reveal their values: nothing else that kitt prints holds any.
func (s Show) environ(ctx context.Context, k *Kitt) error {
	q := url.Values{"name": {s.Name}}
	if p := k.project(); p != "" {
		q.Set("project", p)
	}
	if s.Reveal {
		q.Set("reveal", "1")
	}
	var raw []byte
	err := k.asking(ctx, func() (err error) {
		raw, err = k.API.Get(ctx, "/v1/environ", q)
		return err
	})
	if err != nil {
		return err
	}
	if k.Output == "json" || k.Output == "yaml" {
		return k.emit(raw)
	}
	var env api.Environ
	if err := json.Unmarshal(raw, &env); err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	k.vars(env)
	return nil
}

func (k *Kitt) vars(env api.Environ) {
	names := 0
	for _, v := range env.Vars {
		names = max(names, wide(clean(v.Name)))
	}
	for _, v := range env.Vars {
		value := k.Paint.in(dim, "***")
		if v.Value != nil {
			value = clean(*v.Value)
		}
		fmt.Fprintf(k.Out, "%s  %s  %s\n", pad(clean(v.Name), names), k.Paint.in(dim, pad(clean(v.From), 8)), value)
	}
}
