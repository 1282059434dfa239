package service

import (
	"sync"

	"kitt.sh/reconcile"
	"kitt.sh/service/api"
)

// remarks are what is to be known of instances while they run, apart from trouble of the lives themselves.
type remarks struct {
	d  *Daemon
	mu sync.Mutex
	of map[reconcile.ID]string
}

// set makes text the remark on an instance; "" takes it away. It is told once.
func (r *remarks) set(id reconcile.ID, text string) {
	r.mu.Lock()
	if r.of == nil {
		r.of = map[reconcile.ID]string{}
	}
	same := r.of[id] == text
	r.of[id] = text
	if text == "" {
		delete(r.of, id)
	}
	r.mu.Unlock()
	if same {
		return
	}
	if text != "" {
		r.d.events.add(api.Event{Kind: "limit", ID: id.String(), Reason: text})
	}
	r.d.mu.Lock()
	defer r.d.mu.Unlock()
	r.d.rewant(nil)
}

// put adds the remarks to instances.
func (r *remarks) put(list []reconcile.Instance) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range list {
		text, ok := r.of[list[i].ID]
		switch {
		case !ok:
		case hard(list[i].Process.Limits) == "":
			delete(r.of, list[i].ID)
		case list[i].Note != "":
			list[i].Note += "; " + text
		default:
			list[i].Note = text
		}
	}
}
