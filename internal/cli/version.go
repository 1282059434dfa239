package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"

	"kitt.sh/service/api"
)

// release is set once, by Internal.
var release = "dev"

// Version is this program's: the release, or the commit it was built from.
func Version() string {
	if release != "dev" {
		return release
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return release
	}
	commit, dirty := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "+"
		}
	}
	if commit == "" {
		return release
	}
	return release + "-" + commit + dirty
}

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
