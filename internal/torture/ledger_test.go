//go:build linux

package torture

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The ledger is what the programs themselves say, outside of kitt: a line an entry, each appended with one write(2).
//
//	begin INST RUN LIFE T       a life has begun; RUN is PID-START, which no other process of this boot is
//	child INST RUN CHILD T      it has a child, named like a run
//	exit  INST RUN HOW N T      it is about to end, and nothing can keep it from ending so
//	twin  INST RUN T            another life of the instance lives
type entry struct {
	op, inst, run string
	life          string // as kitt calls it
	child         string
	how           string // exit or signal
	n             int
	t             time.Time
}

// note appends an entry.
func note(format string, args ...any) {
	f, err := os.OpenFile(os.Getenv("TORTURE_DIR")+"/ledger", os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	if _, err := fmt.Fprintf(f, format+" %d\n", append(args, time.Now().UnixNano())...); err != nil {
		panic(err)
	}
}

// readLedger reads all entries.
func readLedger(path string) ([]entry, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var out []entry
	for _, line := range strings.Split(strings.TrimSuffix(string(b), "\n"), "\n") {
		f := strings.Fields(line)
		if len(f) < 4 {
			return nil, fmt.Errorf("read ledger: %q", line)
		}
		ns, err := strconv.ParseInt(f[len(f)-1], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("read ledger: %q", line)
		}
		e := entry{op: f[0], inst: f[1], run: f[2], t: time.Unix(0, ns)}
		switch {
		case e.op == "begin" && len(f) == 5:
			e.life = f[3]
		case e.op == "child" && len(f) == 5:
			e.child = f[3]
		case e.op == "exit" && len(f) == 6:
			e.how = f[3]
			e.n, _ = strconv.Atoi(f[4])
		}
		out = append(out, e)
	}
	return out, nil
}

// runOf names a process for good: its pid and start time. ok is false if it is dead.
func runOf(pid int) (run string, ok bool) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", false
	}
	f := strings.Fields(string(b)[strings.LastIndexByte(string(b), ')')+1:])
	if len(f) < 20 || f[0] == "Z" || f[0] == "X" {
		return "", false
	}
	return strconv.Itoa(pid) + "-" + f[19], true
}

// pidOf is the pid of a run.
func pidOf(run string) int {
	p, _, _ := strings.Cut(run, "-")
	pid, _ := strconv.Atoi(p)
	return pid
}

// lives tells whether the very process still does.
func lives(run string) bool {
	now, ok := runOf(pidOf(run))
	return ok && now == run
}

// myself is this process's instance, life and run.
func myself() (inst, life, run string) {
	life = os.Getenv("KITT_LIFE") // torture/web.1#3.abc
	_, inst, _ = strings.Cut(life, "/")
	inst, _, _ = strings.Cut(inst, "#")
	run, _ = runOf(syscall.Getpid())
	return inst, life, run
}
