//go:build linux

package torture

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kitt.sh/reconcile/failpoint"
	"kitt.sh/reconcile/keeper"
)

// spec is what runs: writers, programs that crash, that have children, that do not listen. version is what an edit changes.
func (s *stage) spec(version int) string {
	return fmt.Sprintf(`project = "torture"
env = { TORTURE_DIR = %[1]q }
process "flood" {
  command = [%[2]q, "@flood"]
  log {
    max_size = "4MB"
    keep = 4
    compress = false
  }
}
process "line" {
  command = [%[2]q, "@line", "60000"]
  instances = 2
  log {
    max_size = "300kB"
    keep = 1000000
  }
}
process "shift" {
  command = [%[2]q, "@line", "50000"]
  log {
    max_size = "100kB"
    keep = 1000000
    compress = false
  }
}
process "crash" {
  command = [%[2]q, "@crash"]
  instances = 2
  restart {
    backoff_min = "10ms"
    backoff_max = "150ms"
  }
  log { keep = 1000000 }
}
process "copied" {
  command = [%[2]q, "@line", "30000"]
  log {
    out = "%[4]s/copy"
    max_size = "500kB"
    keep = 1000000
  }
}
process "tree" { command = [%[2]q, "@sleep"] }
process "held" { command = [%[2]q, "@sleep"] }
process "many" { command = [%[2]q, "@sleep"] }
process "edit" {
  command = [%[2]q, "@sleep", "deaf"]
  stop { timeout = "150ms" }
  env = { VERSION = "%[3]d" }
}
process "stub" {
  command = [%[2]q, "@stub"]
  stop { timeout = "120ms" }
}
`, s.root+"/say", s.actor, version, s.root)
}

