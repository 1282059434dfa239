package cli

import (
	"context"

	"kitt.sh/reconcile/logs"
)

// stored is a logReader over the store on this disk.
type stored struct{ *logs.Reader }

func openStore(sources []logSource, q logQuery) (logReader, error) {
	query := logs.Query{Last: q.Last, Out: q.Out, Err: q.Err, Since: q.Since, Until: q.Until, Keep: q.Keep,
		Before: q.Before, After: q.After, Whole: q.Whole}
	return stored{logs.Open(sourcesOf(sources), query)}, nil
}

func (s stored) Read(ctx context.Context, emit func(logLine) error) error {
	return s.Reader.Read(ctx, func(l logs.Line) error { return emit(logLine(l)) })
}

func (s stored) Follow(sources []logSource) { s.Reader.Follow(sourcesOf(sources)) }

func sourcesOf(sources []logSource) (out []logs.Source) {
	for _, s := range sources {
		out = append(out, logs.Source{ID: s.ID, Out: s.Out, Err: s.Err})
	}
	return out
}
