package reconcile

import (
	"context"

	"kitt.sh/spec"
)

// A Runtime is a place to run things. Its verbs are idempotent and may fail; Observe alone tells what is so.
// Package runtimetest holds the contract as a test suite that every Runtime passes.
type Runtime interface {
	// Observe returns every life that was not forgotten, in no order; of the given instances, or of all if none is given.
	Observe(ctx context.Context, ids ...ID) ([]Observed, error)
	// Start begins a life, which Observe shows from then on, unless one of the instance lives: then it does nothing. With
	// in.Beside it does so only where one of the same generation and digest lives.
	// Where the program cannot run, it returns nil and Observe shows a life in NoStart.
	Start(ctx context.Context, in Instance, h History) error
	// Stop asks a life to end and returns at once; it will be killed after how.Timeout. That it is over, or was
	// forgotten, is no error; a second Stop changes nothing.
	// The first signal waits until process asker has ended, at most 2 s; 0 means nobody is waited for.
	Stop(ctx context.Context, life string, how spec.Stop, asker int) error
	// Tune gives a running life the live settings of in.
	Tune(ctx context.Context, life string, in Instance) error
	// Forget drops a life that is over. One that lives is never dropped.
	Forget(ctx context.Context, life string) error
	// Pokes delivers the ids of instances whose lives changed by themselves; the zero ID means look at all of
	// them. It is never closed.
	Pokes() <-chan ID
}