func (s *stage) writeSpec(version int) error {
	path := s.root + "/kitt.hcl"
	if err := os.WriteFile(path+".new", []byte(s.spec(version)), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// An act is one run on a fresh stage, from the first apply to the look at what is left.
type act struct {
	*stage
	t    testing.TB
	rng  *rand.Rand
	seed uint64
	want int // kills of each

	killed map[string]int // "keeper", "daemon": by signal from here; the board counts the steps' own
	gaps   []gap
	now    status
	vs     map[string]victim
	what   string // is done in this round

	mu    sync.Mutex
	r     *report
	asked map[string]int // new lives that were asked for, at most
	done  map[string]int // restarts that were answered with done
	edits int
}

func newAct(t testing.TB, seed uint64, kills int) *act {
	return &act{stage: newStage(t), t: t, rng: rand.New(rand.NewPCG(seed, 1)), seed: seed, want: kills, r: newReport(),
		killed: map[string]int{}, asked: map[string]int{}, done: map[string]int{}, vs: map[string]victim{}}
}

// play is the whole act.
func (a *act) play() error {
	if err := a.writeSpec(0); err != nil {
		return err
	}
	if out, err := a.run("apply", "--no-wait"); err != nil {
		return fmt.Errorf("apply: %w\n%s", err, out)
	}
	a.whole()
	quit := make(chan struct{})
	var calls sync.WaitGroup
	calls.Go(func() { a.order(quit) }) // both end with quit
	calls.Go(func() { a.look(quit) })
	for a.count("keeper") < a.want || a.count("daemon") < a.want {
		if a.bad() {
			break
		}
		a.round()
	}
	for range 25 { // what comes seldom gets its chance
		if len(a.never()) == 0 || a.bad() {
			break
		}
		a.round()
	}
	close(quit)
	calls.Wait()
	a.disarm()
	return a.finish()
}

func (a *act) bad() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.r.faults[stuck] > 0
}

// count is how often a keeper or a daemon was killed.
func (a *act) count(role string) (n int) {
	for _, name := range failpoint.Names {
		if strings.HasPrefix(name, role+".") {
			n += a.board.Kills(name)
		}
	}
	return n + a.killed[role]
}

// whole waits until kitt answers with a living keeper and daemon, and takes hold of both.
func (a *act) whole() {
	for end, first := time.Now().Add(30*time.Second), time.Now(); time.Now().Before(end); time.Sleep(3 * time.Millisecond) {
		st, err := a.status()
		if err == nil && a.seize(st) {
			a.now = st
			return
		}
		if time.Since(first) > time.Second { // by itself, or by a call of kitt, if both are dead
			_, _ = a.run("status", "-o", "name")
			first = time.Now()
		}
	}
	a.fault(stuck, "kitt did not come back in 30 s")
}

// seize takes hold of the keeper and the daemon of a status, if they live.
func (a *act) seize(st status) bool {
	for role, pid := range map[string]int{"keeper": st.Keeper.PID, "daemon": st.Daemon.PID} {
		if old, ok := a.vs[role]; ok {
			old.letGo()
			delete(a.vs, role)
		}
		v, err := take(pid)
		if err != nil {
			return false
		}
		a.vs[role] = v
		if v.dead() {
			return false
		}
	}
	if !a.answers(st.Keeper.PID) {
		return false
	}
	again, err := a.status()
	return err == nil && again.Keeper == st.Keeper && again.Daemon == st.Daemon
}

// answers tells whether the keeper does: one that is dying is not dead yet, and one that is coming up holds nothing yet.
func (a *act) answers(pid int) bool {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	c, err := keeper.Dial(ctx, a.home+"/run/keeper.sock", "cli")
	if err != nil {
		return false
	}
	defer c.Close()
	return c.PID() == pid
}

func (a *act) fault(kind, format string, args ...any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.r.fault(kind, 1, format, args...)
}

// round kills one or both, in one of the ways there are, and waits until kitt is whole again.
func (a *act) round() {
	a.board.Arm(failpoint.Copy, a.rng.IntN(5)/3)
	g := gap{from: time.Now()}
	a.what = ""
	begun := time.Now()
	defer func() {
		if os.Getenv("TORTURE_STEPS") != "" {
			a.t.Logf("%s round %s: to the kill %s, back in %s", begun.Format(time.StampMilli), a.what, g.last.Sub(begun), g.to.Sub(g.last))
		}
	}()
	switch role := a.behind(); a.rng.IntN(10) {
	case 0, 1: // at a random moment
		time.Sleep(time.Duration(a.rng.IntN(30000)) * time.Microsecond)
		g.from = time.Now()
		a.slay(&g, role)
	case 2: // both at once
		a.vs["keeper"].freeze()
		a.vs["daemon"].freeze()
		g.both = true
		a.slay(&g, "keeper")
		a.slay(&g, "daemon")
	case 3: // one while the other's death is being dealt with
		g.both = true
		a.slay(&g, role)
		time.Sleep(time.Duration(a.rng.IntN(40000)) * time.Microsecond)
		if st, err := a.status(); err == nil && a.seize(st) {
			a.slay(&g, "keeper")
		}
	default:
		a.step(&g)
	}
	g.last = time.Now()
	a.whole()
	g.to = time.Now()
	a.gaps = append(a.gaps, g)
}

// behind is the one that was killed less.
func (a *act) behind() string {
	if a.count("keeper") < a.count("daemon") {
		return "keeper"
	}
	return "daemon"
}

func (a *act) slay(g *gap, role string) {
	v := a.vs[role]
	if v.dead() {
		return
	}
	at := v.kill()
	a.what += " " + role
	a.killed[role]++
	if role == "keeper" {
		g.keeper = append(g.keeper, at)
	}
}

// recovery are the steps that come only after a death; another step has to be died at first for those named with one.
var recovery = map[string]string{"keeper.lock": "keeper", "keeper.listen": "keeper", "keeper.adopt": "keeper", "keeper.spill": "keeper.copy.read",
	"keeper.witness": "keeper", "keeper.daemon": "keeper", "keeper.offer": "keeper", "keeper.journal.re": "keeper", "keeper.store.un": "keeper",
	"daemon.open": "daemon", "daemon.orphan": "keeper", "daemon.witness": "keeper", "keeper.adopt.unrecorded": "keeper.spawn.forked"}

// step has a process die at a step: one at which none has died yet, as long as there are such.
func (a *act) step(g *gap) {
	name := a.choose()
	a.what += " step " + name
	first := ""
	for prefix, way := range recovery {
		if strings.HasPrefix(name, prefix) && len(way) > len(first) {
			first = way
		}
	}
	if strings.HasPrefix(name, "keeper.copy") || strings.HasPrefix(first, "keeper.copy") {
		a.board.Arm(failpoint.Copy, 1)
		h := gap{from: time.Now()}
		a.slay(&h, "keeper")
		a.whole()
		h.to = time.Now()
		a.gaps = append(a.gaps, h)
		g.from = time.Now()
	}
	times := 1
	if first == "" {
		times += a.rng.IntN(1 + min(a.board.Hits(name)/50, 200))
	}
	before := a.board.Kills(name)
	if first != "" {
		g.both = true // two deaths in one gap
		if strings.Contains(first, ".") {
			a.board.Arm(first, 1)
			a.await(g, first, a.board.Kills(first), 1500*time.Millisecond)
			a.board.Arm(name, times)
		} else {
			a.board.Arm(name, times)
			a.slay(g, first)
		}
	} else {
		a.board.Arm(name, times)
	}
	a.await(g, name, before, 1200*time.Millisecond)
	a.board.Arm(name, 0)
}

// await waits until a process has died at a step, and notes when.
func (a *act) await(g *gap, name string, before int, limit time.Duration) {
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(500 * time.Microsecond) {
		if a.board.Kills(name) > before {
			if !g.both {
				g.from = time.Now().Add(-5 * time.Millisecond)
			}
			if strings.HasPrefix(name, "keeper.") {
				g.keeper = append(g.keeper, time.Now())
			}
			return
		}
	}
	a.board.Arm(name, 0)
}

// atEnd is the one step that no round comes to: the shutdown of all.
const atEnd = "keeper.shutdown.ordered"

// never are the steps that no process has come to yet.
func (a *act) never() (names []string) {
	for _, n := range failpoint.Names {
		if a.board.Hits(n) == 0 && n != failpoint.Copy && n != atEnd {
			names = append(names, n)
		}
	}
	return names
}

// choose picks a step: one that none has come to, if there is any, else one that none has died at.
func (a *act) choose() string {
	if never := a.never(); len(never) > 0 && a.rng.IntN(2) == 0 {
		return never[a.rng.IntN(len(never))]
	}
	var fresh []string
	role := a.behind()
	for _, n := range failpoint.Names {
		if n != failpoint.Copy && n != atEnd && a.board.Kills(n) == 0 && strings.HasPrefix(n, role) {
			fresh = append(fresh, n)
		}
	}
	if len(fresh) == 0 {
		fresh = slices.DeleteFunc(slices.Clone(failpoint.Names), func(n string) bool {
			return n == failpoint.Copy || n == atEnd || !strings.HasPrefix(n, role)
		})
	}
	return fresh[a.rng.IntN(len(fresh))]
}

// order gives one order after the other, until quit.
func (a *act) order(quit chan struct{}) {
	rng := rand.New(rand.NewPCG(a.seed, 2))
	held, scale := false, 1
	for !closed(quit, time.Duration(rng.IntN(60))*time.Millisecond) {
		switch rng.IntN(6) {
		case 0, 1:
			a.ask("restart", []string{"shift.1", "stub.1"}[rng.IntN(2)])
		case 2:
			a.ask("restart", "stub.1")
		case 3:
			verb := map[bool]string{false: "stop", true: "start"}[held]
			if a.ask(verb, "held.1") {
				held = !held
			}
		case 4:
			scale = 1 + (scale+rng.IntN(2))%3
			a.allow("many.2", "many.3")
			a.call("scale", fmt.Sprintf("many=%d", scale), "--timeout", "5s")
		case 5:
			a.mu.Lock()
			a.edits++
			n := a.edits
			a.mu.Unlock()
			a.allow("edit.1", "held.1") // an apply lifts what is held, also by a stop of which no answer came
			if a.writeSpec(n) == nil {
				a.call("apply", "--no-wait")
			}
			held = false
		}
	}
}

// ask gives an order about one instance, and notes what it may lead to.
func (a *act) ask(verb, inst string) (ok bool) {
	if verb != "stop" {
		a.allow(inst)
	}
	ok = a.call(verb, inst, "--timeout", "5s")
	if verb == "restart" && ok {
		a.mu.Lock()
		a.done[inst]++
		a.mu.Unlock()
	}
	return ok
}

func (a *act) allow(insts ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, i := range insts {
		a.asked[i]++
	}
}

// look asks one question after the other, until quit.
func (a *act) look(quit chan struct{}) {
	rng := rand.New(rand.NewPCG(a.seed, 3))
	for !closed(quit, time.Duration(rng.IntN(80))*time.Millisecond) {
		a.call([][]string{{"status"}, {"status", "-o", "json"}, {"events", "-n", "5"}, {"logs", "crash", "-n", "3"}, {"version"}}[rng.IntN(5)]...)
	}
}

// call runs a verb. That kitt dies meanwhile is no fault, that it hangs or panics is.
func (a *act) call(args ...string) bool {
	out, err := a.run(args...)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.r.seen["calls"]++
	if errors.Is(err, errHang) || strings.Contains(out, "panic:") {
		a.r.fault(stuck, 1, "kitt %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	if err != nil {
		a.r.seen["calls that a kill broke off"]++
	}
	return err == nil
}

func closed(quit chan struct{}, d time.Duration) bool {
	select {
	case <-quit:
		return true
	case <-time.After(d):
		return false
	}
}
