package service

import (
	"net/http"

	"kitt.sh/reconcile"
	"kitt.sh/service/api"
)

// getListing answers with the instances that ?targets= mean, or all, and the settings of their processes.
func (d *Daemon) getListing(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	s, err := d.status(r.Context(), "", d.near(r, q.Get("near")), words(q.Get("targets")))
	if err != nil {
		refuse(w, err)
		return
	}
	l := api.Listing{Instances: s.Instances, Processes: map[string]api.Process{}}
	d.mu.Lock()
	for _, in := range s.Instances {
		if spec := d.specs[in.Project]; spec != nil {
			if p := process(spec, in.Process); p != nil {
				l.Processes[in.Project+"/"+in.Process] = api.Masked(*p)
			}
		}
	}
	for _, t := range d.everything("") {
		if h := d.intents.Projects[t.project].Holds[t.process.Name]; h.Deleted {
			l.Deleted = append(l.Deleted, t.project+"/"+t.process.Name)
		}
	}
	d.mu.Unlock()
	d.clusters(&l)
	answer(w, l)
}

// clusters adds the workers of those in mode cluster, and what each takes.
func (d *Daemon) clusters(l *api.Listing) {
	var rows []api.Instance
	for _, in := range l.Instances {
		c := d.clusterState(d.runningLife(reconcile.ID{Project: in.Project, Process: in.Process, N: in.N}))
		if c == nil {
			continue
		}
		if l.Clusters == nil {
			l.Clusters, l.Memory = map[string]api.Cluster{}, map[int]int64{}
		}
		l.Clusters[in.Project+"/"+in.Process] = *c
		rows = append(rows, in)
	}
	if len(rows) == 0 {
		return
	}
	for _, p := range d.tree(rows) {
		l.Memory[p.PID] = p.Memory
	}
}
