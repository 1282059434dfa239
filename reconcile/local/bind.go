package local

import (
	"kitt.sh/reconcile/keeper"
	"kitt.sh/reconcile/keeper/bounds"
)

// bind has a program started by way of kitt itself, which sets the bounds and becomes it. Without bounds there is no
// such way.
func (r *Runtime) bind(s *keeper.Spawn, nice int, rlimits map[string]string, other bool) error {
	text := bounds.Text(nice, rlimits)
	if text == "" {
		return nil
	}
	if err := bounds.Refused(nice, rlimits, other); err != nil {
		return refusal{text: err.Error(), hint: "ask for less, or raise what kitt may have (ulimit -H, LimitNOFILE= of its unit)"}
	}
	s.Argv = append([]string{"kitt", "internal", "exec", text, s.Path}, s.Argv...)
	s.Path = keeper.Image(r.Exe)
	return nil
}
