package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"kitt.sh/service/api"
)

// Notify lists the notify blocks, and how they fare.
type Notify struct{}

func (Notify) Run(ctx context.Context, k *Kitt) error {
	if err := k.may("wide", "json"); err != nil {
		return err
	}
	return k.asking(ctx, func() error {
		var list []api.Notify
		if err := k.API.Read(ctx, "/v1/notify", nil, &list); err != nil {
			return err
		}
		if k.Output == "json" {
			return k.emitValue(list)
		}
		if len(list) == 0 {
			k.note("no notify block is applied; docs/alerts.md has one for each service")
		}
		for i, n := range list {
			if i > 0 && k.Output == "wide" {
				fmt.Fprintln(k.Out)
			}
			k.notify(n, list)
		}
		return nil
	})
}

// notify prints one block: shop/ops  webhook  sent 3, last 5m ago.
func (k *Kitt) notify(n api.Notify, all []api.Notify) {
	ids := 0
	for _, o := range all {
		ids = max(ids, wide(clean(o.Project+"/"+o.Name)))
	}
	state := "nothing sent yet"
	if n.Sent > 0 {
		state = fmt.Sprintf("%d sent, the last %s ago", n.Sent, age(k.Now().Sub(n.Last.Time)))
	}
	if n.Waiting > 0 {
		state += ", " + count(n.Waiting, "alert waits", "alerts wait")
	}
	fmt.Fprintf(k.Out, "%s  %s  %s\n", k.Paint.in(bold, pad(clean(n.Project+"/"+n.Name), ids)), pad(n.Kind, 7), state)
	if n.Trouble != "" {
		fmt.Fprintf(k.Out, "  %s %s%s\n", k.Paint.in(red, "does not arrive:"), clean(n.Trouble), lasting(k.Now(), n.Since))
	}
	if k.Output == "wide" {
		for _, name := range slices.Sorted(maps.Keys(n.Settings)) {
			fmt.Fprintf(k.Out, "  %s  %s\n", k.Paint.in(dim, pad(name, 16)), clean(n.Settings[name]))
		}
	}
}

// NotifyTest sends a test alert, and says what came of it.
type NotifyTest struct{ Names []string }

func (t NotifyTest) Run(ctx context.Context, k *Kitt) error {
	if err := k.may("json"); err != nil {
		return err
	}
	return k.asking(ctx, func() error {
		for l, err := range k.API.Post(ctx, "notify/test", api.Order{Project: k.project(), Targets: t.Names}) {
			if err != nil {
				return err
			}
			if k.Output == "json" {
				if err := k.emitValue(l); err != nil {
					return err
				}
			} else {
				k.tested(l)
			}
			if l.Type == "done" {
				return told(l.Code)
			}
		}
		return errors.New("read answer: it has no end")
	})
}

// tested prints how the test of a block went.
func (k *Kitt) tested(l api.Line) {
	switch {
	case l.Type == "done" && l.Code != 0:
		k.say(l.Text, l.Hint)
	case l.Type == "done" && !k.Quiet:
		fmt.Fprintln(k.Out, l.Text)
	case l.Type == "tested" && l.Code != 0:
		fmt.Fprintf(k.Err, "%s  %s  %s\n", clean(l.ID), k.Talk.in(red, "failed"), clean(l.Text))
	case l.Type == "tested" && !k.Quiet:
		fmt.Fprintln(k.Out, strings.Join([]string{clean(l.ID), k.Paint.in(green, "arrived"), clean(l.Text), clean(l.Reason)}, "  "))
	}
}
