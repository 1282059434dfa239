package service

import (
	"context"
	"regexp"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/x/ansi"

	"kitt.sh/reconcile"
	"kitt.sh/reconcile/logs"
	"kitt.sh/service/notify"
)

// What is attached of a log: of the latest alerts of a message, so many bytes of a line, and so long is it looked for.
const (
	tailAlerts = 5
	tailLine   = 300
	tailWithin = 3 * time.Second
	tailLate   = 50 * time.Millisecond // how much later than its exit the last words of a life may be stored
)

// lastWords attaches the last lines of the lives that ended, masked.
func (d *Daemon) lastWords(list []notify.Alert, most int) {
	for i := max(0, len(list)-tailAlerts); i < len(list) && most > 0; i++ {
		a := &list[i]
		id, err := reconcile.ParseID(a.ID)
		if err != nil || a.Event == "recovered" || a.Event == "test" {
			continue
		}
		began, ended := d.lifeOf(a)
		a.Lines = mask(d.tailOf(id, began, ended, most), d.secretsOf(id))
	}
}

// lifeOf is when the life that an alert is about began and ended, as far as the event log still has it.
func (d *Daemon) lifeOf(a *notify.Alert) (began, ended time.Time) {
	ended = a.At
	all := d.events.tail(2000)
	for i := len(all) - 1; i >= 0; i-- {
		ev := &all[i]
		if ev.ID != a.ID {
			continue
		}
		if a.Life != "" && ev.Life == a.Life && ev.Exit != nil && !ev.Exit.At.IsZero() {
			ended = ev.Exit.At.Time
		}
		if ev.Kind == "start" && !ev.At.After(ended) {
			return ev.At.Time, ended
		}
	}
	return ended.Add(-time.Hour), ended
}

// tailOf are the last lines of a life: of stderr, or where there are none, of stdout.
func (d *Daemon) tailOf(id reconcile.ID, began, ended time.Time, most int) (out []string) {
	ctx, cancel := context.WithTimeout(context.Background(), tailWithin)
	defer cancel()
	dir := d.folder(id)
	for _, err := range []bool{true, false} {
		r := logs.Open([]logs.Source{{ID: id.String(), Out: dir + "/out", Err: dir + "/err"}},
			logs.Query{Last: most, Since: began, Until: ended.Add(tailLate), Out: !err, Err: err})
		_ = r.Read(ctx, func(l logs.Line) error {
			text := strings.ToValidUTF8(string(l.Text[:min(len(l.Text), 4*tailLine)]), "\ufffd")
			out = append(out, ansi.Strip(text))
			return nil
		})
		_ = r.Close()
		if len(out) > 0 {
			return out
		}
	}
	return out
}

// secretsOf are the values that nobody is to read in a line of an instance: of its own environment all that are not short
// or a path, of the captured one those whose names say so.
func (d *Daemon) secretsOf(id reconcile.ID) (out []string) {
	d.mu.Lock()
	s, p := d.specs[id.Project], d.intents.Projects[id.Project]
	own, captured := map[string]string{}, map[string]string{}
	if s != nil && p != nil {
		captured = p.Request.Env
		if proc := process(s, id.Process); proc != nil {
			_, _, own = proc.For(id.N)
		}
	}
	d.mu.Unlock()
	for name, v := range own {
		if secretName().MatchString(name) && len(v) >= 4 || len(v) >= 8 && !strings.HasPrefix(v, "/") {
			out = append(out, v)
		}
	}
	for name, v := range captured {
		if secretName().MatchString(name) && len(v) >= 4 && !strings.HasPrefix(v, "/") {
			out = append(out, v)
		}
	}
	sort.Slice(out, func(i, j int) bool { return len(out[i]) > len(out[j]) })
	return out
}

// secretName finds variables whose values are secrets.
var secretName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)token|secret|passw|passphrase|(^|_)pass($|_)|(^|_)pwd$|api_?key|access_?key|private_?key|(^|_)key($|_)|auth|credential|dsn|cookie|webhook|(_|^)ur[il]$`)
})

// secretWords find what is a secret by its looks, in a line of anybody's: the groups around it are kept.
var secretWords = sync.OnceValue(func() []*regexp.Regexp {
	return []*regexp.Regexp{
		regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://[^\s/:@]*:)[^\s/@]+(@)`),
		regexp.MustCompile(`(?i)(\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{8,}`),
		regexp.MustCompile(`(?i)(\b[a-z_-]*(?:passwor[dt]|passwd|secret|token|api[_-]?key|access[_-]?key)["']?\s*[=:]\s*["']?)[^\s"',;&]{4,}`),
		regexp.MustCompile(`()\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|xox[abeprs]-[A-Za-z0-9-]{10,}|sk-[A-Za-z0-9_-]{16,}|AKIA[A-Z0-9]{16}|\d{8,10}:AA[A-Za-z0-9_-]{30,})`),
		regexp.MustCompile(`(hooks\.slack\.com/services/|discord(?:app)?\.com/api/webhooks/)[A-Za-z0-9/_-]+`),
	}
})

// mask puts stars for secrets, and shows what no terminal should act on.
func mask(lines, secrets []string) []string {
	for i, l := range lines {
		l = notify.Hide(l, secrets)
		for _, re := range secretWords() {
			l = re.ReplaceAllString(l, "${1}***${2}")
		}
		if l = notify.Visible(l); len(l) > tailLine {
			l = strings.ToValidUTF8(l[:tailLine], "") + "…"
		}
		lines[i] = l
	}
	return lines
}
