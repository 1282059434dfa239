package service

import (
	"net"

	"kitt.sh/reconcile"
	"kitt.sh/service/probe"
)

// target is whom the questions of ready {} are put to: the life itself, where others of the same process may answer in its
// place. What alive {} asks anybody may answer: of several that share a queue, one may have none of the connections for long.
func (q *inquiry) target() probe.Target {
	t := q.anyTarget()
	r, others := &q.want.Process.Ready, q.others()
	if len(others) > 0 || len(q.want.Process.Listen) > 0 && r.HTTP == "" { // a queue that kitt holds answers always
		t.Took = func(c net.Conn) probe.Owner { return whoTook(c, q.life.PID, others) }
	}
	return t
}

// others are the first processes of the other lives of its process.
func (q *inquiry) others() (pids []int) {
	for id := (reconcile.ID{Project: q.life.ID.Project, Process: q.life.ID.Process, N: 1}); ; id.N++ {
		if _, ok := q.p.d.rec.Wants(id); !ok && id.N > q.life.ID.N {
			return pids
		}
		for _, l := range q.p.d.rec.Lives(id) {
			if l.Life != q.life.Life && l.PID > 0 && (l.State == reconcile.Running || l.State == reconcile.Stopping) {
				pids = append(pids, l.PID)
			}
		}
	}
}
