package unit

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const (
	userCgroup   = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/kitt.service\n"
	systemCgroup = "12:memory:/other.service\n1:name=systemd:/system.slice/kitt.service/keeper\n"
)

func TestReason(t *testing.T) {
	for _, c := range []struct {
		name, cgroup  string
		running, jobs string
		want          Cause
	}{
		{"the machine goes down", systemCgroup, "stopping\n", "1 kitt.service stop running\n", Shutdown},
		{"the user's last session ended", userCgroup, "stopping\n", "", Shutdown},
		{"someone stops the service", userCgroup, "running\n", "  7 kitt.service stop running\n", Stop},
		{"someone restarts it", userCgroup, "degraded\n", "  7 kitt.service restart running\n", Restart},
		{"a restart that is past its stop", userCgroup, "running\n", "  7 kitt.service start waiting\n", Restart},
		{"another service's job says nothing about ours", userCgroup, "running\n", "  7 web.service stop running\n 8 mykitt.service stop running\n", Unknown},
		{"a bare kill", userCgroup, "running\n", "", Unknown},
		{"a keeper in a login session", "0::/user.slice/user-1000.slice/session-3.scope\n", "stopping\n", "", Unknown},
		{"no systemd at all", "0::/\n", "stopping\n", "", Unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			run := func(_ context.Context, name string, args ...string) (string, int, error) {
				line := strings.Join(args, " ")
				if user := strings.Contains(line, "--user"); user != strings.Contains(c.cgroup, "user@") {
					t.Errorf("asked the wrong manager: %s %s", name, line)
				}
				if strings.Contains(line, "list-jobs") {
					return c.jobs, 0, nil
				}
				return c.running, 1, nil
			}
			if got := reason(t.Context(), run, c.cgroup); got != c.want {
				t.Errorf("%s, not %s", c.want, got)
			}
		})
	}
}

func TestReasonIsUnknownWhenSystemdDoesNotAnswer(t *testing.T) {
	hang := func(ctx context.Context, _ string, _ ...string) (string, int, error) {
		<-ctx.Done()
		return "", -1, ctx.Err()
	}
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		if got := reason(t.Context(), hang, userCgroup); got != Unknown || time.Since(begin) > 2*time.Second {
			t.Error(got, time.Since(begin))
		}
	})
	none := func(context.Context, string, ...string) (string, int, error) { return "", 0, errors.New("not found") }
	if got := reason(t.Context(), none, userCgroup); got != Unknown {
		t.Error(got)
	}
}
