package service

import (
	"sync"
	"time"

	"kitt.sh/spec"
)

// drifts remembers what was found of kitt's own service: each look reads files, and status is asked for all day.
type drifts struct {
	mu   sync.Mutex
	at   time.Time
	text string
}

// driftLasts is how long it is taken for true.
const driftLasts = 5 * time.Second

// drift is what is not as it should be of the service that is installed, or that a spec wants.
func (d *Daemon) drift() string {
	if d.Drift == nil {
		return ""
	}
	d.drifts.mu.Lock()
	defer d.drifts.mu.Unlock()
	if time.Since(d.drifts.at) > driftLasts {
		d.drifts.at, d.drifts.text = time.Now(), d.Drift(d.wantedService())
	}
	return d.drifts.text
}

// driftFor is the same for a spec that is not followed yet.
func (d *Daemon) driftFor(want *spec.Service) string {
	if d.Drift == nil {
		return ""
	}
	return d.Drift(want)
}

// wantedService is what the first spec that has such a block says; nil where none has.
func (d *Daemon) wantedService() *spec.Service {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, name := range sorted(d.specs) {
		if s := d.specs[name].Service; s != nil {
			return s
		}
	}
	return nil
}
