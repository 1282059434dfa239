package service

import (
	"net/http"

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
	answer(w, l)
}
