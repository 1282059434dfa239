package service

import (
	"os/exec"
	"syscall"
	"testing"
	"time"

	"kitt.sh/reconcile"
)

// sampled is what the sampler says of a life of this pid.
func sampled(s *sampler, pid int, started time.Time) usage {
	id := reconcile.ID{Project: "shop", Process: "web", N: 1}
	v := reconcile.View{ID: id, Lives: []reconcile.Observed{{ID: id, State: reconcile.Running, PID: pid, Started: started}}}
	return s.use([]reconcile.View{v})[id]
}

// TestSumsAreThoseOfTheTreeAcrossExits: what children use counts, also of those that are over, and of one that went into another
// process group.
func TestSumsAreThoseOfTheTreeAcrossExits(t *testing.T) {
	cmd := exec.Command("sh", "-c", `(i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done); sh -c 'x=$(head -c 40000000 /dev/zero | tr "\0" x); sleep 100' & sleep 100`)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	started := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	}()
	var s sampler
	var u usage
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		s.at = time.Time{} // as if the last look were long ago
		if u = sampled(&s, cmd.Process.Pid, started); u.memory > 40_000_000 && u.spent > 100*time.Millisecond {
			break
		}
	}
	if u.memory < 40_000_000 || u.memory > 400_000_000 {
		t.Errorf("memory %d: a child holds 40 MB", u.memory)
	}
	if u.spent < 100*time.Millisecond {
		t.Errorf("%s of a processor: a child that is over took more", u.spent)
	}
	before := u.spent
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); { // the shell may still be at its 40 MB
		time.Sleep(600 * time.Millisecond)
		s.at = time.Time{}
		if u = sampled(&s, cmd.Process.Pid, started); u.spent < before {
			t.Errorf("what was used became less: %s, %s before", u.spent, before)
		}
		if u.cpu <= 0.5 {
			return
		}
	}
	t.Errorf("it sleeps, and uses %.2f cores", u.cpu)
}
