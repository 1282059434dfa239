//go:build linux

package torture

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"kitt.sh/reconcile/failpoint"
)

// actKills is how often each is killed in one act: a long run is many acts, each with a home and a seed of its own.
const actKills = 100

// TestTorture kills keeper and daemon so often, and counts what went wrong.
func TestTorture(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	if raced {
		aside(t)
		return
	}
	n, from := *kills, *seed
	if from == 0 {
		from = rand.Uint64() >> 1
	}
	hits := map[string]int{}
	total, done, died := newReport(), map[string]int{}, map[string]int{}
	for i := uint64(0); n > 0; i++ {
		a := newAct(t, from+i, min(n, actKills))
		begun := time.Now()
		err := a.play()
		for _, name := range failpoint.Names {
			hits[name] += a.board.Hits(name)
			died[name] += a.board.Kills(name)
		}
		done["keeper"] += a.count("keeper")
		done["daemon"] += a.count("daemon")
		failed := err != nil || a.r.bad() > 0
		a.clean(failed)
		if failed {
			t.Errorf("seed %d: %v\n%s\n%s", a.seed, err, a.r, strings.Join(a.r.words, "\n"))
			t.Logf("what it left is in %s; replay: make torture N=%d SEED=%d", a.root, a.want, a.seed)
		}
		t.Logf("seed %d: keeper killed %d times, daemon %d, in %s", a.seed, a.count("keeper"), a.count("daemon"), time.Since(begun).Round(time.Second))
		total.add(a.r)
		n -= a.want
		if t.Failed() {
			break
		}
	}
	at := 0
	for _, k := range died {
		at += min(k, 1)
	}
	fmt.Printf("torture: seed %d\n  %-32s %d\n  %-32s %d\n  %-32s %d of %d\n%s", from, "keeper killed", done["keeper"], "daemon killed", done["daemon"],
		"steps at which one was killed", at, len(failpoint.Names)-1, total)
	for _, name := range failpoint.Names {
		if hits[name] == 0 && name != failpoint.Copy {
			t.Errorf("no process came to %s", name)
		}
	}
	if os.Getenv("TORTURE_STEPS") != "" {
		for _, name := range failpoint.Names {
			fmt.Printf("  %-32s hits %8d kills %3d\n", name, hits[name], died[name])
		}
	}
}

// aside runs the test in a binary without the race detector, which would only slow down the look at millions of lines:
// what is tried is another process.
func aside(t *testing.T) {
	kitt, actor := tools(t)
	cmd := exec.Command(actor, "-test.run=^TestTorture$", "-test.v", "-test.timeout=0", "-kills="+itoa(*kills), "-seed="+strconv.FormatUint(*seed, 10))
	cmd.Env = append(os.Environ(), "TORTURE_KITT="+kitt)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
}

func itoa(n int) string { return strconv.Itoa(n) }
