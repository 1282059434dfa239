package cli

import (
	"context"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
	psnet "github.com/shirou/gopsutil/v4/net"
	ps "github.com/shirou/gopsutil/v4/process"

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
	Cause *recognise.Finding `json:"cause,omitempty"` // why its program ended; nil: it runs, or nobody knows
	Words []string           `json:"last_words"`      // the last lines of stderr, else of stdout
}

func (w Why) Run(ctx context.Context, k *Kitt) error {
	if err := k.may("json"); err != nil {
		return err
	}
	var s api.Status
	if err := k.asking(ctx, func() error { return k.API.Read(ctx, "/v1/status", k.targets(w.Names), &s) }); err != nil {
		return err
	}
	rows := s.Instances
	if len(w.Names) == 0 {
		rows = amiss(rows)
	}
	out := make([]reasons, 0, len(rows))
	for _, in := range rows {
		out = append(out, k.reasonsOf(ctx, in))
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

// amiss are the instances that are not as they should be.
func amiss(rows []api.Instance) (out []api.Instance) {
	for _, in := range rows {
		if in.Reason != "" || in.Phase == "failed" || in.Phase == "waiting" {
			out = append(out, in)
		}
	}
	return out
}

// reasonsOf looks up what can be known of one instance.
func (k *Kitt) reasonsOf(ctx context.Context, in api.Instance) reasons {
	e := reasons{Instance: in, Words: lastWordsOf(ctx, in)}
	if in.Exit == nil || in.Phase == "running" || in.Phase == "held" || in.Phase == "done" {
		return e
	}
	c := recognise.Case{Code: -1, Signal: in.Exit.Signal, Memory: strings.Contains(in.Reason, "out of memory"), Lines: e.Words, GOOS: runtime.GOOS}
	if in.Exit.Code != nil {
		c.Code = *in.Exit.Code
	}
	if found, ok := recognise.Recognise(c, lookups{ctx}); ok {
		e.Cause = &found
	}
	return e
}

// lastWordsOf are the last lines that an instance wrote: to stderr, or if it never did, to stdout.
func lastWordsOf(ctx context.Context, in api.Instance) []string {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	for _, err := range []bool{true, false} {
		words := []string{}
		r := logs.Open([]logs.Source{{ID: in.ID, Out: in.Log.Out, Err: in.Log.Err}}, logs.Query{Last: wordsMost, Out: !err, Err: err})
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
	if e.Cause != nil {
		add("cause", clean(e.Cause.Text))
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
	if e.Cause != nil && e.Cause.Hint != "" {
		fmt.Fprintln(k.Out, "hint: "+strings.ReplaceAll(e.Cause.Hint, "NAME", clean(e.Process)))
	}
}

// lookups find up what a recogniser wants to know.
type lookups struct{ ctx context.Context }

func (m lookups) Holder(port int) (pid int, name string) {
	ctx, cancel := context.WithTimeout(m.ctx, 3*time.Second)
	defer cancel()
	all, _ := psnet.ConnectionsWithContext(ctx, "tcp")
	for _, c := range all {
		if c.Status == "LISTEN" && int(c.Laddr.Port) == port && c.Pid > 0 {
			if p, err := ps.NewProcessWithContext(ctx, c.Pid); err == nil {
				name, _ = p.NameWithContext(ctx)
			}
			return int(c.Pid), name
		}
	}
	return 0, ""
}

// InShell looks on the PATH of this command: that of the shell it was typed in.
func (m lookups) InShell(program string) string {
	if strings.Contains(program, "/") {
		return ""
	}
	at, err := exec.LookPath(program)
	if err != nil {
		return ""
	}
	return at
}
