package spec

import "testing"

// A process that has none of the fields which came later keeps the digest that older versions gave it: else an upgrade
// would restart everything.
func TestDigestsOutliveUpgrades(t *testing.T) {
	p := Defaults()
	p.Command, p.Cwd, p.Env = []string{"a", "b"}, "/x", map[string]string{"K": "v"}
	p.Watch.Paths, p.Limits.Memory, p.Schedule.Restart = []string{"/x"}, 1, "@daily"
	if got := p.RunDigest(1); got != "3e61085ec42e6d90" {
		t.Errorf("the digest is %s", got)
	}
}
