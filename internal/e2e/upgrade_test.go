package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Two builds of kitt that differ by their version: 1.0.0 is linked, 1.1.0 is the same with the number changed.
const (
	older = "kitt-e2e-1.0.0"
	newer = "kitt-e2e-1.1.0"
)

// They are built without -race: fifty of them start in a row.
var builds = sync.OnceValue(func() error {
	args := []string{"build", "-ldflags", "-X kitt.sh/internal/early.release=" + older, "-o", filepath.Join(bin, older)}
	bad := []string{"build", "-ldflags", "-X kitt.sh/internal/early.release=bad", "-o", filepath.Join(bin, "bad")}
	for _, args := range [][]string{append(args, "kitt.sh"), append(bad, "./testdata/bad")} {
		if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
	}
	text, err := os.ReadFile(filepath.Join(bin, older))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(bin, newer), bytes.ReplaceAll(text, []byte(older), []byte(newer)), 0o755)
})

// A house is one kitt of a test, started from its own path.
type house struct {
	*testing.T
	home, dir, kitt string
}

func newHouse(t *testing.T, spec string) *house {
	t.Helper()
	h := &house{T: t, dir: t.TempDir()}
	h.ok(builds())
	home, err := os.MkdirTemp("", "k")
	h.ok(err)
	h.home, h.kitt = home, filepath.Join(h.dir, "bin", "kitt")
	t.Cleanup(func() { teardown(home) })
	h.ok(os.Mkdir(filepath.Dir(h.kitt), 0o755))
	h.ok(os.WriteFile(filepath.Join(h.dir, "kitt.hcl"), []byte("project = \"p\"\n"+spec), 0o644))
	h.place(older, h.kitt)
	h.must("apply")
	return h
}

func (h *house) ok(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// place puts a copy of a build at path, as a package manager does: a new file, renamed over.
func (h *house) place(build, path string) string {
	h.Helper()
	_ = os.Remove(path + ".new")
	if os.Link(filepath.Join(bin, build), path+".new") == nil { // no need to write 25 MB
		h.ok(os.Rename(path+".new", path))
		return path
	}
	text, err := os.ReadFile(filepath.Join(bin, build))
	h.ok(err)
	return h.put(text, path)
}

func (h *house) put(text []byte, path string) string {
	h.Helper()
	h.ok(os.WriteFile(path+".new", text, 0o755))
	h.ok(os.Rename(path+".new", path))
	return path
}

// run runs the kitt at its path.
func (h *house) run(args ...string) (stdout, stderr string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, h.kitt, args...)
	var out, errs bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = h.dir, &out, &errs
	cmd.Env = []string{"KITT_HOME=" + h.home, "HOME=" + h.dir, "PATH=" + os.Getenv("PATH"), "NO_COLOR=1"}
	err = cmd.Run()
	return out.String(), errs.String(), err
}

func (h *house) must(args ...string) string {
	h.Helper()
	out, errs, err := h.run(args...)
	if err != nil {
		h.Fatalf("kitt %s: %v\n%s%s", strings.Join(args, " "), err, out, errs)
	}
	return out
}

type statusForm struct {
	Keeper struct{ PID int }
	Daemon struct {
		PID               int
		Version, Replaced string
	}
	Instances []struct {
		ID, Phase, Reason         string
		PID, Restarts, Generation int
	}
}

func (h *house) status() (s statusForm) {
	h.Helper()
	h.ok(json.Unmarshal([]byte(h.must("status", "-o", "json")), &s))
	return s
}

func (s statusForm) pids() (pids []int) {
	for _, in := range s.Instances {
		pids = append(pids, in.PID)
	}
	return pids
}

type upgradeForm struct {
	Changed, Kept     bool
	From, To          string
	Keeper, Processes int
	PauseMS           float64 `json:"pause_ms"`
	AnswerMS          float64 `json:"answer_ms"`
}

