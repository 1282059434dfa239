package reconcile_test

import (
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var mutate = flag.Bool("mutate", false, "break the package in each known way and see that its tests fail (some minutes)")

// mutations are ways to break the package, each of which its tests must notice. Run them after a change of the heart:
//
//	go test ./reconcile -run TestMutations -mutate -v
//
// They are laid over the build; the tree is not touched.
var mutations = []struct{ name, file, old, new string }{
	{"a hold is overlooked in what lives", "judge.go", `case want.Hold != "":`, `case false:`},
	{"a hold is overlooked in what is down", "judge.go", `if want.Hold != "" {`, `if false {`},
	{"a new life is started beside the old one", "judge.go", `case len(alive) > 0:`, `case len(alive) > 0 && alive[0].State == Running:`},
	{"an edit of another process replaces", "judge.go", `case l.Run != want.Run:`, `case w.Why[l.Run] != "" || l.Run != want.Run || l.ID.N == 3:`},
	{"a later generation than wanted is stopped", "judge.go", `case l.Generation < want.Generation:`, `case l.Generation != want.Generation:`},
	{"a restart does not forgive", "judge.go", `case end.Generation < want.Generation:`, `case false:`},
	{"an asked end counts as a death", "judge.go", `case end.Asked && end.Sick == "":`, `case false:`},
	{"the pause is a little shorter", "judge.go", `due := end.Exit.At.Add(pause)`, `due := end.Exit.At.Add(pause - 1)`},
	{"a clock set back makes the pause long", "judge.go", `if now.Before(due) && due.Sub(now) <= 2*pause {`, `if now.Before(due) {`},
	{"restarts are not counted", "judge.go", `h.Restarts++`, ``},
	{"the twin that stops is kept", "judge.go", `return cmp.Or(cmp.Compare(a.State, b.State), `, `return cmp.Or(`},
	{"the last end is not kept", "judge.go", `wanted && (len(alive) == 0 || w.tried(want, alive, over)))`, `false)`},
	{"a stable life forgives nothing", "backoff.go", `if h[i].Ran >= r.Stable {`, `if false {`},
	{"the window does not slide", "backoff.go", `if d.At.After(from) &&`, `if (true || d.At.After(from)) &&`},
	{"min_uptime is ignored", "backoff.go", `(r.MinUptime == 0 || d.Ran < r.MinUptime)`, `true`},
	{"on-failure restarts after SIGTERM", "backoff.go", `case r.Policy == "on-failure" && e.clean():`, `case r.Policy == "on-failure" && e.How == "exit" && e.Code == 0:`},
	{"dependencies are not waited for", "needs.go", `if !fulfilled(now, w, want, condition) {`, `if false && !fulfilled(now, w, want, condition) {`},
	{"what is not ready is waited for no longer", "needs.go", `case condition == "ready" && !l.isReady(now, want.Process):`, `case false:`},
	{"what does not answer is healthy", "needs.go", `case condition == "healthy" && !l.isHealthy(now, want.Process):`, `case false:`},
	{"what is sick goes on", "judge.go", `if l.Sick != "" && want.Process.Restart.Policy != "never" {`, `if false {`},
	{"what runs as before is never unhealthy", "asbefore.go", `if l.Sick == "" {`, `if true {`},
	{"what is unhealthy ends where nothing can take its place", "asbefore.go", `end.State == NoStart && !end.Exit.Retry {`, `false {`},
	{"what overlaps is never unhealthy", "overlap.go", `case old.Sick != "" &&`, `case false &&`},
	{"an edit does not look at what it needs", "asbefore.go", `for _, dep := range sortedKeys(want.Process.DependsOn) {`, `for _, dep := range []string(nil) {`},
	{"what cannot give way is waited for", "turns.go", `if p == before && !(v.Final && v.Pending) {`, `if p == before {`},
	{"what runs as before for good is waited for", "needs.go", `v.Phase == PhaseRunning && !v.Pending {`, `v.Phase == PhaseRunning {`},
	{"what was sick is no death", "judge.go", `case end.Asked && end.Sick == "":`, `case end.Asked:`},
	{"what was not ready in time runs", "ready.go", `if p.Patient() {`, `if true {`},
	{"all instances give way at once", "turns.go", `if free--; free <= 0 {`, `if free--; free < 0 {`},
	{"the last instance goes first", "turns.go", `p == before && in.ID.N > want.ID.N`, `p == before`},
	{"an edit goes on whatever comes up", "turns.go", `if p := w.progressOf(now, in); in.Process.Within() > 0 && p != fresh && p != idle {`, `if p := w.progressOf(now, in); p > 100 {`},
	{"a restart waits for an edit", "turns.go", `if why == "" && l.Generation >= want.Generation {`, `if why == "" {`},
	{"an edit begins with what depends on others", "turns.go", `cmp.Compare(depthOf(want, a, depth, 0), depthOf(want, b, depth, 0))`, `len(depth)`},
	{"what runs ends before its successor is ready", "overlap.go", `next.State == Running && next.isReady(now, want.Process):`, `next.State == Running:`},
	{"a successor that is never ready stays", "overlap.go", `if next.State == Running && r.Final {`, `if false {`},
	{"a successor that was not ready is forgotten", "judge.go", `(len(alive) == 0 || w.tried(want, alive, over))`, `len(alive) == 0`},
	{"successors die for ever", "overlap.go", `case deaths >= overlapTries:`, `case false:`},
	{"a successor that does not start is tried for ever", "overlap.go", `case end.State == NoStart && !end.Exit.Retry:`, `case false:`},
	{"a hold leaves a successor", "overlap.go", `return !w.Plain && want.Hold == "" &&`, `return !w.Plain &&`},
	{"a life about to be replaced is ready", "needs.go", `case !current || l.State != Running:`, `case l.State != Running:`},
	{"dependents are not looked at", "turn.go", `slices.Concat(r.waiters[id.process()], `, `slices.Concat(r.waiters[id], `},
	{"what waits for an end is not looked at", "turn.go", `r.beneath[id.process()])`, `nil)`},
	{"what others need is stopped before them", "order.go", `if up, ok := w.above(id); ok {`, `if up, ok := w.above(id); false && ok {`},
	{"a stop waits for what goes on", "order.go", `wanted && want.Hold != "" && `, `wanted && (true || want.Hold != "") && `},
	{"what began anew passes nothing on", "order.go", `if !want.Process.Cascade {`, `if true {`},
	{"what began anew is passed on unasked", "order.go", `if !want.Process.Cascade {`, `if false {`},
	{"an instance is named twice in a look", "turn.go", `if !r.dirty[waiter] {`, `if true {`},
	{"a busy instance is acted on", "turn.go", `if r.busy[id] || !r.told {`, `if !r.told {`},
	{"what is not known to be wanted is stopped", "turn.go", `if r.busy[id] || !r.told {`, `if r.busy[id] {`},
	{"a failed look is forgotten", "turn.go", "	r.all = true\n", ""},
	{"the wake timer is forgotten", "turn.go", `r.wakes[id] = now.Add(at.Sub(now))`, ``},
	{"what was acted on is not looked at again", "act.go", `r.dirty[id] = true`, ``},
	{"what failed is tried in a frenzy", "act.go", `if ok && now.Before(t.until)`, `if false && ok && now.Before(t.until)`},
	{"the old end is forgotten though the start failed", "act.go", `err != nil && a.Verb != Forget {`, `err != nil && false {`},
	{"the end of the loop lets starts go on", "loop.go", `if ctx.Err() == nil {`, `if true {`},
	{"any number is started at once", "loop.go", `make(chan struct{}, parallel)`, `make(chan struct{}, 1000)`},
	{"the loop does not wait for what it began", "loop.go", `defer acting.Wait()`, ``},
	{"a hold that ended still holds", "intents.go", `|| now.Before(h.Until) }`, `|| true }`},
	{"a torn file is nothing wanted", "intents.go", `[]string{path, path + ".prev"}`, `[]string{path}`},
	{"the scale outlives an edit of the number", "expand.go", `ok && s.File == proc.Instances {`, `ok {`},
}

func TestMutations(t *testing.T) {
	for _, m := range mutations {
		t.Run(m.name, func(t *testing.T) {
			b, err := os.ReadFile(m.file)
			if err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(string(b), m.old); n != 1 {
				t.Fatalf("%s has %q %d times, want once", m.file, m.old, n)
			}
			if *mutate {
				mustFail(t, m.file, strings.Replace(string(b), m.old, m.new, 1))
			}
		})
	}
}

// mustFail runs the tests with text in place of file.
func mustFail(t *testing.T, file, text string) {
	dir := t.TempDir()
	here, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	broken, overlay := filepath.Join(dir, file), filepath.Join(dir, "overlay.json")
	list, _ := json.Marshal(map[string]map[string]string{"Replace": {here: broken}})
	for path, b := range map[string][]byte{broken: []byte(text), overlay: list} {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.CommandContext(t.Context(), "go", "test", "-overlay", overlay, "-vet=off", "-failfast", "-timeout=120s", "-skip=TestMutations|TestSimReplays", ".", "-steps=60000").CombinedOutput()
	switch {
	case err == nil:
		t.Error("no test noticed")
	case strings.Contains(string(out), "[build failed]"):
		t.Errorf("it does not build:\n%s", out)
	default:
		for line := range strings.Lines(string(out)) {
			if strings.Contains(line, "--- FAIL") || strings.Contains(line, "panic:") {
				t.Log(strings.TrimSpace(line))
				break
			}
		}
	}
}
