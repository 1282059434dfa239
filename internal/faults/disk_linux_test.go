package faults

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestFault04KillKeeperWithoutSplice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.before = withoutSplice()
	underWriters(w, bigLog, kills(), w.killKeeper)
}

// The test of fault 4 must fail where the page of a dead keeper is not replayed, or it proves nothing.
func TestFault06WithoutReplay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.kitt = w.mutant("reconcile/keeper/spill.go", "if len(data) == 0 {\n\t\treturn true", "if len(data) >= 0 {\n\t\treturn true")
	w.before = withoutSplice()
	w.spec(w.writersAt("flat", 4, "log {\n max_size = \"4MB\"\n keep = 3\n compress = false\n}")...)
	w.do("apply")
	w.before = nil
	pids := w.pids(4)
	began := time.Now()
	for kills := 1; kills <= 200 && time.Since(began) < 90*time.Second; kills++ {
		time.Sleep(time.Duration(3+7*kills%40) * time.Millisecond)
		if holes := w.holesByAKill(pids); holes > 0 {
			t.Logf("%d holes after %d kills", holes, kills)
			return
		}
	}
	t.Error("nothing is missing: the checker, or the kills, prove nothing")
}

// holesByAKill kills the keeper and counts the holes in what is kept then: the writers are stopped meanwhile, so that
// the place is still there.
func (w *world) holesByAKill(pids []int) (holes int) {
	w.Helper()
	old := w.keeper()
	kill(old)
	for _, pid := range pids {
		w.ok(syscall.Kill(pid, syscall.SIGSTOP))
	}
	w.until("another keeper", func() bool { now := w.keeper(); return now != 0 && now != old })
	for i, pid := range pids {
		dir := w.store(fmt.Sprintf("w%d.1", i), "out")
		var text []byte
		w.until("the pipe to be empty", func() bool {
			before := len(text)
			text = raw(w.T, dir)
			return len(text) > 0 && len(text) == before
		})
		_, text, _ = bytes.Cut(text[:bytes.LastIndexByte(text, '\n')+1], []byte("\n"))
		first, _ := lineNumbers(text)
		holes += len(faultyLines(strconv.Itoa(i), text, first)) - 1 // it has no end yet
		w.ok(syscall.Kill(pid, syscall.SIGCONT))
	}
	return holes
}

// mutant builds a kitt in which a text of one of its files is another.
func (w *world) mutant(file, old, now string) string {
	w.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", file))
	w.ok(err)
	text := read(path)
	if strings.Count(text, old) != 1 {
		w.Fatalf("%s holds %q %d times", file, old, strings.Count(text, old))
	}
	overlay, _ := json.Marshal(map[string]map[string]string{"Replace": {path: w.file("mutant.go", strings.Replace(text, old, now, 1))}})
	w.ok(build(w.at("kitt"), "-overlay", w.file("overlay.json", string(overlay))))
	return w.at("kitt")
}

// calm checks that kitt answers at once, and that its keeper burns nothing, while a log cannot be written.
func (w *world) calm() {
	w.Helper()
	began := time.Now()
	w.do("status")
	if d := time.Since(began); d > time.Second {
		w.Errorf("kitt status took %v", d)
	}
	if used := w.keepersCPU(w.T); used > 0.1 {
		w.Errorf("the keeper uses %.2f of a processor", used)
	}
	if !strings.Contains(w.of("w0.1").Reason, "its output waits") {
		w.Errorf("status gives the reason %q", w.of("w0.1").Reason)
	}
}

func TestFault17DiskFull(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.small(w.logs(), "4m")
	w.spec(w.writers(4, bigLog)...)
	w.do("apply", "--no-wait")
	w.until("four writers that wait", func() bool {
		n := 0
		for _, r := range w.events("stalled") {
			if strings.Contains(r, "no space left on device") {
				n++
			}
		}
		return n >= 4
	})
	w.calm()
	w.ok(syscall.Mount("tmpfs", w.logs(), "tmpfs", syscall.MS_REMOUNT, "size=4g"))
	w.told("resumed", "")
	w.stopWriters(4)
}

func TestFault18ALogThatMayDrop(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.small(w.logs(), "4m")
	w.spec(w.writersAt("flat", 2, "log {\n max_size = \"1GB\"\n full = \"drop\"\n}")...)
	w.do("apply", "--no-wait")
	w.told("dropping", "no space left on device")
	if out := w.do("status"); !strings.Contains(out, "its output is dropped: cannot write the log: no space left on device") {
		t.Errorf("status does not say so:\n%s", out)
	}
	pids := w.pids(2)
	w.ok(syscall.Mount("tmpfs", w.logs(), "tmpfs", syscall.MS_REMOUNT, "size=4g")) // more than two can write while one of them is not heard yet
	w.until("what was dropped of both", func() bool { return len(w.events("resumed")) >= 2 })
	if now := w.pids(2); !slices.Equal(now, pids) {
		t.Errorf("the pids were %v and are %v", pids, now)
	}
	w.file("stop", "")
	for i := range 2 {
		id := fmt.Sprintf("w%d.1", i)
		w.ended(id)
		checkHoles(w.T, strconv.Itoa(i), raw(w.T, w.store(id, "out")))
	}
}

func TestFault19ReadOnlyDisk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.disk(w.at("disk"))
	d.remount("ro")
	w.spec(w.writers(2, "log {\n dir = \"disk/logs\"\n max_size = \"1GB\"\n}")...)
	w.do("apply")
	w.told("stalled", "read-only file system")
	w.calm()
	pids := w.pids(2)
	d.remount("rw")
	w.told("resumed", "")
	if now := w.pids(2); !slices.Equal(now, pids) {
		t.Errorf("the pids were %v and are %v", pids, now)
	}
	w.root = w.at("disk/logs")
	w.stopWriters(2)
}

func TestFault20DiskError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.disk(w.at("disk"))
	w.root = w.at("disk/logs")
	w.spec(process("w0", own("lines", "0", w.at("stop"), "few"), `restart { policy = "never" }`, "log {\n dir = \"disk/logs\"\n max_size = \"1GB\"\n}"))
	w.do("apply")
	w.stored("w0.1", "@0:000000100")
	d.goDown()
	w.told("stalled", "input/output error")
	w.calm()
	d.again()
	w.told("resumed", "")
	w.stopWriters(1)
}

func TestFault25Quota(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.spec(w.writers(2, bigLog)...)
	in := w.inject("apply")
	w.stored("w0.1", "@0:000000100")
	in.set(unix.EDQUOT, unix.SYS_SPLICE)
	w.told("stalled", "disk quota exceeded")
	w.calm()
	in.set(0, unix.SYS_SPLICE)
	w.told("resumed", "")
	w.stopWriters(2)
}
