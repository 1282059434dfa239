//go:build linux

package torture

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A gap is a time in which a keeper or a daemon was dead, until both were whole again.
type gap struct {
	from, to time.Time
	last     time.Time   // when the last one died
	keeper   []time.Time // when a keeper died
	both     bool        // there were moments in which nobody held the living
}

// A case is all that the checker is given: what kitt wrote, what the programs wrote, and what was done to them.
type evidence struct {
	logs, state string // folders of kitt's home
	dir         string // of the ledger and the counts
	gaps        []gap
	dropped     []string // instances whose oldest segments are removed
	steady      []string // instances that nobody gave a reason for a new life
	most        map[string]int
}

// check looks for every kind of fault in what a run left.
func check(e evidence) (*report, error) {
	r := newReport()
	ledger, err := readLedger(filepath.Join(e.dir, "ledger"))
	if err != nil {
		return nil, err
	}
	excused := e.checkExits(r, ledger)
	if err := e.checkLines(r, ledger, excused); err != nil {
		return nil, err
	}
	e.checkLives(r, ledger)
	return r, nil
}

// checkLines holds every stored stream against the counts of those who wrote it. Of a life whose end nobody could see
// the last words may be lost.
func (e evidence) checkLines(r *report, ledger []entry, excused map[string]bool) error {
	read := map[string]map[string]*author{}
	for _, l := range ledger {
		if l.op == "refused" {
			r.fault(lost, 1, "a write was refused: %+v", l)
		}
		if l.op != "begin" {
			continue
		}
		for _, stream := range []string{"out", "err"} {
			b, err := os.ReadFile(filepath.Join(e.dir, "count."+l.run+"."+stream))
			if err != nil {
				continue
			}
			r.seen["streams of lives"]++
			dir := filepath.Join(e.logs, "torture", l.inst, stream)
			kept := !slices.Contains(e.dropped, l.inst)
			if read[dir] == nil {
				if read[dir], err = readStream(r, dir, l.inst, stream, kept); err != nil && !os.IsNotExist(err) {
					return err
				}
			}
			done, tried := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
			checkAuthor(r, dir, l.run, read[dir][l.run], done, tried, kept, excused[l.run])
		}
	}
	return nil
}

// checkAuthor compares what is stored of one life with what it wrote: done lines for sure, tried at most.
func checkAuthor(r *report, dir, run string, a *author, done, tried uint64, kept, excused bool) {
	if a == nil {
		a = &author{}
		if !kept {
			return // all of it may be removed
		}
	}
	if a.next < done && !excused {
		r.fault(lost, int(done-a.next), "%s of %s: it wrote %d lines, %d are there", dir, run, done, a.next)
	}
	if a.next > tried {
		r.fault(doubled, int(a.next-tried), "%s of %s: it wrote %d lines, %d are there", dir, run, tried, a.next)
	}
	if a.tail != "" && !excused && (done == tried || !strings.HasPrefix(a.tail, "@") || a.next < done) {
		r.fault(torn, 1, "%s of %s: %q", dir, run, a.tail)
	}
}

// A told exit is one that kitt has in its events.
type toldExit struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
	Life string `json:"life"`
	Exit *struct {
		Code   *int   `json:"code"`
		Signal string `json:"signal"`
	} `json:"exit"`
	Reason string `json:"reason"`
}

func (t toldExit) String() string {
	switch {
	case t.Exit == nil:
		return "no exit"
	case t.Exit.Signal != "":
		return "signal " + t.Exit.Signal
	case t.Exit.Code != nil:
		return fmt.Sprintf("exit %d", *t.Exit.Code)
	}
	return "unknown"
}

var signals = map[int]string{4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 9: "SIGKILL", 11: "SIGSEGV"}

// promised words an end as kitt has to tell it.
func promised(l entry) string {
	if l.how == "signal" {
		return "signal " + signals[l.n]
	}
	return fmt.Sprintf("exit %d", l.n)
}

