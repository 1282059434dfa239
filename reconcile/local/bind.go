package local

import (
	"strings"

	"kitt.sh/reconcile"
	"kitt.sh/reconcile/keeper"
	"kitt.sh/reconcile/keeper/bounds"
)

// bind has a program started by way of kitt itself, which sets the bounds, tells it that its sockets are its own, and
// becomes it. Without bounds and sockets there is no such way.
func (r *Runtime) bind(s *keeper.Spawn, in reconcile.Instance, other bool) error {
	nice, rlimits := in.Process.Nice, in.Process.Rlimits
	text := bounds.Text(nice, rlimits)
	if text != "" {
		if err := bounds.Refused(nice, rlimits, other); err != nil {
			return refusal{text: err.Error(), hint: "ask for less, or raise what kitt may have (ulimit -H, LimitNOFILE= of its unit)"}
		}
	}
	if len(s.Listen) > 0 {
		text = strings.TrimPrefix(text+","+bounds.Listens, ",")
	}
	if text == "" {
		return nil
	}
	s.Argv = append([]string{"kitt", "internal", "exec", text, s.Path}, s.Argv...)
	s.Path = keeper.Image(r.Exe)
	return nil
}
