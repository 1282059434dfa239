package cli

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"kitt.sh/service/api"
)

// Events tells what happened, and why.
type Events struct {
	Follow bool
	Since  string
	Lines  int
	Names  []string
}

func (e Events) Run(ctx context.Context, k *Kitt) error {
	if err := k.may("json"); err != nil {
		return err
	}
	q := url.Values{}
	if e.Follow {
		lingers()
		var stop func()
		ctx, stop = untilRead(ctx, k.Out)
		defer stop()
		q.Set("follow", "1")
	}
	if e.Since != "" {
		at, err := moment(k.Now(), "--since", e.Since)
		if err != nil {
			return err
		}
		q.Set("since", at.UTC().Format(time.RFC3339Nano))
	}
	if e.Since == "" && len(e.Names) == 0 { // a search looks through all of them
		q.Set("n", strconv.Itoa(e.Lines))
	}
	return k.asking(ctx, func() error {
		e.Names = k.inFull(ctx, e.Names)
		return e.print(ctx, k, q)
	})
}

// inFull are the ids of those that names mean to the daemon, shop/web.1 and shop/web. A name that means nobody now is
// kept: something may have happened to who had it.
func (k *Kitt) inFull(ctx context.Context, names []string) (ids []string) {
	for _, name := range names {
		var s api.Status
		q := url.Values{"targets": {name}}
		if p := k.project(); p != "" {
			q.Set("near", p)
		}
		if k.API.Read(ctx, "/v1/status", q, &s) != nil || len(s.Instances) == 0 {
			ids = append(ids, name)
		}
		for _, in := range s.Instances {
			whole := in.Project + "/" + in.Process
			ids = append(ids, whole+"."+strconv.Itoa(in.N), whole)
		}
	}
	return ids
}

func (e Events) print(ctx context.Context, k *Kitt, q url.Values) error {
	if k.Output == "json" && !e.Follow && len(e.Names) == 0 { // as they lie in the log
		b, err := k.API.Get(ctx, "/v1/events", q)
		if err == nil {
			_, err = k.Out.Write(api.Harmless(b))
		}
		return err
	}
	told := uint64(0)
	for ev, err := range api.Follow[api.Event](ctx, k.API, "/v1/events", q) {
		switch {
		case ctx.Err() != nil:
			return nil // Ctrl-C is how it ends
		case err != nil:
			return err
		case !matches(ev.ID, e.Names), ev.Seq > 0 && ev.Seq <= told: // the next daemon began from the beginning
			continue
		}
		told = ev.Seq
		if k.Output == "json" {
			if err := k.emitValue(ev); err != nil {
				return err
			}
			continue
		}
		if _, err := fmt.Fprintln(k.Out, eventText(k.Paint, k.Now(), ev)); err != nil {
			return err
		}
	}
	return nil
}

// eventText is 15:04:05.000  exit  shop/web.1  code 1; pid 812.
func eventText(p Paint, now time.Time, ev api.Event) string {
	form := "15:04:05.000"
	if at := ev.At.Local(); at.YearDay() != now.Local().YearDay() || at.Year() != now.Local().Year() {
		form = "2006-01-02 15:04:05"
	}
	what := clean(ev.Reason)
	if ev.Exit != nil && what == "" {
		what = exitText(ev.Exit)
	}
	if ev.PID != 0 {
		what += " (pid " + strconv.Itoa(ev.PID) + ")"
	}
	if ev.By != "" {
		what += " by " + clean(ev.By)
	}
	mark := verbMarks[ev.Kind]
	if ev.Kind == "exit" || ev.Kind == "gaveup" || ev.Kind == "spec-error" {
		mark.colour = red
	}
	return strings.TrimRight(p.in(dim, ev.At.Local().Format(form))+"  "+p.in(mark.colour, pad(clean(ev.Kind), 10))+"  "+
		pad(clean(ev.ID), 16)+"  "+strings.TrimSpace(what), " ")
}

// matches says whether the full id shop/web.1 is meant by any of names: web, web.1, shop/web, shop/web.1. No names mean all.
func matches(id string, names []string) bool {
	project, short, _ := strings.Cut(id, "/")
	process := short
	if dot := strings.LastIndexByte(short, '.'); dot > 0 {
		process = short[:dot]
	}
	for _, n := range names {
		if n == id || n == short || n == process || n == project+"/"+process {
			return true
		}
	}
	return len(names) == 0
}

// moment reads the point in time that flag was given: 10m (ago), 15:04, 2006-01-02 15:04 or RFC 3339.
func moment(now time.Time, flag, s string) (time.Time, error) {
	if d, err := time.ParseDuration(s); err == nil {
		return now.Add(-d.Abs()), nil
	}
	if n, ok := strings.CutSuffix(s, "d"); ok {
		if days, err := strconv.Atoi(n); err == nil {
			return now.AddDate(0, 0, -days), nil
		}
	}
	for _, form := range []string{"15:04", "15:04:05"} {
		if t, err := time.ParseInLocation(form, s, now.Location()); err == nil {
			y, m, d := now.Date()
			t = time.Date(y, m, d, t.Hour(), t.Minute(), t.Second(), 0, now.Location())
			if t.After(now) { // 23:50, asked after midnight
				t = t.AddDate(0, 0, -1)
			}
			return t, nil
		}
	}
	for _, form := range []string{time.RFC3339Nano, "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02"} {
		if t, err := time.ParseInLocation(form, s, now.Location()); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usage(fmt.Sprintf("%s %q is no time", flag, s), "for instance 10m, 2d, 15:04 or "+now.Format(time.RFC3339))
}
