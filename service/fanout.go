package service

import "sync"

// fanout hands each value to everyone who listens. A listener that is room values behind (0: 8192) loses the newer
// ones. The zero fanout is ready.
type fanout[T any] struct {
	room int
	mu   sync.Mutex
	outs map[chan T]bool
}

// listen returns a channel of values and the func that ends it.
func (f *fanout[T]) listen() (<-chan T, func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	room := f.room
	if room == 0 {
		room = 8192
	}
	ch := make(chan T, room)
	if f.outs == nil {
		f.outs = map[chan T]bool{}
	}
	f.outs[ch] = true
	return ch, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.outs, ch)
	}
}

func (f *fanout[T]) send(v T) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for ch := range f.outs {
		select {
		case ch <- v:
		default:
		}
	}
}
