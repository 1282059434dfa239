package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"

	"kitt.sh/service/api"
)

const (
	screenOn  = "\x1b[?1049h\x1b[?25l" // the other screen, no cursor
	screenOff = "\x1b[?25h\x1b[?1049l"
	redraw    = time.Second
)

// watch redraws the table each second, and at once when the terminal changes its size, until Ctrl-C.
func (s Status) watch(ctx context.Context, k *Kitt) error {
	if k.Output != "table" && k.Output != "wide" {
		return usage("--watch redraws a table; it has no -o "+k.Output, "kitt events -f -o json tells changes to programs")
	}
	if k.Width() == 0 {
		return usage("--watch needs a terminal", "kitt events -f tells changes to programs")
	}
	if err := k.asking(ctx, func() error { return k.API.Ping(ctx) }); err != nil {
		return err
	}
	resized := make(chan os.Signal, 1)
	signal.Notify(resized, syscall.SIGWINCH)
	defer signal.Stop(resized)
	fmt.Fprint(k.Out, screenOn)
	defer fmt.Fprint(k.Out, screenOff)
	tick := time.NewTicker(redraw)
	defer tick.Stop()
	for {
		fmt.Fprint(k.Out, s.frame(ctx, k, rows()))
		select {
		case <-ctx.Done():
			return nil // Ctrl-C is how it ends
		case <-tick.C:
		case <-resized:
		}
	}
}

// measured are the lines of what the programs that are shown measured of themselves; "" where none did.
func (k *Kitt) measured(ctx context.Context, now *api.Status) string {
	var list []api.Metric
	if k.API.Read(ctx, "/v1/metrics", nil, &list) != nil || len(list) == 0 {
		return ""
	}
	shown := map[string]bool{}
	for _, in := range now.Instances {
		shown[in.ID] = true
	}
	var b strings.Builder
	for _, m := range list {
		if shown[m.ID] {
			fmt.Fprintf(&b, "%s  %s  %s %s\n", clean(m.ID), clean(m.Name), clean(m.Value), clean(m.Unit))
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return "\n" + b.String()
}

func rows() int {
	if _, n, err := term.GetSize(int(os.Stdout.Fd())); err == nil && n > 2 {
		return n
	}
	return 24
}

// frame is one picture of at most height lines. It overwrites line by line: clearing first would flicker.
func (s Status) frame(ctx context.Context, k *Kitt, height int) string {
	now, err := s.look(ctx, k)
	body := ""
	switch {
	case errors.Is(err, api.ErrNotRunning):
		body = "kitt is not running; waiting for it\n"
	case err != nil:
		body = clean(err.Error()) + "\n"
	case len(now.Instances) == 0:
		body = s.none(now) + "\n" + statusText(k.Paint, k.Now(), now, false, k.Width())
	default:
		body = statusText(k.Paint, k.Now(), now, k.Output == "wide", k.Width()) + k.measured(ctx, now)
	}
	head := k.Paint.in(dim, "kitt status · "+k.Now().Format(time.TimeOnly)+" · Ctrl-C ends")
	lines := strings.Split(head+"\n"+strings.TrimRight(body, "\n"), "\n")
	if len(lines) > height {
		more := fmt.Sprintf("… and %d more lines", len(lines)-height+1)
		lines = append(lines[:height-1], more)
	}
	return "\x1b[H" + strings.Join(lines, "\x1b[K\n") + "\x1b[K\x1b[J"
}
