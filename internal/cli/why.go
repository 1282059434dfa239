package cli

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"kitt.sh/internal/recognise"
	"kitt.sh/reconcile/logs"
	"kitt.sh/service/api"
)

// Why says why processes are as they are: reason, cause, last words, and what to do.
type Why struct {
	Names []string
}

// wordsMost is how many of the last lines of stderr are looked at, wordsShown how many are printed.
const wordsMost, wordsShown = 60, 10

// Reasons are what Why knows of it; docs/json.md promises it.
type reasons struct {
	api.Instance
	Cause *recognise.Finding `json:"cause,omitempty"`      // why its program ended; nil: it runs, or nobody knows
	Old   *oldConfig         `json:"old_config,omitempty"` // its file is not followed: it is as the file said before
	Words []string           `json:"last_words"`           // the last lines of stderr, else of stdout
}

type oldConfig struct {
	File  string   `json:"file"`
	Text  string   `json:"text"`
	Hint  string   `json:"hint,omitempty"`
	Since api.Time `json:"since"`
}

func (w Why) Run(ctx context.Context, k *Kitt) error {
	if err := k.may("json"); err != nil {
		return err
	}
	var s api.Status
	if err := k.asking(ctx, func() error { return k.API.Read(ctx, "/v1/status", k.targets(w.Names), &s) }); err != nil {
		return err
	}
	old := oldConfigs(s.Specs)
	rows := s.Instances
	if len(w.Names) == 0 {
		rows = amiss(rows, old)
	}
	out, err := k.reasons(ctx, rows, old)
	if err != nil {
		return err
	}
	if k.Output == "json" {
		return k.emitValue(map[string]any{"instances": out})
	}
	if len(rows) == 0 {
		fmt.Fprintf(k.Out, "nothing is amiss: %s\n", count(len(s.Instances), "instance is", "instances are")+" as wanted")
	}
	for i, e := range out {
		if i > 0 {
			fmt.Fprintln(k.Out)
		}
		k.tellWhy(e)
	}
	return nil
}

// oldConfigs are the files that are not followed at the moment, by project.
func oldConfigs(specs []api.Spec) map[string]*oldConfig {
	old := map[string]*oldConfig{}
	for _, s := range specs {
		if e := s.Error; e != nil {
			old[s.Project] = &oldConfig{File: s.File, Text: e.Text, Hint: e.Hint, Since: e.Since}
		}
	}
	return old
}

// amiss are the instances that are not as they should be.
func amiss(rows []api.Instance, old map[string]*oldConfig) (out []api.Instance) {
	for _, in := range rows {
		if in.Reason != "" || in.Phase == "failed" || in.Phase == "waiting" || old[in.Project] != nil {
			out = append(out, in)
		}
	}
	return out
}

// reasons looks up what can be known of these instances.
func (k *Kitt) reasons(ctx context.Context, rows []api.Instance, old map[string]*oldConfig) ([]reasons, error) {
	ends, err := k.endsOf(ctx, rows)
	if err != nil {
		return nil, err
	}
	out := make([]reasons, 0, len(rows))
	for _, in := range rows {
		e := reasons{Instance: in, Old: old[in.Project]}
		end, crashed := ends[fullID(in)]
		crashed = crashed && !end.asked && !slices.Contains(wellPhases, in.Phase)
		if !crashed {
			end = lifeEnd{}
		}
		if e.Words = lastWordsOf(ctx, in, end); crashed {
			e.Cause = k.causeOf(ctx, e, end)
		}
		out = append(out, e)
	}
	return out, nil
}

// wellPhases are those in which the last death needs no cause.
var wellPhases = []string{"running", "held", "done"}

// causeOf is what the recognisers say of an end; nil if none knows it.
func (k *Kitt) causeOf(ctx context.Context, e reasons, end lifeEnd) *recognise.Finding {
	c := recognise.Case{Code: -1, Signal: e.Exit.Signal, Memory: strings.Contains(end.reason, "out of memory"), Lines: e.Words, GOOS: runtime.GOOS,
		Dir: func() string { return k.cwdOf(ctx, e.Instance) }}
	if e.Exit.Code != nil {
		c.Code = *e.Exit.Code
	}
	it, ok := recognise.Recognise(c, found{lookups{ctx}, k})
	if !ok {
		return nil
	}
	it.Text = clean(it.Text)
	it.Hint = strings.ReplaceAll(it.Hint, "NAME", e.ID[:max(0, strings.LastIndexByte(e.ID, '.'))])
	return &it
}

// cwdOf is the folder that an instance runs in; empty if it cannot be asked.
func (k *Kitt) cwdOf(ctx context.Context, in api.Instance) string {
	show, _, err := k.show(ctx, "/v1/show", fullID(in))
	if err != nil {
		return ""
	}
	return show.Process.Cwd
}

// lastWordsOf are the last lines that an instance wrote: to stderr, or if it never did, to stdout. With an end they are
// those of the life that ended so, and of no other.
func lastWordsOf(ctx context.Context, in api.Instance, end lifeEnd) []string {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	q := logs.Query{Last: wordsMost, Since: end.began}
	if !end.at.IsZero() {
		q.Until = end.at.Add(lastWords)
	}
	for _, err := range []bool{true, false} {
		q.Out, q.Err = !err, err
		words := []string{}
		r := logs.Open([]logs.Source{{ID: in.ID, Out: in.Log.Out, Err: in.Log.Err}}, q)
		_ = r.Read(ctx, func(l logs.Line) error {
			words = append(words, clean(ansi.Strip(strings.TrimRight(string(l.Text[:min(len(l.Text), 2000)]), "\r\n"))))
			return nil
		})
		_ = r.Close()
		if len(words) > 0 {
			return words
		}
	}
	return []string{}
}

func (k *Kitt) tellWhy(e reasons) {
	colour := phaseColours[e.Phase]
	span := ""
	if !e.Since.IsZero() {
		span = "  for " + strings.TrimSpace(since(k.Now(), e.Since))
	}
	fmt.Fprintf(k.Out, "%s  %s%s\n", k.Paint.in(bold, clean(e.ID)), k.Paint.in(colour, clean(e.Phase)), span)
	rows := []field{}
	add := func(name, text string) {
		if text != "" {
			rows = append(rows, field{name, text})
		}
	}
	if e.Reason == "" && (e.Phase == "running" || e.Phase == "done") {
		add("reason", "none: it is as wanted")
	}
	add("reason", clean(e.Reason))
	add("it says", said(&e.Instance))
	if e.Old != nil {
		add("config", "old: "+clean(e.Old.File)+" is not followed: "+clean(e.Old.Text))
	}
	if e.Cause != nil {
		add("cause", e.Cause.Text)
	}
	if e.Exit != nil {
		add("last exit", clean(lastExit(k.Now(), e.Exit)))
	}
	if e.Restarts > 0 {
		add("restarts", count(e.Restarts, "time", "times"))
	}
	k.fields(rows)
	if e.Exit != nil && e.Phase != "running" {
		for _, line := range e.Words[max(0, len(e.Words)-wordsShown):] {
			fmt.Fprintln(k.Out, "  "+k.Paint.in(dim, "|")+" "+line)
		}
	}
	switch {
	case e.Cause != nil && e.Cause.Hint != "":
		fmt.Fprintln(k.Out, "hint: "+clean(e.Cause.Hint))
	case e.Hint != "":
		fmt.Fprintln(k.Out, "hint: "+clean(e.Hint))
	}
	if e.Old != nil && e.Old.Hint != "" {
		fmt.Fprintln(k.Out, "hint: "+clean(e.Old.Hint))
	}
}
