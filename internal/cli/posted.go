package cli

import (
	"context"
	"errors"
	"iter"

	"kitt.sh/service/api"
	"kitt.sh/spec"
)

// readsMost is how often a file is read for its ports: each time is because of somebody who took one of them meanwhile.
const readsMost = 4

// posted sends a load. Where the daemon has other ports for its processes than the file was read with, the file is read anew
// with those, by reread, and sent again.
func (k *Kitt) posted(ctx context.Context, verb string, load api.Load, reread func(context.Context, *api.Load) error) iter.Seq2[api.Line, error] {
	return func(yield func(api.Line, error) bool) {
		for reads := 1; ; reads++ {
			var other *api.Refusal
			for line, err := range k.API.Post(ctx, verb, load) {
				if reads < readsMost && errors.As(err, &other) && len(other.Failure.Ports) > 0 {
					break
				}
				if other = nil; !yield(line, err) {
					return
				}
			}
			if other == nil {
				return
			}
			load.Request.Ports = other.Failure.Ports
			if err := reread(ctx, &load); err != nil {
				yield(api.Line{}, err)
				return
			}
		}
	}
}

// readWith reads the file of req for a load again, with the ports that are in the load's request. What is to be told of the file
// was told the first time.
func (k *Kitt) readWith(req spec.Request) func(context.Context, *api.Load) error {
	return func(ctx context.Context, load *api.Load) error {
		req.Ports = load.Request.Ports
		s, err := loadSpec(ctx, req, evalJS)
		if err != nil {
			return err
		}
		load.Spec = Apply{}.load(k, s, req).Spec
		return nil
	}
}
