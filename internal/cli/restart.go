package cli

import (
	"context"
	"strings"
	"time"
)

// Restart gives processes a new life each. Called by a process of kitt's own, it is answered
// before the caller's end: the server knows who asks.
type Restart struct {
	All       bool
	UpdateEnv bool // pm2's: what was started without a spec takes over the environment of this shell
	NoWait    bool
	Timeout   time.Duration
	Names     []string
}

func (r Restart) Run(ctx context.Context, k *Kitt) error {
	return r.run(ctx, k, "restart")
}

// Reload replaces the workers of clusters one by one, without a gap; for other processes it is Restart.
type Reload Restart

func (r Reload) Run(ctx context.Context, k *Kitt) error {
	return Restart(r).run(ctx, k, "reload")
}

func (r Restart) run(ctx context.Context, k *Kitt, verb string) error {
	if r.UpdateEnv {
		left, err := r.updateEnv(ctx, k)
		if err != nil || len(left) == 0 && !r.All {
			return err
		}
		r.Names = left
	}
	return k.named(ctx, verb, patience{r.NoWait, r.Timeout}.order(r.Names, r.All))
}

// updateEnv has those of the named that were started without a spec take over the environment of this shell, which
// replaces them where it differs. It returns the names that are still to be restarted.
func (r Restart) updateEnv(ctx context.Context, k *Kitt) (left []string, err error) {
	o, err := openOwnSpec(k)
	if err != nil {
		return nil, err
	}
	defer o.close()
	var changed []string
	for _, name := range r.Names {
		if app := o.app(strings.TrimPrefix(name, defaultProject+"/")); app != nil && !sameEnv(app["env"], plainEnv(k)) {
			app["env"] = plainEnv(k)
			changed = append(changed, app["name"].(string))
		} else {
			left = append(left, name)
			if app == nil {
				k.note("%s: --update-env is for what was started without a spec; kitt apply takes over this shell's environment", name)
			}
		}
	}
	if len(changed) == 0 {
		return left, nil
	}
	s := Start{NoWait: r.NoWait, Timeout: r.Timeout}
	return left, s.take(ctx, k, o, changed, func() error { return k.API.Ping(ctx) })
}
