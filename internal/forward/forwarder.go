package forward

import (
	"context"
	"net"
	"sync"
	"time"
)

const (
	dialAgain = 25 * time.Millisecond // pause after every target has refused: the next table is on its way
	waitMost  = time.Minute           // how long a connection that was taken waits for a target
)

// A Forwarder passes connections on.
type Forwarder struct {
	said func(Answer) // tells the daemon; called by Run alone

	mu      sync.Mutex
	table   Table
	open    map[string]int // connections by life
	at      int            // where the next search begins, so that equals take turns
	changed chan struct{}  // closed when the table is another
	poke    chan struct{}  // something is to be said
	wakes   []func()       // each has a loop look at the table
	plain   bool           // a goroutine for each direction of each connection, also where there are loops
}

// New returns a forwarder that has no table yet.
func New(said func(Answer)) *Forwarder {
	return &Forwarder{said: said, open: map[string]int{}, changed: make(chan struct{}), poke: make(chan struct{}, 1)}
}

// Set gives it another table.
func (f *Forwarder) Set(t Table) {
	f.mu.Lock()
	f.table = t
	close(f.changed)
	f.changed = make(chan struct{})
	for _, wake := range f.wakes {
		wake()
	}
	f.mu.Unlock()
	f.tell()
}

func (f *Forwarder) tell() {
	select {
	case f.poke <- struct{}{}:
	default:
	}
}

// Run takes connections until ctx ends, then waits for those that it has. An error is that of the listener.
func (f *Forwarder) Run(ctx context.Context, l net.Listener) error {
	var telling sync.WaitGroup
	over, stop := context.WithCancel(context.Background())
	telling.Go(func() { f.telling(over) })
	defer telling.Wait()
	defer stop()
	return f.carry(ctx, l)
}

// telling says how it stands whenever that is news.
func (f *Forwarder) telling(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.poke:
		}
		f.mu.Lock()
		a := Answer{Kitt: Forwards, Rev: f.table.Rev, Open: map[string]int{}}
		for _, to := range f.table.To {
			a.Open[to.Life] = f.open[to.Life]
		}
		f.mu.Unlock()
		f.said(a)
	}
}

// release counts a connection less. What drains is told of.
func (f *Forwarder) release(life string) {
	f.mu.Lock()
	if f.open[life]--; f.open[life] == 0 {
		delete(f.open, life)
	}
	news := false
	for _, to := range f.table.To {
		news = news || to.Life == life && to.Drain
	}
	f.mu.Unlock()
	if news {
		f.tell()
	}
}

// reserve chooses a target and counts a connection to it. Without one, changed is closed when the table is another; nil where
// it is to be refused.
func (f *Forwarder) reserve(tried map[string]bool) (to Target, changed <-chan struct{}, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := f.table.least(f.open, tried, f.at)
	switch {
	case i >= 0:
		f.at = i + 1
		f.open[f.table.To[i].Life]++
		return f.table.To[i], nil, true
	case f.table.Refuse:
		return to, nil, false
	}
	return to, f.changed, false
}
