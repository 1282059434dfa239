package cli

import (
	"context"
	"slices"
	"strings"
	"time"

	"kitt.sh/service/api"
	"kitt.sh/spec"
)

// Apply makes the spec of this folder true.
type Apply struct {
	File      string
	Profile   string
	Formation []string
	Port      int
	Only      []string
	NoWait    bool
	Timeout   time.Duration
	Name      string
}

// Run starts kitt while it reads the file: each takes as long as the other.
func (a Apply) Run(ctx context.Context, k *Kitt) error {
	if err := k.may("json"); err != nil {
		return err
	}
	req, err := Source{a.File, a.Name, a.Profile, a.Formation, a.Port, false}.request(k)
	if err != nil {
		return err
	}
	answers, err := wake(ctx, k)
	if err != nil {
		return err
	}
	s, err := k.read(ctx, req)
	if err != nil {
		return err
	}
	load := a.load(k, s, req)
	if _, dropped := recordable(unshelled(k.Env("PATH"))); len(dropped) > 0 && load.Capture && !k.Quiet {
		k.note("left out of the recorded PATH, since it is gone with this command: %s", strings.Join(dropped, ", "))
	}
	if load.Only, err = pick(s, a.Only); err != nil {
		return err
	}
	if err := answers(); err != nil {
		return err
	}
	lines := k.posted(ctx, "apply", load, k.readWith(req))
	if err := unanswered("apply", nil, (&stream{k: k}).print(ctx, "apply", lines)); err != nil {
		return err
	}
	return k.mendService(ctx, s.Service)
}

// load is the request. An apply from inside a process that kitt runs does not capture: its
// environment is kitt's own doing.
func (a Apply) load(k *Kitt, s *spec.Spec, req spec.Request) api.Load {
	own := *s
	own.Differs = slices.Clone(s.Differs)
	for i := range own.Differs {
		own.Differs[i].Source = "" // a line of the file may hold secrets, and the daemon keeps what it is sent
	}
	return api.Load{Spec: own, Request: req, Capture: k.Env("KITT_LIFE") == "", Wait: !a.NoWait, Timeout: a.Timeout}
}