func (h *house) upgrade(args ...string) (u upgradeForm) {
	h.Helper()
	h.ok(json.Unmarshal([]byte(h.must(append([]string{"upgrade", "-o", "json"}, args...)...)), &u))
	return u
}

// asLines writes numbered lines at full speed in bursts until the file stop appears, then how many there were.
func asLines(stop string) int {
	n := 0
	for {
		for begun := time.Now(); time.Since(begun) < 4*time.Millisecond; {
			var b bytes.Buffer
			for range 64 {
				fmt.Fprintf(&b, "%09d %s\n", n, strings.Repeat("x", 50))
				n++
			}
			if _, err := os.Stdout.Write(b.Bytes()); err != nil {
				return 98
			}
		}
		if _, err := os.Stat(stop); err == nil {
			fmt.Printf("END %d\n", n)
			return 0
		}
		time.Sleep(36 * time.Millisecond)
	}
}

// check finds the first line that is missing, doubled or torn.
func check(text string) error {
	n := 0
	for line := range strings.Lines(text) {
		if line == fmt.Sprintf("END %d\n", n) {
			return nil
		}
		if line != fmt.Sprintf("%09d %s\n", n, strings.Repeat("x", 50)) {
			return fmt.Errorf("line %d is %q", n, line[:min(len(line), 80)])
		}
		n++
	}
	return fmt.Errorf("no end after %d lines", n)
}

func TestFault10UpgradesUnderLoadLoseNothing(t *testing.T) {
	const most = 50
	stop := filepath.Join(t.TempDir(), "stop")
	h := newHouse(t, fmt.Sprintf("process \"w\" {\n command = [%q, \"@lines\", %q]\n instances = 4\n restart { policy = \"never\" }\n log { max_size = \"4GB\" }\n}\n", os.Args[0], stop))
	before := h.status()
	var pauses, answers []float64
	begun := time.Now()
	for i := range most {
		if i >= 10 && time.Since(begun) > 15*time.Second { // the keeper's own test never does fewer
			break
		}
		build := []string{newer, older}[i%2]
		h.place(build, h.kitt)
		u := h.upgrade()
		if !u.Changed || !u.Kept || u.To != build || u.Processes != 4 {
			t.Fatalf("upgrade %d to %s: %+v", i, build, u)
		}
		pauses, answers = append(pauses, u.PauseMS), append(answers, u.AnswerMS)
	}
	after := h.status()
	if after.Keeper != before.Keeper || !slices.Equal(after.pids(), before.pids()) {
		t.Errorf("before %+v\nafter  %+v", before, after)
	}
	h.ok(os.WriteFile(stop, nil, 0o644))
	h.eventually("the end of the writers", func() bool {
		for _, in := range h.status().Instances {
			if in.PID != 0 {
				return false
			}
		}
		return true
	})
	for i := range 4 {
		name := fmt.Sprintf("w.%d", i+1)
		text, err := os.ReadFile(filepath.Join(h.home, "logs", "p", name, "out", "current"))
		h.ok(err)
		if err := check(string(text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		t.Logf("%s: %d MB checked", name, len(text)>>20)
	}
	rounds := len(pauses)
	slices.Sort(pauses)
	slices.Sort(answers)
	t.Logf("%d upgrades: without a keeper %.1f ms p50, %.1f max; until the new daemon answered %.0f ms p50, %.0f max",
		rounds, pauses[rounds/2], pauses[rounds-1], answers[rounds/2], answers[rounds-1])
}

func (h *house) eventually(what string, done func() bool) {
	h.Helper()
	for end := time.Now().Add(20 * time.Second); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			h.Fatalf("waited in vain for %s", what)
		}
	}
}

