package service

import (
	"context"
	"net/http"
	"time"

	"kitt.sh/service/api"
	"kitt.sh/service/unit"
)

// announceFor is how long an announcement holds.
const announceFor = time.Minute

// announced is what the next SIGTERM to the keeper was said to mean.
type announced struct {
	stay bool // leave the processes running: a restart, an upgrade, an uninstall of the service
	at   time.Time
}

// postAnnounce notes what the coming end of the service means: {"stay":true} leaves the processes running.
func (d *Daemon) postAnnounce(w http.ResponseWriter, r *http.Request) {
	var body api.Announcement
	if !sent(w, r, &body) {
		return
	}
	d.mu.Lock()
	d.announced = announced{body.Stay, time.Now()}
	d.mu.Unlock()
	answer(w, body)
}

// stops tells whether the keeper's SIGTERM is meant for the processes as well: as announced, else as the service
// manager says, else not under a service (they can be adopted) and so without one.
func (d *Daemon) stops(ctx context.Context) bool {
	d.mu.Lock()
	a := d.announced
	d.mu.Unlock()
	if time.Since(a.at) < announceFor {
		return !a.stay
	}
	if !d.Service {
		return true
	}
	switch unit.Reason(ctx, unit.Exec) {
	case unit.Shutdown, unit.Stop:
		return true
	}
	return false
}
