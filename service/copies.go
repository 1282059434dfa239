package service

import "context"

// copies writes the plain log files that specs ask for, from the store.
type copies struct{ d *Daemon }

func newCopies(d *Daemon) *copies { return &copies{d: d} }

func (c *copies) run(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }

// poke has the copies look whether there is more to write.
func (c *copies) poke() {}

// rotated compresses the segments of a stream's folder.
func (c *copies) rotated(dir string) {}