func TestFault11And12ABadProgramChangesNothing(t *testing.T) {
	h := newHouse(t, "process \"a\" { command = [\"sleep\", \"1000\"] }\n")
	before := h.status()
	text, err := os.ReadFile(filepath.Join(bin, newer))
	h.ok(err)
	alien := slices.Clone(text)
	alien[18] ^= 0x3e ^ 0xb7 // e_machine: x86-64 becomes arm64, and arm64 x86-64
	at := func(name string) string { return filepath.Join(h.dir, name) }
	for _, row := range []struct{ name, path, want string }{
		{"no file", at("none"), "no such file or directory"},
		{"a folder", h.dir, "it is not a file"},
		{"not executable", at("kitt.hcl"), "it is not executable"},
		{"empty", h.put(nil, at("empty")), "no program for"},
		{"text", h.put([]byte("hello\n"), at("text")), "no program for"},
		{"another architecture", h.put(alien, at("alien")), "it is built for"},
		{"cut off in its head", h.put(text[:100], at("head")), "cut off"},
		{"cut off in the middle", h.put(text[:len(text)/2], at("half")), "cut off"},
		{"some other program", "/bin/true", "it is no kitt"},
		{"one that panics", h.place("bad", at("bad-init")), "panic: boom"},
		{"one that does not answer", h.place("bad", at("bad-mute")), "did not answer within"},
	} {
		t.Run(row.name, func(t *testing.T) {
			out, errs, err := h.run("upgrade", "--to", row.path)
			if code := exitOf(err); code != 1 || !strings.Contains(errs, row.want) || !strings.Contains(errs, "nothing was changed") {
				t.Errorf("exit %d\n%s%s", code, out, errs)
			}
			t.Log(strings.TrimSpace(errs))
		})
	}
	if after := h.status(); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("before %+v\nafter  %+v", before, after)
	}
}

func exitOf(err error) int {
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		return ended.ExitCode()
	}
	if err != nil {
		return -1
	}
	return 0
}

func TestFault14CallsInFlightAreAnswered(t *testing.T) {
	h := newHouse(t, "process \"a\" {\n command = [\"sleep\", \"1000\"]\n instances = 15\n}\nprocess \"slow\" {\n command = [\"sh\", \"-c\", \"trap 'sleep 0.5; exit' TERM; sleep 1000 & wait\"]\n}\n")
	before := h.status()
	h.place(newer, h.kitt)
	var calls sync.WaitGroup
	answers := make([]string, 50)
	call := func(n int, want string, args ...string) {
		calls.Go(func() {
			out, errs, err := h.run(args...)
			if err != nil || !strings.Contains(out, want) {
				answers[n] = fmt.Sprintf("kitt %s: %v\n%s%s", strings.Join(args, " "), err, out, errs)
			}
		})
	}
	for n := range 15 {
		call(n, "up", "restart", fmt.Sprintf("a.%d", n+1))
	}
	call(15, "up", "restart", "slow") // it is still being waited for when the daemon goes
	for n := 16; n < 50; n++ {
		args := [][]string{{"status", "-o", "json"}, {"version"}, {"show", "a", "-o", "json"}, {"events", "-n", "3"}, {"plan"}}[n%5]
		call(n, []string{"{", "daemon", "{", "", ""}[n%5], args...)
	}
	time.Sleep(100 * time.Millisecond)
	if u := h.upgrade(); !u.Changed || !u.Kept {
		t.Errorf("%+v", u)
	}
	calls.Wait()
	for _, a := range answers {
		if a != "" {
			t.Error(a)
		}
	}
	after := h.status()
	for i, in := range after.Instances {
		if in.Generation != before.Instances[i].Generation+1 || in.PID == before.Instances[i].PID || in.Phase != "running" {
			t.Errorf("asked once to restart: %+v", in)
		}
	}
}

