package service

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"sync"
	"time"

	"kitt.sh/service/api"
	"kitt.sh/service/notify"
	"kitt.sh/spec"
)

// sayNotify tells what an edit changes in the notify blocks, field by field, and counts the changes.
func sayNotify(old, now *spec.Spec, say func(api.Line)) (n int) {
	if old == nil {
		old = &spec.Spec{}
	}
	diff := spec.DiffNotify(old.Notify, now.Notify)
	for _, name := range slices.Sorted(maps.Keys(diff)) {
		l := api.Line{Type: "action", Verb: "edit", ID: "notify " + name}
		for _, c := range diff[name] {
			l.Changes = append(l.Changes, api.Change{Field: c.Field, From: c.From, To: c.To, Live: c.Live})
		}
		say(l)
		n += len(l.Changes)
	}
	return n
}

// getNotify lists the notify blocks of all projects, and how they fare.
func (d *Daemon) getNotify(w http.ResponseWriter, _ *http.Request) { answer(w, d.alerts.list()) }

func (a *alerts) list() []api.Notify {
	out := []api.Notify{}
	for _, b := range a.all() {
		n := api.Notify{Project: b.project, Name: b.Name, Kind: b.Kind(), On: b.On, Processes: b.Processes, Settings: map[string]string{}}
		for _, s := range b.Settings() {
			n.Settings[s.Name] = s.Value
		}
		a.mu.Lock()
		if s := a.states[b.project+"/"+b.Name]; s != nil {
			n.Last, n.Sent, n.Trouble, n.Since = api.Time{Time: s.Last}, s.Sent, s.Trouble, api.Time{Time: s.Begun}
			n.Waiting = len(s.Held) + s.More
			if s.Out != nil {
				n.Waiting += len(s.Out.Alerts) + s.Out.More
			}
		}
		a.mu.Unlock()
		out = append(out, n)
	}
	return out
}

// all are the blocks of all projects, sorted.
func (a *alerts) all() (out []*block) {
	a.d.mu.Lock()
	defer a.d.mu.Unlock()
	for _, name := range sorted(a.d.intents.Projects) {
		if s := a.d.specs[name]; s != nil {
			for _, n := range s.Notify {
				out = append(out, &block{n, name, a.d.intents.Projects[name].Request.Env})
			}
		}
	}
	return out
}

// troubles says of a project's blocks which cannot be sent to, for status.
func (a *alerts) troubles(project string) (out []string) {
	if a == nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(a.states)) {
		s := a.states[key]
		if dir, name := path.Split(key); s.Trouble != "" && dir == project+"/" {
			out = append(out, "alerts of "+name+" do not arrive: "+s.Trouble)
		}
	}
	return out
}

// postNotify (POST /v1/notify/test) sends a test to the named blocks, or to all of the caller's project, else to all. Each answers with a line.
func (d *Daemon) postNotify(w http.ResponseWriter, r *http.Request) {
	var o api.Order
	if !sent(w, r, &o) {
		return
	}
	blocks, err := d.alerts.named(d.near(r, o.Project), o.Targets)
	if err != nil {
		refuse(w, err)
		return
	}
	out := newLines(w, r)
	out.say(api.Line{Type: "progress", Total: len(blocks)})
	out.flush()
	failed := 0
	for l := range tests(r.Context(), blocks) {
		if failed += min(l.Code, 1); l.Code == 0 {
			d.alerts.works(l.ID)
		}
		out.say(l)
		out.flush()
	}
	done := api.Line{Type: "done", Text: fmt.Sprintf("%d of %s arrived", len(blocks)-failed, plural(len(blocks), "test", "tests"))}
	if failed > 0 {
		done.Code, done.Hint = 1, "kitt notify -o wide shows what each block is made of"
	}
	out.say(done)
}

// named are the blocks of these names: ops, shop/ops. Without names those of the project near, or of all.
func (a *alerts) named(near string, names []string) (out []*block, err error) {
	all := a.all()
	if len(all) == 0 {
		return nil, failure{4, "test notify: no notify block is applied", `write notify "ops" { … } into kitt.hcl, then kitt apply`}
	}
	for _, name := range names {
		i := slices.IndexFunc(all, func(b *block) bool { return b.project+"/"+b.Name == name || b.Name == name && b.project == near })
		if i < 0 {
			i = slices.IndexFunc(all, func(b *block) bool { return b.Name == name })
		}
		if i < 0 {
			return nil, failure{4, "test notify: no block is called " + name, "kitt notify lists them"}
		}
		out = append(out, all[i])
	}
	if len(names) > 0 {
		return out, nil
	}
	if own := slices.DeleteFunc(slices.Clone(all), func(b *block) bool { return b.project != near }); len(own) > 0 {
		return own, nil
	}
	return all, nil
}

// works notes that a block can be sent to: what waits for that is tried at once.
func (a *alerts) works(key string) {
	a.mu.Lock()
	if s := a.states[key]; s != nil {
		if s.Retry(); s.Out == nil {
			s.Trouble, s.Begun = "", time.Time{}
		}
	}
	a.mu.Unlock()
	a.poke()
}

// tests sends a test to each block at once and yields how each went, as it is known.
func tests(ctx context.Context, blocks []*block) <-chan api.Line {
	out := make(chan api.Line, len(blocks))
	var wg sync.WaitGroup
	for _, b := range blocks {
		wg.Go(func() { out <- b.test(ctx) }) // ended by its timeout
	}
	go func() { wg.Wait(); close(out) }() // ended by those
	return out
}

func (b *block) test(ctx context.Context) api.Line {
	l := api.Line{Type: "tested", ID: b.project + "/" + b.Name, Verb: b.Kind()}
	began := time.Now()
	m := notify.Message{ID: fmt.Sprintf("test-%d", began.UnixMilli()), At: began,
		Alerts: []notify.Alert{{Event: "test", ID: b.project + "/" + b.Name, At: began, Text: "kitt notify test: this is how alerts of " + b.Name + " look",
			Lines: []string{"the last lines of a process that failed stand here"}}}}
	t, err := notify.Resolve(ctx, b.Notify, b.env)
	said := ""
	if err == nil {
		said, err = t.Send(ctx, m.Written(hostname()))
	}
	l.Text, l.Reason = said, time.Since(began).Round(time.Millisecond).String()
	if err != nil {
		l.Text, l.Code = err.Error(), 1
	}
	return l
}
