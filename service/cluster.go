package service

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/service/api"
	"kitt.sh/spec"
)

// A clusterOrder is what a cluster's primary is told: what is wanted of its workers. It may be told twice.
type clusterOrder struct {
	Kitt     string         `json:"kitt"` // cluster
	Workers  int            `json:"workers"`
	Round    uint64         `json:"reload"` // workers of an older one are replaced
	Step     map[string]int `json:"step,omitempty"`
	Var      string         `json:"instance_var,omitempty"`
	Message  bool           `json:"ready_message"`
	ReadyMS  int64          `json:"ready_ms"`
	Stop     orderedStop    `json:"stop"`
	Restarts orderedRestart `json:"restart"`
}

type orderedStop struct {
	Signal  string `json:"signal"`
	Message string `json:"message,omitempty"`
	MS      int64  `json:"ms"`
	Tree    bool   `json:"tree"` // the workers get the signal without the primary's doing
}

type orderedRestart struct {
	Policy    string  `json:"policy"`
	Min       int64   `json:"min"` // this and the next four in ms
	Max       int64   `json:"max"`
	Stable    int64   `json:"stable"`
	Within    int64   `json:"within"`
	MinUptime int64   `json:"min_uptime"`
	Factor    float64 `json:"factor"`
	Most      int     `json:"most"`
	Done      []int   `json:"done,omitempty"`
}

func ordered(p *spec.Process, workers int, round uint64) clusterOrder {
	r := p.Restart
	return clusterOrder{Kitt: "cluster", Workers: workers, Round: round, Step: p.Step, Var: p.InstanceVar,
		Message: p.Ready.Message, ReadyMS: p.Within().Milliseconds(),
		Stop: orderedStop{p.Stop.Signal, p.Stop.Message, p.Stop.Timeout.Milliseconds(), p.Stop.KillMode == "tree"},
		Restarts: orderedRestart{r.Policy, r.BackoffMin.Milliseconds(), r.BackoffMax.Milliseconds(), r.Stable.Milliseconds(),
			r.Within.Milliseconds(), r.MinUptime.Milliseconds(), r.Factor, r.Max, r.DoneCodes}}
}

// clusterOf is what is wanted of the cluster that a life is the primary of. The caller holds mu.
func (d *Daemon) clusterOf(life string) (o clusterOrder, ok bool) {
	id, _, err := reconcile.ParseLife(life)
	s, p := d.specs[id.Project], d.intents.Projects[id.Project]
	if err != nil || s == nil || p == nil {
		return o, false
	}
	proc := process(s, id.Process)
	if proc == nil || proc.Mode != spec.ModeCluster {
		return o, false
	}
	return ordered(proc, reconcile.Count(p, proc), p.Reloads[proc.Name]), true
}

// orderCluster tells a primary what is wanted, if that is news to it.
func (d *Daemon) orderCluster(c *channel) {
	d.mu.Lock()
	o, ok := d.clusterOf(c.life)
	d.mu.Unlock()
	b, err := json.Marshal(o)
	if !ok || err != nil || !c.news(string(b)) {
		return
	}
	if err := c.say(b); err != nil {
		c.news("")
		d.Log.Warn("order cluster", "life", c.life, "err", err)
	}
}

// news tells whether an order is another than the last.
func (c *channel) news(order string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	is := c.ordered != order
	c.ordered = order
	return is
}

// orderClusters tells all primaries, without being waited for.
func (cs *channels) orderClusters() {
	if cs == nil {
		return
	}
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.ended {
		return
	}
	for _, c := range cs.of {
		cs.wg.Go(func() { cs.d.orderCluster(c) })
	}
}