func TestFault15ABuildThatFailsIsLeft(t *testing.T) {
	for _, name := range []string{"bad-daemon", "bad-keeper"} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, "process \"a\" { command = [\"sleep\", \"1000\"] }\n")
			before := h.status()
			begun := time.Now()
			out, errs, err := h.run("upgrade", "--to", h.place("bad", filepath.Join(h.dir, name)))
			if took := time.Since(begun); took > 30*time.Second {
				t.Errorf("it took %s", took)
			}
			if exitOf(err) == 0 || !strings.Contains(errs, "given up") && name == "bad-daemon" {
				t.Errorf("exit %d\n%s%s", exitOf(err), out, errs)
			}
			t.Log(strings.TrimSpace(errs))
			after := h.status()
			if after.Daemon.Version != older || !slices.Equal(after.pids(), before.pids()) {
				t.Errorf("before %+v\nafter  %+v", before, after)
			}
			if name == "bad-daemon" && after.Keeper != before.Keeper {
				t.Errorf("keeper %d, was %d", after.Keeper.PID, before.Keeper.PID)
			}
			h.eventually("the event", func() bool { return strings.Contains(h.must("events"), "given up") })
			if u := h.upgrade("--to", h.place(newer, filepath.Join(h.dir, "good"))); u.To != newer || !u.Kept {
				t.Errorf("afterwards: %+v", u)
			}
		})
	}
}

func TestFault16AnOlderBuildTakesOverOrRefuses(t *testing.T) {
	h := newHouse(t, "process \"a\" { command = [\"sleep\", \"1000\"] }\n")
	h.place(newer, h.kitt)
	h.upgrade()
	before := h.status()
	h.place(older, h.kitt)
	if u := h.upgrade(); u.From != newer || u.To != older || !u.Kept {
		t.Fatalf("%+v", u)
	}
	file := filepath.Join(h.home, "state", "desired.json")
	good, err := os.ReadFile(file)
	h.ok(err)
	h.put(bytes.Replace(good, []byte(`"version":1`), []byte(`"version":2`), 1), file)
	h.place(newer, h.kitt)
	out, errs, err := h.run("upgrade")
	if exitOf(err) != 1 || !strings.Contains(errs, "a newer kitt wrote it") {
		t.Errorf("exit %d\n%s%s", exitOf(err), out, errs)
	}
	h.put(good, file)
	if after := h.status(); after.Keeper != before.Keeper || !slices.Equal(after.pids(), before.pids()) || after.Daemon.Version != older {
		t.Errorf("before %+v\nafter  %+v", before, after)
	}
}

func TestAnotherBuildAtThePathIsNoticed(t *testing.T) {
	h := newHouse(t, "process \"a\" { command = [\"sleep\", \"1000\"] }\n")
	const notice = "is another build than the kitt that runs"
	for _, row := range []struct {
		build string
		want  bool
	}{{older, false}, {newer, true}} {
		text, err := os.ReadFile(filepath.Join(bin, row.build))
		h.ok(err)
		h.put(text, h.kitt) // a new file in any case
		for _, verb := range []string{"status", "apply"} {
			out, errs, err := h.run(verb)
			errs += out
			if err != nil || strings.Contains(errs, notice) != row.want || row.want && !strings.Contains(errs, "hint: kitt upgrade") {
				t.Errorf("%s with %s: %v\n%s", verb, row.build, err, errs)
			}
		}
	}
	before := h.status()
	if before.Daemon.Version != older || before.Daemon.Replaced != h.kitt {
		t.Errorf("%+v", before.Daemon)
	}
	h.ok(syscall.Kill(before.Daemon.PID, syscall.SIGKILL))
	h.eventually("another daemon", func() bool { return h.status().Daemon.PID != before.Daemon.PID })
	if now := h.status(); now.Daemon.Version != older {
		t.Errorf("a daemon that died was upgraded on the way: %+v", now.Daemon)
	}
	if out := h.must("upgrade"); !strings.Contains(out, older+" -> "+newer) || !strings.Contains(out, "keeper "+strconv.Itoa(before.Keeper.PID)+" replaced in place") {
		t.Error(out)
	}
	if out := h.must("upgrade"); !strings.Contains(out, "nothing to do") {
		t.Error(out)
	}
}
