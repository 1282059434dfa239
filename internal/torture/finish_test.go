//go:build linux

package torture

import (
	"os"
	"slices"
	"strings"
	"time"
)

// finish has kitt come to rest, looks at what lives, ends it all, and looks at what is left.
func (a *act) finish() error {
	a.whole()
	a.rest()
	ledger, err := readLedger(a.root + "/say/ledger")
	if err != nil {
		return err
	}
	a.checkAlive(ledger)
	if a.down(); a.r.faults[orphans] > 0 {
		return nil // what is left still writes
	}
	e := evidence{logs: a.home + "/logs", state: a.home + "/state", dir: a.root + "/say", gaps: a.gaps, dropped: []string{"flood.1"},
		steady: []string{"flood.1", "line.1", "line.2", "copied.1", "tree.1", "many.1"}, most: map[string]int{}}
	for _, inst := range []string{"shift.1", "stub.1", "held.1", "edit.1"} {
		e.most[inst] = 1 + a.asked[inst]
	}
	for _, inst := range []string{"many.2", "many.3"} {
		e.most[inst] = a.asked[inst]
	}
	r, err := check(e)
	if err != nil {
		return err
	}
	if err := readCopy(r, a.root+"/copy", "copied.1", "out"); err != nil {
		return err
	}
	r.add(a.r)
	a.r = r
	return nil
}

// rest waits until all is as it was last wanted: everything runs but what crashes, and each restart that was answered
// has been done, none twice.
func (a *act) rest() {
	a.call("apply", "--no-wait")
	a.allow("held.1")
	a.call("scale", "many=1", "--timeout", "20s")
	var why string
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		st, err := a.status()
		if err != nil {
			why = err.Error()
			continue
		}
		if why = unrest(st); why == "" {
			a.now = st
			break
		}
	}
	if why != "" {
		a.fault(stuck, "kitt did not come to rest: %s", why)
	}
	for _, in := range a.now.Instances {
		if in.ID != "shift.1" && in.ID != "stub.1" {
			continue
		}
		if n := in.Generation - 1; n < a.done[in.ID] || n > a.asked[in.ID] {
			a.fault(orders, "%s was restarted %d times; %d were answered, %d asked for", in.ID, n, a.done[in.ID], a.asked[in.ID])
		}
	}
}

// unrest says what is not yet as it should be.
func unrest(st status) string {
	want := []string{"flood.1", "line.1", "line.2", "shift.1", "copied.1", "tree.1", "held.1", "many.1", "edit.1", "stub.1"}
	for _, in := range st.Instances {
		if strings.HasPrefix(in.ID, "crash.") {
			continue
		}
		i := slices.Index(want, in.ID)
		if i < 0 || in.Phase != "running" || in.PID == 0 {
			return in.ID + " is " + in.Phase
		}
		want = slices.Delete(want, i, i+1)
	}
	return strings.Join(want, ", ")
}

// checkAlive compares what lives with what kitt says: no life that it does not know of, and no child of one that is over.
func (a *act) checkAlive(ledger []entry) {
	known := map[int]bool{}
	for _, in := range a.now.Instances {
		known[in.PID] = true
	}
	for _, l := range ledger {
		switch {
		case l.op == "begin" && !strings.HasPrefix(l.inst, "crash.") && !known[pidOf(l.run)] && lives(l.run):
			a.fault(twins, "%s of %s lives, and kitt does not know it", l.run, l.inst)
		case l.op == "child" && !lives(l.run) && lives(l.child):
			a.fault(orphans, "%s, a child of %s of %s, which is over", l.child, l.run, l.inst)
		}
	}
}

// down ends everything, the keeper once in the middle of it. Then nothing of this home may be left.
func (a *act) down() {
	if a.rng.IntN(2) == 0 {
		a.board.Arm("keeper.shutdown.ordered", 1)
	}
	out, err := a.run("shutdown")
	if err != nil && !a.board.Armed("keeper.shutdown.ordered") {
		a.disarm()
		out, err = a.run("shutdown")
	}
	if err == errHang {
		a.fault(stuck, "kitt shutdown: %s", out)
	}
	var left []int
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if left = a.ours(); len(left) == 0 {
			return
		}
	}
	for _, pid := range left {
		args, _ := os.ReadFile("/proc/" + itoa(pid) + "/cmdline")
		a.fault(orphans, "%d %q lives after the shutdown", pid, strings.ReplaceAll(string(args), "\x00", " "))
	}
}
