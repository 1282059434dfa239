package service

import (
	"net/http"
	"slices"
	"strconv"

	"kitt.sh/reconcile"
	"kitt.sh/reconcile/logs"
	"kitt.sh/service/api"
	"kitt.sh/service/openmetrics"
)

// getScrape answers with everything that can be measured, as text for Prometheus. Nothing is sampled but for the asker.
func (d *Daemon) getScrape(w http.ResponseWriter, r *http.Request) {
	kind := openmetrics.ContentType(r.Header.Get("Accept"))
	if yes(r.URL.Query(), "open") {
		kind = openmetrics.Open
	}
	families, err := d.measure(r)
	if err != nil {
		refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", kind)
	_ = openmetrics.Write(w, families, kind)
}

func (d *Daemon) measure(r *http.Request) ([]openmetrics.Family, error) {
	views, _, err := d.views(r.Context(), "", "", nil)
	if err != nil {
		return nil, err
	}
	s, err := d.status(r.Context(), "", "", nil)
	if err != nil {
		return nil, err
	}
	out := d.measureKitt(s)
	out = append(out, measureInstances(s.Instances)...)
	out = append(out, measureUse(s.Instances, d.sample.use(views))...)
	return append(out, d.events.measure()), nil
}

// measureKitt tells of kitt itself.
func (d *Daemon) measureKitt(s *api.Status) []openmetrics.Family {
	turns, took := d.rec.Turns()
	broken := openmetrics.Family{Name: "kitt_spec_broken", Kind: openmetrics.Gauge, Help: "1 where a spec file is not followed, since it is wrong."}
	for _, spec := range s.Specs {
		broken.Samples = append(broken.Samples, openmetrics.Sample{Labels: []string{"project", spec.Project}, Value: truth(spec.Error != nil)})
	}
	one := func(name, help string, kind openmetrics.Kind, unit string, v float64, labels ...string) openmetrics.Family {
		return openmetrics.Family{Name: name, Help: help, Kind: kind, Unit: unit, Samples: []openmetrics.Sample{{Labels: labels, Value: v}}}
	}
	return []openmetrics.Family{
		one("kitt_build", "Always 1; the version of the daemon.", openmetrics.Gauge, "", 1, "version", s.Daemon.Version),
		one("kitt_reconcile_turns", "Turns of the reconcile loop, since the daemon's start.", openmetrics.Counter, "", float64(turns)),
		one("kitt_reconcile_seconds", "Time that these turns took.", openmetrics.Counter, "seconds", took.Seconds()),
		broken,
	}
}

var phases = []reconcile.Phase{reconcile.PhaseWaiting, reconcile.PhaseStarting, reconcile.PhaseRunning, reconcile.PhaseStopping,
	reconcile.PhaseDone, reconcile.PhaseFailed, reconcile.PhaseHeld}

// measureInstances tells what status tells.
func measureInstances(rows []api.Instance) []openmetrics.Family {
	count := openmetrics.Family{Name: "kitt_instances", Kind: openmetrics.Gauge, Help: "Instances in each state."}
	up := openmetrics.Family{Name: "kitt_up", Kind: openmetrics.Gauge, Help: "1 where an instance runs and is ready."}
	state := openmetrics.Family{Name: "kitt_state", Kind: openmetrics.Gauge, Help: "1 for the state that an instance is in."}
	since := openmetrics.Family{Name: "kitt_state_since_seconds", Kind: openmetrics.Gauge, Unit: "seconds", Help: "When an instance came into its state, unix time."}
	restarts := openmetrics.Family{Name: "kitt_restarts", Kind: openmetrics.Counter, Help: "Lives begun because the one before had died."}
	in := map[string]int{}
	for _, row := range rows {
		id := labels(row)
		in[row.Phase]++
		up.Samples = append(up.Samples, openmetrics.Sample{Labels: id, Value: truth(row.Ready)})
		state.Samples = append(state.Samples, openmetrics.Sample{Labels: append(slices.Clip(id), "state", row.Phase), Value: 1})
		if !row.Since.IsZero() {
			since.Samples = append(since.Samples, openmetrics.Sample{Labels: id, Value: float64(row.Since.UnixMilli()) / 1000})
		}
		restarts.Samples = append(restarts.Samples, openmetrics.Sample{Labels: id, Value: float64(row.Restarts)})
	}
	for _, p := range phases {
		count.Samples = append(count.Samples, openmetrics.Sample{Labels: []string{"state", string(p)}, Value: float64(in[string(p)])})
	}
	return []openmetrics.Family{count, up, state, since, restarts}
}

// measureUse tells what trees use, and what they wrote.
func measureUse(rows []api.Instance, use map[reconcile.ID]usage) []openmetrics.Family {
	cpu := openmetrics.Family{Name: "kitt_cpu_seconds", Kind: openmetrics.Counter, Unit: "seconds", Help: "Processor time of the tree of an instance's living program."}
	memory := openmetrics.Family{Name: "kitt_memory_bytes", Kind: openmetrics.Gauge, Unit: "bytes", Help: "Resident memory, summed over the tree."}
	wrote := openmetrics.Family{Name: "kitt_log_bytes", Kind: openmetrics.Counter, Unit: "bytes", Help: "Bytes that came into the log store, ever."}
	for _, row := range rows {
		id := labels(row)
		if u, ok := use[reconcile.ID{Project: row.Project, Process: row.Process, N: row.N}]; ok && row.PID > 0 {
			cpu.Samples = append(cpu.Samples, openmetrics.Sample{Labels: id, Value: u.spent.Seconds()})
			memory.Samples = append(memory.Samples, openmetrics.Sample{Labels: id, Value: float64(u.memory)})
		}
		for _, stream := range [][2]string{{"out", row.Log.Out}, {"err", row.Log.Err}} {
			wrote.Samples = append(wrote.Samples, openmetrics.Sample{Labels: append(slices.Clip(id), "stream", stream[0]), Value: float64(logs.End(stream[1]))})
		}
	}
	return []openmetrics.Family{cpu, memory, wrote}
}

func labels(row api.Instance) []string {
	return []string{"project", row.Project, "process", row.Process, "instance", reconcile.ID{Process: row.Process, N: row.N}.Short()}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// exitsMost is how many different exits are counted apart.
const exitsMost = 10_000

// counted adds an end to the counts of Events. The caller holds mu.
func (e *Events) counted(ev api.Event) {
	if ev.Kind != "exit" {
		return
	}
	how := "unknown"
	switch x := ev.Exit; {
	case x == nil:
	case x.Signal != "":
		how = x.Signal
	case x.Code != nil:
		how = strconv.Itoa(*x.Code)
	}
	key := [2]string{ev.ID, how}
	if e.exits == nil {
		e.exits = map[[2]string]int{}
	}
	if _, known := e.exits[key]; known || len(e.exits) < exitsMost {
		e.exits[key]++
	}
}

// measure tells how often what ended how since the daemon's start.
func (e *Events) measure() openmetrics.Family {
	f := openmetrics.Family{Name: "kitt_exits", Kind: openmetrics.Counter, Help: "Ends of lives since the daemon's start, by how they ended."}
	e.mu.Lock()
	defer e.mu.Unlock()
	for key, n := range e.exits {
		id, _ := reconcile.ParseID(key[0])
		f.Samples = append(f.Samples, openmetrics.Sample{Value: float64(n), Labels: append(labels(api.Instance{Project: id.Project, Process: id.Process, N: id.N}), "exit", key[1])})
	}
	slices.SortFunc(f.Samples, func(a, b openmetrics.Sample) int { return slices.Compare(a.Labels, b.Labels) })
	return f
}
