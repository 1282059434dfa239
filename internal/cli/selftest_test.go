package cli

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"kitt.sh/service/unit"
)

// versioned is a stand whose manager says what it is.
type versioned struct{ stand }

func (*versioned) Version(context.Context) string { return "systemd 257" }

func TestASelftestsTable(t *testing.T) {
	clock := time.Unix(0, 0)
	now := func() time.Time { clock = clock.Add(250 * time.Millisecond); return clock }
	fine := func(*trial, context.Context) (string, error) { return "", nil }
	tests := []struct {
		name  string
		steps []step
		cut   bool // interrupted before it began
		left  []string
		out   string
		code  int
	}{
		{"all went well", []step{{"install", "it is installed", true, fine},
			{"output", "every line", false, func(*trial, context.Context) (string, error) { return "12 lines", nil }}}, false, nil,
			"install    ok        0.25 s  it is installed\n" +
				"output     ok        0.25 s  every line\n" +
				"                             12 lines\n" +
				"all is well, in 1.20 s\n", 0},
		{"what failed says why, and the rest goes on", []step{
			{"kill", "it comes back", false, func(*trial, context.Context) (string, error) {
				return "", errors.New("keeper 7 answers\nnot \x1b[1m8")
			}},
			{"stop", "all end", false, fine}}, false, nil,
			"kill       failed    0.25 s  it comes back\n" +
				"                             keeper 7 answers\n" +
				"                             not \\x1b[1m8\n" +
				"stop       ok        0.25 s  all end\n" +
				"not all is well, in 1.20 s\n", 1},
		{"after a step that all need, the rest is skipped", []step{
			{"install", "it is installed", true, func(*trial, context.Context) (string, error) { return "", errors.New("no bus") }},
			{"kill", "it comes back", false, fine}}, false, nil,
			"install    failed    0.25 s  it is installed\n" +
				"                             no bus\n" +
				"kill       skipped           it comes back\n" +
				"not all is well, in 1.20 s\n", 1},
		{"an interruption skips", []step{{"install", "it is installed", true, fine}}, true, nil,
			"install    skipped           it is installed\nnot all is well, in 1.20 s\n", 1},
		{"what is left behind is no success", []step{{"install", "it is installed", true, fine}}, false, []string{"/home/me/.kitt-selftest-1"},
			"install    ok        0.25 s  it is installed\nleft behind: /home/me/.kitt-selftest-1\nnot all is well, in 1.20 s\n", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := try(t, nil)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if tt.cut {
				cancel()
			}
			r := &selfReport{OK: true, Left: tt.left, MS: 1200}
			(&trial{}).try(ctx, now, tt.steps, func(s selfStep) {
				r.Steps = append(r.Steps, s)
				r.OK = r.OK && s.Result == "ok"
				k.selfLine(s)
			})
			r.OK = r.OK && len(r.Left) == 0
			if code := exitCode(k.selfEnd(r)); code != tt.code {
				t.Errorf("exit %d, want %d", code, tt.code)
			}
			same(t, "stdout", k.out.String(), tt.out)
		})
	}
}

func TestASelftestIsRehearsed(t *testing.T) {
	was := openServices
	defer func() { openServices = was }()
	openServices = func(context.Context, *Kitt) (services, unit.Spec, error) { return &versioned{}, unit.Spec{}, nil }
	k := try(t, nil)
	if code := k.do(ServiceSelftest{DryRun: true}); code != 0 {
		t.Error("exit", code)
	}
	out := k.out.String()
	for _, want := range []string{"manager  systemd 257\n", "apply                        two processes run", "shutdown                     nothing runs any more\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.Count(out, "\n") != 3+len(selfSteps) || strings.Contains(out, "0.00") {
		t.Errorf("%s", out)
	}
}

func TestASelftestNeedsAServiceManagerAndNoSudo(t *testing.T) {
	was := openServices
	defer func() { openServices = was }()
	openServices = func(context.Context, *Kitt) (services, unit.Spec, error) {
		return nil, unit.Spec{}, errors.New("find service manager: neither launchd nor systemd here")
	}
	k := try(t, nil)
	if code := k.do(ServiceSelftest{}); code != 1 || !strings.Contains(k.err.String(), "neither launchd nor systemd") {
		t.Error(code, k.err.String())
	}
}
