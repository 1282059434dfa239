package keeper

import "testing"

func TestWhereAForestStands(t *testing.T) {
	for _, row := range []struct {
		name, own, up string
		inside        bool
	}{
		{"a shell's cgroup is none", "/sys/fs/cgroup/user.slice/session-1.scope", "/sys/fs/cgroup/user.slice/session-1.scope", false},
		{"a life's is", "/sys/fs/cgroup/user.slice/kitt-00350a1b.mfw86p/3", "/sys/fs/cgroup/user.slice", true},
		{"the service of a home of its own is none", "/sys/fs/cgroup/system.slice/kitt-00350a1b.service", "/sys/fs/cgroup/system.slice/kitt-00350a1b.service", false},
		{"a life below that is", "/c/kitt-00350a1b.service/kitt-00350a1b.mfw86p/3/x", "/c/kitt-00350a1b.service", true},
		{"none at all", "", "", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			if up, inside := abovePlanted(row.own); up != row.up || inside != row.inside {
				t.Errorf("%q, %v", up, inside)
			}
		})
	}
}
