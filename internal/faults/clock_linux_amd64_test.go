package faults

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"kitt.sh/service/api"
)

// jump moves the wall clock that one process sees, and no other's: what the process calls to read the clock is
// replaced by a few instructions that add an offset. They lie at the end of the kernel's page of such code, of which
// a write makes a copy of its own; in the program's own pages they would be lost when kitt gives those back.
func (w *world) jump(pid int, by time.Duration) {
	w.Helper()
	f, err := elf.Open(w.kitt)
	w.ok(err)
	defer f.Close()
	symbols, err := f.Symbols()
	w.ok(err)
	at := map[string]uint64{}
	for _, s := range symbols {
		at[s.Name] = s.Value
	}
	pointer, room := at["runtime.vdsoClockgettimeSym"], endOfVDSO(pid)-64
	if pointer == 0 || room+64 == 0 {
		w.Skip("needs a kitt with symbols to provoke the fault")
	}
	mem, err := os.OpenFile(fmt.Sprintf("/proc/%d/mem", pid), os.O_RDWR, 0)
	w.ok(err)
	defer mem.Close()
	var b [8]byte
	_, err = mem.ReadAt(b[:], int64(pointer))
	w.ok(err)
	old := binary.LittleEndian.Uint64(b[:])
	if old == room { // the second jump: only the offset changes
		binary.LittleEndian.PutUint64(b[:], uint64(by/time.Second))
		_, err = mem.WriteAt(b[:], int64(room)+30)
		w.ok(err)
		return
	}
	if old == 0 {
		w.Skip("needs a clock that is read without a system call to provoke the fault")
	}
	var free [64]byte
	if _, err := mem.ReadAt(free[:], int64(room)); err != nil || free != [64]byte{} {
		w.Skipf("needs room in the kernel's page to provoke the fault: %v", err)
	}
	code := []byte{0x57, 0x56, 0x48, 0x83, 0xec, 0x08, 0x48, 0xb8} // push rdi; push rsi; sub rsp,8; mov rax,
	code = binary.LittleEndian.AppendUint64(code, old)
	code = append(code, 0xff, 0xd0, 0x48, 0x83, 0xc4, 0x08, 0x5e, 0x5f) // call rax; add rsp,8; pop rsi; pop rdi
	code = append(code, 0x85, 0xff, 0x75, 0x0d, 0x48, 0xb9)             // test edi,edi; jne end; mov rcx,
	if len(code) != 30 {
		w.Fatal("the offset is not where it is looked for")
	}
	code = binary.LittleEndian.AppendUint64(code, uint64(by/time.Second))
	code = append(code, 0x48, 0x01, 0x0e, 0xc3) // add [rsi],rcx; end: ret
	_, err = mem.WriteAt(code, int64(room))
	w.ok(err)
	binary.LittleEndian.PutUint64(b[:], room)
	_, err = mem.WriteAt(b[:], int64(pointer))
	w.ok(err)
}

// endOfVDSO is the address behind the kernel's page of code in a process, 0 if there is none.
func endOfVDSO(pid int) uint64 {
	for line := range strings.Lines(read(fmt.Sprintf("/proc/%d/maps", pid))) {
		if strings.HasSuffix(strings.TrimSpace(line), "[vdso]") {
			var from, to uint64
			_, _ = fmt.Sscanf(line, "%x-%x", &from, &to)
			return to
		}
	}
	return 0
}

const year = 365 * 24 * time.Hour

func TestFault51ClockJumps(t *testing.T) {
	for _, by := range []time.Duration{year, -year} {
		t.Run(fmt.Sprintf("%+d year", by/year), func(t *testing.T) {
			t.Parallel()
			needsRoot(t)
			w := newWorld(t)
			w.spec(append(w.writers(1, bigLog),
				process("loop", sh("echo life; exit 1"), "restart {\n backoff_min = \"4s\"\n backoff_max = \"4s\"\n}"),
				process("idle", own("sleep")),
				process("deaf", own("stay", w.at("deaf")), `stop { timeout = "2s" }`))...)
			w.do("apply", "--no-wait")
			w.until("the deaf one", func() bool { return read(w.at("deaf")) != "" })
			w.until("the first death", func() bool { return w.of("loop.1").Phase == "waiting" })
			s, _ := w.status()
			writer, deaf := w.running("w0.1").PID, w.running("deaf.1").PID
			began := time.Now()
			_, _ = w.try("stop", "deaf", "--no-wait")
			w.jump(s.Keeper.PID, by)
			w.jump(s.Daemon.PID, by)
			if at := w.eventTime("later"); by > 0 && at.Before(began.Add(by/2)) || by < 0 && at.After(began.Add(by/2)) {
				t.Fatalf("the daemon's clock shows %v: it has not jumped", at)
			}
			w.until("the deaf one's end", func() bool { return !alive(deaf) })
			if took := time.Since(began); took < 1500*time.Millisecond {
				t.Errorf("the grace of 2 s was %v", took)
			}
			lives := func() int { return bytes.Count(raw(t, w.store("loop.1", "out")), []byte("life\n")) }
			if n := lives(); n > 1 && time.Since(began) < 3*time.Second {
				t.Errorf("there was no pause of 4 s: %d lives after %v", n, time.Since(began))
			}
			w.until("its second life", func() bool { return lives() == 2 })
			w.until("its second death", func() bool { return w.of("loop.1").Phase == "waiting" })
			second := time.Now()
			w.until("its third life", func() bool { return lives() == 3 })
			if pause := time.Since(second); pause < 3*time.Second || pause > 15*time.Second {
				t.Errorf("the pause of 4 s was %v", pause)
			}
			if now := w.running("w0.1"); now.PID != writer || now.Restarts != 0 {
				t.Errorf("the writer was %d and is %d", writer, now.PID)
			}
			w.stopWriters(1)
		})
	}
}

// eventTime has something happen, and returns when the daemon says it did.
func (w *world) eventTime(message string) (at time.Time) {
	w.Helper()
	w.do("stop", "idle", "-m", message)
	for line := range strings.Lines(read(w.home + "/state/events.jsonl")) {
		var ev api.Event
		if json.Unmarshal([]byte(line), &ev) == nil && ev.Reason == message {
			at = ev.At.Time
		}
	}
	return at
}
