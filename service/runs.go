package service

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"kitt.sh/reconcile"
	"kitt.sh/service/api"
)

// maxRuns is the size at which the history of runs begins anew; the one before is kept.
const maxRuns = 1 << 20

// runs is the history of jobs: one JSON object a line (0600), apart from the events, so that a noisy neighbour does not
// push it out.
type runs struct {
	mu   sync.Mutex
	path string
}

// jobEnded adds the run of a job that is over. It must not wait.
func (d *Daemon) jobEnded(o reconcile.Observed) {
	in, ok := d.rec.Wants(o.ID)
	if !ok || !in.Process.Schedule.Job() {
		return
	}
	run := api.Run{ID: o.ID.String(), Life: o.Life, Started: api.Time{Time: o.Started}, Ended: api.Time{Time: o.Exit.At},
		Took: max(0, o.Exit.At.Sub(o.Started).Seconds()), Exit: apiExit(o.Exit), Text: o.Exit.String()}
	if err := d.history.add(run); err != nil {
		d.Log.Warn("note run", "id", run.ID, "err", err)
	}
}

func (r *runs) add(run api.Run) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	b, err := json.Marshal(run)
	if err != nil {
		return err
	}
	if st, err := os.Stat(r.path); err == nil && st.Size() > maxRuns {
		_ = os.Rename(r.path, r.path+".1")
	}
	f, err := os.OpenFile(r.path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if st, err := f.Stat(); err == nil {
		endLine(f, st.Size()) // one that a crash left torn
	}
	_, err = f.Write(append(b, '\n'))
	return err
}

// list returns the last n runs that want takes, oldest first. What is no run is passed over.
func (r *runs) list(n int, want func(api.Run) bool) (out []api.Run) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, path := range []string{r.path + ".1", r.path} {
		b, _ := os.ReadFile(path)
		out = append(out, parseRuns(b, want)...)
	}
	return out[max(0, len(out)-n):]
}

func parseRuns(b []byte, want func(api.Run) bool) (out []api.Run) {
	lines := bufio.NewScanner(bytes.NewReader(b))
	lines.Buffer(make([]byte, 0, 4096), maxRuns)
	for lines.Scan() {
		var run api.Run
		if json.Unmarshal(lines.Bytes(), &run) == nil && run.ID != "" && want(run) {
			out = append(out, run)
		}
	}
	return out
}

// getRuns answers with the last ?n= runs of all jobs, or of ?targets=a,b.
func (d *Daemon) getRuns(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	n := number(q, "n", 0)
	if n == 0 {
		n = 20
	}
	ids, near := map[string]bool{}, d.near(r, q.Get("near"))
	d.mu.Lock()
	targets, err := d.resolve(near, words(q.Get("targets")))
	for _, t := range targets {
		for _, id := range d.ids(t) {
			ids[id.String()] = true
		}
	}
	d.mu.Unlock()
	if err != nil {
		refuse(w, err)
		return
	}
	list := d.history.list(n, func(run api.Run) bool { return len(targets) == 0 || ids[run.ID] })
	if list == nil {
		list = []api.Run{}
	}
	answer(w, list)
}

func signalNumber(name string) int { return int(unix.SignalNum(name)) }
