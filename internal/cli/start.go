package cli

import (
	"context"
	"net/url"
	"strings"
	"time"
)

// Start lifts the hold on processes, so that they run again. As in pm2 it also starts what no spec names yet: a script
// or a command becomes a process of the project "default", whose file kitt keeps; and a spec file is applied.
type Start struct {
	All     bool
	NoWait  bool
	Timeout time.Duration
	Save    bool     // write the script into the spec file of this folder instead
	Force   bool     // take the place of a process of that name
	Profile string   // of a spec file
	Only    []string // of its processes
	App     AppFlags // how a script is run
	Names   []string
	Args    []string // of a script: what stood after --
}

func (s Start) Run(ctx context.Context, k *Kitt) error {
	if len(s.Names) == 0 && !s.All { // pm2: the ecosystem file of this folder
		return s.apply(ctx, k, "")
	}
	names, scripts := s.Names[:0:0], []string{}
	for _, name := range s.Names {
		switch {
		case name == "-" || isSpec(k, name) && isScript(k, name):
			if err := s.apply(ctx, k, name); err != nil {
				return err
			}
		case s.runs(ctx, k, name):
			scripts = append(scripts, name)
		default:
			names = append(names, name)
		}
	}
	if len(scripts) > 0 {
		if err := s.scripts(ctx, k, scripts); err != nil {
			return err
		}
	}
	if len(names) == 0 && !s.All {
		return nil
	}
	return k.named(ctx, "start", patience{s.NoWait, s.Timeout}.order(names, s.All))
}

// apply is what start means for a spec file.
func (s Start) apply(ctx context.Context, k *Kitt, file string) error {
	a := Apply{Name: file, Profile: s.Profile, Only: s.Only, NoWait: s.NoWait, Timeout: s.Timeout}
	if file == "-" {
		a.File, a.Name = file, ""
	}
	return a.Run(ctx, k)
}

// runs tells whether a word is a script or a command, and not a process that there is already.
func (s Start) runs(ctx context.Context, k *Kitt, word string) bool {
	if !strings.Contains(word, " ") && !isScript(k, word) || strings.HasPrefix(word, "/") && strings.HasSuffix(word, "/") {
		return false
	}
	if s.App.Name != "" || len(s.Args) > 0 || k.homeless != nil {
		return true
	}
	q := k.targets([]string{word})
	_, err := k.API.Get(ctx, "/v1/status", url.Values(q))
	return err != nil // nobody knows it, or nobody is there
}
