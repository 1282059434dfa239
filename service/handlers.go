package service

import (
	"bufio"
	"encoding/json"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/service/api"
)

// getShow answers with everything about one process: ?name=, ?project=.
func (d *Daemon) getShow(w http.ResponseWriter, r *http.Request) {
	near := d.near(r, r.URL.Query().Get("project"))
	d.mu.Lock()
	t, err := d.resolveOne(near, r.URL.Query().Get("name"))
	d.mu.Unlock()
	if err != nil {
		refuse(w, err)
		return
	}
	s, err := d.status(r.Context(), t.project, "", []string{t.project + "/" + t.key()})
	if err != nil {
		refuse(w, err)
		return
	}
	show := api.Show{Process: api.Masked(*t.process), Instances: s.Instances, Events: d.eventsOf(t, 20), Tree: d.tree(s.Instances)}
	if len(s.Specs) > 0 {
		show.File = s.Specs[0].File
	}
	d.spoken(&show)
	answer(w, show)
}

// eventsOf is the last n events of a process.
func (d *Daemon) eventsOf(t target, n int) (out []api.Event) {
	prefix := t.project + "/" + t.process.Name + "."
	for _, ev := range d.events.tail(2000) {
		if strings.HasPrefix(ev.ID, prefix) || ev.ID == strings.TrimSuffix(prefix, ".") {
			out = append(out, ev)
		}
	}
	return out[max(0, len(out)-n):]
}

// tree lists the processes of the given instances.
func (d *Daemon) tree(rows []api.Instance) (out []api.Proc) {
	roots, ids := map[int]time.Time{}, map[int]string{}
	for _, in := range rows {
		if in.PID > 0 {
			roots[in.PID], ids[in.PID] = in.Since.Time, in.ID
		}
	}
	for root, procs := range trees(processes(), roots) {
		for _, p := range procs {
			out = append(out, api.Proc{ID: ids[root], PID: p.pid, Parent: p.parent, Command: p.name, Memory: p.memory})
		}
	}
	return out
}

// getEvents streams events: the last ?n= (or those ?since=), and with ?follow=1 all that come.
func (d *Daemon) getEvents(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	n, err := strconv.Atoi(q.Get("n"))
	if err != nil || n <= 0 {
		n = 1_000_000
	}
	var since time.Time
	if s := q.Get("since"); s != "" {
		if since, err = time.Parse(time.RFC3339Nano, s); err != nil {
			refuse(w, failure{2, "read since: " + err.Error(), ""})
			return
		}
	}
	var live <-chan *api.Event
	if q.Get("follow") != "" {
		var stop func()
		live, stop = d.events.live.listen()
		defer stop()
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	enc, last := json.NewEncoder(w), uint64(0)
	out := bufio.NewWriterSize(w, 256<<10)
	for _, r := range d.events.records(n) {
		last = r.seq
		if !r.at.Before(since) {
			_, _ = out.Write(r.line)
		}
	}
	_ = out.Flush()
	w.(http.Flusher).Flush()
	for live != nil {
		select {
		case <-r.Context().Done():
			return
		case ev := <-live:
			last = d.sendEvent(enc, ev, last)
			w.(http.Flusher).Flush()
		}
	}
}

// sendEvent sends ev after those before it that a slow reader missed, and returns the number of the last one sent.
func (d *Daemon) sendEvent(enc *json.Encoder, ev *api.Event, last uint64) uint64 {
	if ev.Seq <= last {
		return last
	}
	if last > 0 && ev.Seq > last+1 {
		for _, missed := range d.events.between(last, ev.Seq-1) {
			_ = enc.Encode(missed)
		}
	}
	_ = enc.Encode(ev)
	return ev.Seq
}

// logSource is where the stored streams of one instance lie.
type logSource struct {
	ID   string `json:"id"`
	Out  string `json:"out"`
	Err  string `json:"err"`
	Full string `json:"full"` // the id in full
}

// getLogs streams where logs lie, and a poke each time that there is more: {"sources":[…]}, {"poke":true}.
func (d *Daemon) getLogs(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	near := d.near(r, q.Get("near"))
	if _, _, err := d.views(r.Context(), q.Get("project"), near, words(q.Get("targets"))); err != nil {
		refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	enc, before := json.NewEncoder(w), ""
	for {
		_, changed, _ := d.rec.Look(time.Now())
		views, clash, _ := d.views(r.Context(), q.Get("project"), near, words(q.Get("targets"))) // a name may go away meanwhile
		sources := d.sources(views, clash)
		tap := d.taps.arm(r.Context(), folders(sources)) // before the client is told to read: what comes later pokes again
		if b, _ := json.Marshal(sources); string(b) != before {
			before = string(b)
			_ = enc.Encode(map[string]any{"sources": sources})
		} else {
			_ = enc.Encode(map[string]any{"poke": true})
		}
		w.(http.Flusher).Flush()
		if tap.wait(r.Context(), changed) != nil {
			return
		}
	}
}

// sources says where the streams of the given instances lie.
func (d *Daemon) sources(views []reconcile.View, clash map[string]bool) []logSource {
	out := make([]logSource, 0, len(views))
	for _, v := range views {
		in := d.instance(v, usage{}, clash[v.ID.Process])
		out = append(out, logSource{in.ID, in.Log.Out, in.Log.Err, v.ID.String()})
	}
	return out
}

// folders lists the log folders of sources.
func folders(sources []logSource) (dirs []string) {
	for _, s := range sources {
		dirs = append(dirs, filepath.Dir(s.Out))
	}
	return dirs
}