// readExits reads the exits that kitt told, by life.
func readExits(state string) (map[string][]toldExit, error) {
	out := map[string][]toldExit{}
	for _, name := range []string{"events.jsonl.1", "events.jsonl"} {
		b, err := os.ReadFile(filepath.Join(state, name))
		if err != nil && !os.IsNotExist(err) {
			return nil, err
		}
		for _, line := range bytes.Split(b, []byte("\n")) {
			var t toldExit
			if json.Unmarshal(line, &t) == nil && t.Kind == "exit" {
				out[t.Life] = append(out[t.Life], t)
			}
		}
	}
	return out, nil
}

// checkExits compares each end with what kitt told of it. It returns the lives whose end nobody could see.
func (e evidence) checkExits(r *report, ledger []entry) (excused map[string]bool) {
	told, err := readExits(e.state)
	if err != nil {
		r.fault(missing, 1, "%v", err)
	}
	excused = map[string]bool{}
	promises, begun := map[string]entry{}, map[string]time.Time{}
	for _, l := range ledger {
		switch l.op {
		case "exit":
			promises[l.run] = l
		case "begin":
			begun[l.run] = l.t
		}
	}
	for _, l := range ledger {
		if l.op != "begin" || lives(l.run) {
			continue
		}
		p, known := promises[l.run]
		got := told[l.life]
		if len(got) == 0 {
			r.fault(missing, 1, "%s of %s: it promised %q at %s", l.run, l.inst, promised(p), p.t.Format(time.StampMicro))
			continue
		}
		if len(got) > 1 {
			r.fault(twice, len(got)-1, "%s of %s: %v", l.run, l.inst, got)
		}
		r.seen["ends of lives"]++
		excused[l.run] = e.unheld(p, known)
		is := got[len(got)-1].String()
		switch {
		case is == "unknown" && e.unseen(p, begun[l.run], known):
			r.seen["ends told as unknown, rightly"]++
		case is == "unknown":
			r.fault(missing, 1, "%s of %s: told as unknown, it promised %q at %s", l.run, l.inst, promised(p), p.t.Format(time.StampMicro))
		case known && is != promised(p):
			r.fault(wrong, 1, "%s of %s: told as %q, it promised %q", l.run, l.inst, is, promised(p))
		case !known && is != "signal SIGTERM" && is != "signal SIGKILL":
			r.fault(wrong, 1, "%s of %s: told as %q, it promised nothing", l.run, l.inst, is)
		}
	}
	return excused
}

// Between its promise and its end, and between its birth and its first word, a program may have to wait for the machine.
const slow = 500 * time.Millisecond

// bornLate is how long before a keeper's death a life may have begun whose end the daemon could not see yet. Its pipes it holds.
const bornLate = 100 * time.Millisecond

// unheld tells whether nobody held the pipes of a life at its end: keeper and daemon were dead. Its last words may be lost then,
// also where its end was still seen.
func (e evidence) unheld(p entry, promised bool) bool {
	for _, g := range e.gaps {
		if g.both && (!promised || p.t.Before(g.to) && p.t.Add(slow).After(g.from)) {
			return true
		}
	}
	return false
}

// unseen tells whether nobody could see how a life ended: nobody held it, or it was born as its keeper died.
func (e evidence) unseen(p entry, begun time.Time, promised bool) bool {
	if e.unheld(p, promised) {
		return true
	}
	for _, g := range e.gaps {
		for _, died := range g.keeper {
			if begun.Add(bornLate).After(died) && begun.Add(-slow).Before(died) {
				return true
			}
		}
	}
	return false
}

// checkLives looks for twins, and for pids that changed without a reason.
func (e evidence) checkLives(r *report, ledger []entry) {
	begins := map[string]int{}
	for _, l := range ledger {
		switch l.op {
		case "twin":
			r.fault(twins, 1, "%s of %s, while another lived", l.run, l.inst)
		case "begin":
			begins[l.inst]++
			r.seen["lives"]++
		}
	}
	for _, inst := range e.steady {
		r.fault(changed, begins[inst]-1, "%s began %d times", inst, begins[inst])
	}
	for inst, most := range e.most {
		r.fault(changed, begins[inst]-most, "%s began %d times, %d were asked for at most", inst, begins[inst], most)
	}
}
