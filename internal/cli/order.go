package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"kitt.sh/service/api"
	"kitt.sh/spec"
)

// order sends what a verb wants to the daemon and prints what it answers.
func (k *Kitt) order(ctx context.Context, verb string, o api.Order) error {
	if err := k.may("json"); err != nil {
		return err
	}
	if o.Project == "" {
		o.Project = k.project()
	}
	return unanswered(verb, o.Targets, k.asking(ctx, func() error {
		return (&stream{k: k}).print(ctx, verb, k.API.Post(ctx, verb, o))
	}))
}

// unanswered says of whom a verb was, and where to look, if the daemon went away before it had answered.
func unanswered(verb string, names []string, err error) error {
	if !errors.Is(err, api.ErrGone) {
		return err
	}
	of := strings.Join(append([]string{""}, names...), " ")
	return &trouble{text: verb + of + ": " + err.Error(), hint: "kitt status" + of + " shows what was done", code: codeFailed, err: err}
}

// named is order for the verbs that must be told whom they are about.
func (k *Kitt) named(ctx context.Context, verb string, o api.Order) error {
	if err := whom(verb, o); err != nil {
		return err
	}
	o, err := k.files(ctx, o)
	if err != nil {
		return err
	}
	err = k.order(ctx, verb, o)
	if len(o.Targets) == 1 && exitCode(err) == codeNoProcess {
		return k.meant(verb, o.Targets[0], err)
	}
	return err
}

func whom(verb string, o api.Order) error {
	switch {
	case len(o.Targets) == 0 && !o.All:
		return usage("no name given", fmt.Sprintf("kitt %s NAME…, or kitt %s --all", verb, verb))
	case len(o.Targets) > 0 && o.All:
		return usage("both names and --all given", "leave one of them out")
	}
	return nil
}

// meant adds what somebody whose fingers know pm2 may have meant by a name that is none.
func (k *Kitt) meant(verb, name string, err error) error {
	hint := ""
	switch {
	case isSpec(k, name):
		hint = "there is no such file; " + hintOf(err)
	case verb == "start":
		hint = "neither a process, nor a script of this folder; a command is quoted: kitt start \"npm run web\""
	default:
		return err
	}
	return &trouble{text: err.Error(), hint: hint, code: codeNoProcess, err: errors.Unwrap(err)}
}

func hintOf(err error) string {
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		return hinted.Hint()
	}
	return ""
}

func isSpec(k *Kitt, name string) bool {
	base := filepath.Base(name)
	for _, known := range spec.Names {
		if base == known {
			return true
		}
	}
	return strings.Contains(base, ".config.") && isScript(k, name)
}

func isScript(k *Kitt, name string) bool {
	if !filepath.IsAbs(name) {
		name = filepath.Join(k.Cwd, name)
	}
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// patience is what the verbs that wait share.
type patience struct {
	NoWait  bool
	Timeout time.Duration
}

func (p patience) order(names []string, all bool) api.Order {
	return api.Order{Targets: names, All: all, Wait: !p.NoWait, Timeout: p.Timeout}
}
