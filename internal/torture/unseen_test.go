//go:build linux

package torture

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestWhatNobodySaw ends a program at a moment of which it is known who is dead. Whoever of keeper and daemon lives tells
// exactly how it ended; with both dead it is told as unknown, as a failure, and never as something else.
func TestWhatNobodySaw(t *testing.T) {
	rows := []struct {
		name string
		dead []string
		want string
	}{
		{"the daemon is dead", []string{"daemon"}, "exit 7"},
		{"the keeper is dead", []string{"keeper"}, "exit 7"},
		{"both are dead", []string{"daemon", "keeper"}, "unknown"},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			a := newAct(t, 1, 0)
			defer func() { a.clean(false) }()
			if r.want != "unknown" && r.dead[0] == "keeper" && !seesStrangers() {
				t.Skip("this kernel does not tell a daemon how a stranger ended")
			}
			text := fmt.Sprintf("project = \"torture\"\nprocess \"mortal\" {\n  command = [%q, \"@mortal\"]\n  restart { policy = \"on-failure\" }\n}\nprocess \"tree\" {\n  command = [%q, \"@sleep\"]\n}\n", a.actor, a.actor)
			if err := os.WriteFile(a.root+"/kitt.hcl", []byte("env = { TORTURE_DIR = \""+a.root+"/say\" }\n"+text), 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := a.run("apply"); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			a.whole()
			was := a.pids()
			life := a.begun(t, "mortal.1")
			for _, v := range a.vs {
				v.freeze() // none of them deals with the other's death
			}
			for _, role := range r.dead {
				a.vs[role].kill()
			}
			if err := os.WriteFile(a.root+"/say/die", nil, 0o600); err != nil {
				t.Fatal(err)
			}
			eventually(t, "its end", func() bool { return !lives(life.run) })
			if r.want == "unknown" {
				eventually(t, "its reaping", func() bool { return unix.Kill(pidOf(life.run), 0) != nil })
			}
			_ = os.Remove(a.root + "/say/die")
			for role, v := range a.vs {
				if !strings.Contains(strings.Join(r.dead, " "), role) {
					_ = unix.PidfdSendSignal(v.fd, unix.SIGCONT, nil, 0)
				}
			}
			if out, err := a.run("status"); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			a.whole()
			var got []toldExit
			eventually(t, "word of its end", func() bool {
				told, err := readExits(a.home + "/state")
				got = told[life.life]
				return err == nil && len(got) > 0
			})
			if len(got) != 1 || got[0].String() != r.want {
				t.Errorf("told as %v, want %s", got, r.want)
			}
			eventually(t, "its next life: every such end is a failure", func() bool {
				st, err := a.status()
				a.now = st
				return err == nil && a.pids()["mortal.1"] > 0 && a.pids()["mortal.1"] != was["mortal.1"]
			})
			if now := a.pids(); now["tree.1"] != was["tree.1"] {
				t.Errorf("the other process had pid %d and has %d", was["tree.1"], now["tree.1"])
			}
			for _, in := range a.now.Instances {
				if in.ID == "mortal.1" && in.Restarts != 1 {
					t.Errorf("it counts %d restarts", in.Restarts)
				}
			}
		})
	}
}

// pids are those of the instances, as last seen.
func (a *act) pids() map[string]int {
	m := map[string]int{}
	for _, in := range a.now.Instances {
		m[in.ID] = in.PID
	}
	return m
}

// begun waits for the first life of an instance.
func (a *act) begun(t *testing.T, inst string) (e entry) {
	t.Helper()
	eventually(t, inst, func() bool {
		ledger, err := readLedger(a.root + "/say/ledger")
		for _, l := range ledger {
			if l.op == "begin" && l.inst == inst {
				e = l
			}
		}
		return err == nil && e.run != ""
	})
	return e
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(3 * time.Millisecond) {
		if is() {
			return
		}
	}
	t.Fatalf("waited in vain for %s", what)
}

// seesStrangers tells whether a pidfd tells how a process ended that is no child: Linux 6.15 and later.
func seesStrangers() bool {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return false
	}
	var major, minor int
	_, _ = fmt.Sscanf(unix.ByteSliceToString(u.Release[:]), "%d.%d", &major, &minor)
	return major > 6 || major == 6 && minor >= 15
}
