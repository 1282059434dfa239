package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"kitt.sh/internal/early"
	"kitt.sh/service/api"
)

// Version is this program's: the release, or the commit it was built from.
var Version = early.Version

// VersionCmd tells the version of this program, and of the daemon if it runs.
type VersionCmd struct{}

type versions struct {
	Version string      `json:"version"`
	Daemon  *api.Daemon `json:"daemon"` // null where kitt does not run
}

func (VersionCmd) Run(ctx context.Context, k *Kitt) error {
	if err := k.may("json", "yaml"); err != nil {
		return err
	}
	v := versions{Version: Version()}
	b, err := k.API.Get(ctx, "/v1/version", nil)
	switch {
	case errors.Is(err, api.ErrNotRunning), k.homeless != nil:
	case err != nil:
		return err
	default:
		v.Daemon = &api.Daemon{}
		if err := json.Unmarshal(b, v.Daemon); err != nil {
			return fmt.Errorf("read answer: %w", err)
		}
	}
	if k.Output != "table" {
		return k.emitValue(v)
	}
	fmt.Fprintln(k.Out, "kitt "+v.Version)
	if v.Daemon != nil {
		fmt.Fprintf(k.Out, "daemon %s, pid %d\n", clean(v.Daemon.Version), v.Daemon.PID)
	}
	return nil
}