// clusterSaid takes in how the workers of a primary are.
func (d *Daemon) clusterSaid(c *channel, line []byte) {
	id, _, err := reconcile.ParseLife(c.life)
	if err != nil {
		return
	}
	d.mu.Lock()
	primary := d.isCluster(id)
	d.mu.Unlock()
	var cl api.Cluster
	if !primary || json.Unmarshal(line, &cl) != nil || !cl.Sound() {
		return // only a primary speaks of workers
	}
	c.mu.Lock()
	was := c.cluster
	c.cluster = &cl
	c.mu.Unlock()
	for _, text := range workerNews(was, &cl) {
		d.events.add(api.Event{Kind: "worker", ID: id.String(), Reason: text, Life: c.life})
	}
	d.rt.Poke(id)
}

// workerNews says what became of workers that people should know of.
func workerNews(was, is *api.Cluster) (out []string) {
	before := map[int]api.Worker{}
	if was != nil {
		for _, w := range was.Workers {
			before[w.N] = w
		}
	}
	for _, w := range is.Workers {
		if was != nil && w.Exit != nil && (w.Restarts > before[w.N].Restarts || w.State != before[w.N].State && (w.State == "waiting" || w.State == "failed")) {
			out = append(out, fmt.Sprintf("worker %d: %s; now %s", w.N, w.Exit, w.State))
		}
	}
	if is.Trouble != "" && (was == nil || was.Trouble != is.Trouble) {
		out = append(out, is.Trouble)
	}
	return out
}

// clusterState is what a life's primary said last, nil if it is none, or said nothing yet.
func (d *Daemon) clusterState(life string) *api.Cluster {
	c := d.channels.get(life)
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cluster
}

// rounds are the rounds that the clusters among ids are to come to. The caller holds mu.
func (d *Daemon) rounds(ids map[reconcile.ID]bool) map[reconcile.ID]uint64 {
	out := map[reconcile.ID]uint64{}
	for id := range ids {
		if p := d.intents.Projects[id.Project]; p != nil && d.isCluster(id) {
			out[id] = p.Reloads[id.Process]
		}
	}
	return out
}

// notReloaded are the instances that a verb is to give another life: with reload all but the running clusters, which
// replace their workers. The caller holds mu.
func (d *Daemon) notReloaded(verb string, ids map[reconcile.ID]bool) map[reconcile.ID]bool {
	out := map[reconcile.ID]bool{}
	for id := range ids {
		if verb != "reload" || !d.clusterRuns(id) {
			out[id] = true
		}
	}
	return out
}

// reload asks the running clusters among ids for new workers. The caller holds mu.
func (d *Daemon) reload(in *reconcile.Intents, verb string, ids map[reconcile.ID]bool) {
	for id := range ids {
		if p := in.Projects[id.Project]; verb == "reload" && d.clusterRuns(id) {
			if p.Reloads == nil {
				p.Reloads = map[string]uint64{}
			}
			p.Reloads[id.Process]++
		}
	}
}

// clusterRuns tells whether id is the primary of a cluster, and lives.
func (d *Daemon) clusterRuns(id reconcile.ID) bool {
	return d.isCluster(id) && slices.ContainsFunc(d.rec.Lives(id), func(l reconcile.Observed) bool { return l.State == reconcile.Running })
}

// isCluster tells whether an instance is a cluster's primary. The caller holds mu.
func (d *Daemon) isCluster(id reconcile.ID) bool {
	s := d.specs[id.Project]
	if s == nil {
		return false
	}
	p := process(s, id.Process)
	return p != nil && p.Mode == spec.ModeCluster
}

// reloadPoll is how often a reload looks how far it is, beside being told.
const reloadPoll = 50 * time.Millisecond

// behind says what of a cluster is still of an older round than asked for; "" if nothing is.
func behind(cl *api.Cluster, round uint64) (why string, vain bool) {
	if cl == nil || cl.Round < round {
		return "its primary has not answered yet", false
	}
	if cl.Trouble != "" {
		return cl.Trouble, true
	}
	for _, w := range cl.Workers {
		if w.State != "done" && w.State != "failed" && (w.Round < round || w.State != "running") {
			return fmt.Sprintf("worker %d of %d is being replaced", w.N, len(cl.Workers)), false
		}
	}
	return "", false
}
