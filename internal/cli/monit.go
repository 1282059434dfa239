package cli

import (
	"context"
	"errors"
	"net/url"
	"os"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"golang.org/x/term"

	"kitt.sh/internal/monit"
	"kitt.sh/reconcile/logs"
	"kitt.sh/service/api"
)

// Monit is the dashboard in the terminal.
type Monit struct{}

func (Monit) Run(ctx context.Context, k *Kitt) error {
	if !term.IsTerminal(int(os.Stdin.Fd())) || k.Width() == 0 {
		return usage("monit needs a terminal", "kitt status -o json, kitt metrics and kitt events -f tell programs")
	}
	if err := k.asking(ctx, func() error { return k.API.Ping(ctx) }); err != nil {
		return err
	}
	lingers()
	m := monit.New(ctx, dashboard{k})
	defer m.Close()
	options := []tea.ProgramOption{tea.WithContext(ctx), tea.WithFPS(20)}
	if !bool(k.Paint) {
		options = append(options, tea.WithColorProfile(colorprofile.ASCII))
	}
	_, err := tea.NewProgram(m, options...).Run()
	if errors.Is(err, tea.ErrProgramKilled) && ctx.Err() != nil || errors.Is(err, tea.ErrInterrupted) {
		return nil // Ctrl-C is how it ends
	}
	return err
}

// dashboard is what monit asks of the daemon and of the log store.
type dashboard struct{ k *Kitt }

func (d dashboard) Look(ctx context.Context) (*api.Status, error) {
	var s api.Status
	err := d.k.API.Read(ctx, "/v1/status", nil, &s)
	if errors.Is(err, api.ErrNotRunning) {
		return nil, errors.New("kitt is not running; waiting for it")
	}
	for i := range s.Instances {
		in := &s.Instances[i]
		in.Reason = clean(in.Reason)
	}
	return &s, err
}

func (d dashboard) Show(ctx context.Context, in api.Instance) (*api.Show, error) {
	var show api.Show
	err := d.k.API.Read(ctx, "/v1/show", url.Values{"name": {in.Project + "/" + in.Process}}, &show)
	for i := range show.Events {
		e := &show.Events[i]
		e.Reason, e.By = clean(e.Reason), clean(e.By)
	}
	for i := range show.Metrics {
		m := &show.Metrics[i]
		m.Name, m.Value, m.Unit = clean(m.Name), clean(m.Value), clean(m.Unit)
	}
	for i := range show.Tree {
		show.Tree[i].Command = clean(show.Tree[i].Command)
	}
	return &show, err
}

// Order says what came of a verb in the last line that the daemon had to say.
func (d dashboard) Order(ctx context.Context, verb string, in api.Instance, n int) (last string, err error) {
	o := api.Order{Project: in.Project, Targets: []string{in.ID}, Wait: true, Timeout: 30 * time.Second}
	if verb == "scale" {
		o.Targets, o.Scale = nil, map[string]int{in.Process: n}
	}
	for line, err := range d.k.API.Post(ctx, verb, o) {
		if err != nil {
			return "", err
		}
		if line.Text != "" {
			last = line.Text
		}
	}
	if last == "" {
		last = verb + " " + in.ID + ": done"
	}
	return clean(last), nil
}

func (d dashboard) Tail(in api.Instance, last int) monit.Tail {
	return &tailed{logs.Open([]logs.Source{{ID: in.ID, Out: in.Log.Out, Err: in.Log.Err}}, logs.Query{Last: last, Out: true, Err: true, Whole: true})}
}

// tailed is the log of one instance.
type tailed struct{ *logs.Reader }

func (t *tailed) Read(ctx context.Context) (out []monit.Line, err error) {
	err = t.Reader.Read(ctx, func(l logs.Line) error {
		text := l.Text[:min(len(l.Text), 4<<10)]
		out = append(out, monit.Line{At: l.At, Err: l.Stream == "err", Text: clean(ansi.Strip(strings.TrimRight(string(text), "\r\n")))})
		if len(out) > 20_000 {
			out = append(out[:0], out[10_000:]...)
		}
		return nil
	})
	return out, err
}
