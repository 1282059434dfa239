package filewatch

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A bench is a folder that is watched.
type bench struct {
	t       *testing.T
	dir     string
	w       *Watcher
	changes chan Change
	failed  chan string
}

func newBench(t *testing.T, files ...string) *bench {
	b := &bench{t: t, dir: realPath(t.TempDir()), changes: make(chan Change, 100), failed: make(chan string, 10)}
	for _, f := range files {
		b.write(f, "old")
	}
	b.w = New(func(c Change) { b.changes <- c }, func(_, text string) { b.failed <- text })
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = b.w.Run(ctx) })
	t.Cleanup(func() { stop(); wg.Wait() })
	return b
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }

func (b *bench) write(name, text string) {
	b.t.Helper()
	if err := os.MkdirAll(filepath.Dir(b.path(name)), 0o700); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(b.path(name), []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// watch sets one rule, and waits until it holds.
func (b *bench) watch(r Rule) {
	b.t.Helper()
	if r.Base == "" {
		r.Base = b.dir
	}
	for i, p := range r.Paths {
		r.Paths[i] = b.path(p)
	}
	if r.Delay == 0 {
		r.Delay = 20 * time.Millisecond
	}
	b.w.Set(map[string]Rule{"k": r, "probe": {Paths: []string{b.path(".probe")}, Base: b.dir, Delay: time.Millisecond}})
	b.settle()
}

// settle waits until all that was done before is known: a change of another rule is told after it.
func (b *bench) settle() {
	b.t.Helper()
	end := time.After(20 * time.Second)
	for {
		b.write(".probe", "x")
		select {
		case c := <-b.changes:
			if c.Key == "probe" {
				return
			}
			b.changes <- c
		case <-time.After(50 * time.Millisecond):
		case <-end:
			b.t.Fatal("nothing is watched")
		}
	}
}

// next is the next change of the rule, "" if none comes although one of another rule does, long after.
func (b *bench) next() string {
	b.t.Helper()
	end := time.After(20 * time.Second)
	for {
		select {
		case c := <-b.changes:
			if c.Key != "k" {
				continue
			}
			if c.More > 0 {
				return fmt.Sprintf("%s +%d", c.File, c.More)
			}
			return c.File
		case <-end:
			b.t.Fatal("no change was told")
		}
	}
}

func (b *bench) want(file string) {
	b.t.Helper()
	if got := b.next(); got != file {
		b.t.Errorf("told %q, want %q", got, file)
	}
}

// silent holds that nothing is told of the rule until a change of the file witness is.
func (b *bench) silent(witness string) {
	b.t.Helper()
	b.settle()
	b.write(witness, "new")
	b.want(witness)
}

func TestWhatIsTold(t *testing.T) {
	b := newBench(t, "src/app.js", "src/lib/a/b.js")
	b.watch(Rule{Paths: []string{"src"}})
	b.write("src/app.js", "new")
	b.want("src/app.js")
	b.write("src/lib/a/b.js", "new")
	b.want("src/lib/a/b.js")

	b.write("src/app.js", "1")
	b.write("src/lib/a/b.js", "2")
	b.want("src/app.js +1")

	if err := os.Remove(b.path("src/lib/a/b.js")); err != nil {
		t.Fatal(err)
	}
	b.want("src/lib/a/b.js")

	b.write("src/new/deep/x.js", "1") // folders that come are watched, and what is in them already is told
	b.want("src/new/deep/x.js")
	b.write("src/new/deep/x.js", "2")
	b.want("src/new/deep/x.js")

	if err := os.Symlink("app.js", b.path("src/link.js")); err != nil {
		t.Fatal(err)
	}
	b.want("src/link.js")
}

func TestEditorsSaveInManyWays(t *testing.T) {
	b := newBench(t, "src/app.js", "src/other.js")
	b.watch(Rule{Paths: []string{"src"}})
	b.write("src/sedXYZ", "new")
	if err := os.Rename(b.path("src/sedXYZ"), b.path("src/app.js")); err != nil {
		t.Fatal(err)
	}
	b.want("src/app.js") // not the file that it came by

	b.write("src/4913", "") // vim asks whether it may write here
	_ = os.Remove(b.path("src/4913"))
	b.write("src/.app.js.swp", "x")
	b.write("src/app.js~", "x")
	b.write("src/tmp1", "came and went")
	_ = os.Remove(b.path("src/tmp1"))
	b.silent("src/other.js")
}

func TestWhatIsIgnored(t *testing.T) {
	b := newBench(t, "app.js", ".git/HEAD", ".env", "node_modules/x/index.js", "tmp/a.txt", "logs/out.log", "logs/keep.log", "deep/er/x.log", "copy-1.log")
	b.watch(Rule{Paths: []string{"."}, Ignore: []string{"/tmp/", "*.log", "!keep.log", "!.env"}, Never: []string{b.path("kitt"), b.path("copy{n}.log")}})
	for _, f := range []string{".git/HEAD", "node_modules/x/index.js", "node_modules/new/index.js", "tmp/a.txt", "tmp/new/x", "logs/out.log", "deep/er/x.log", "kitt/state.json", "copy-1.log"} {
		b.write(f, "new")
	}
	b.silent("app.js")
	b.write("logs/keep.log", "new")
	b.want("logs/keep.log")
	b.write(".env", "new")
	b.want(".env")
}

func TestALogThatStaysOpenWakesNobody(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only inotify parts the two")
	}
	b := newBench(t, "app.js")
	b.watch(Rule{Paths: []string{"."}})
	f, err := os.Create(b.path("my.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		if _, err := f.WriteString("a line\n"); err != nil {
			t.Fatal(err)
		}
	}
	b.silent("app.js")
	_ = f.Close()
	b.want("my.txt")
}

func TestPathsOfEachKind(t *testing.T) {
	b := newBench(t, "one.js", "two.js", "three.txt", "src/a.js", "src/x/b.js", "src/x/c.txt", "lib/d.js")
	b.watch(Rule{Paths: []string{"*.js", "src/**/*.js", "three.txt", "not/yet/there.js"}})
	for _, f := range []string{"src/x/c.txt", "lib/d.js", "src/x/new.txt"} {
		b.write(f, "new")
	}
	b.silent("one.js")
	for _, f := range []string{"src/a.js", "src/x/b.js", "three.txt", "src/x/y/z.js"} {
		b.write(f, "new")
		b.want(f)
	}
	b.write("not/yet/there.js", "new")
	for b.next() != "not/yet/there.js" { // its folders come before it
		b.settle()
		b.write("not/yet/there.js", "newer")
	}
}

func TestARootThatGoesAndComesBack(t *testing.T) {
	b := newBench(t, "src/app.js")
	b.watch(Rule{Paths: []string{"src"}})
	if err := os.Rename(b.path("src"), b.path("away")); err != nil {
		t.Fatal(err)
	}
	b.settle()
	b.write("away/app.js", "nobody's")
	b.settle()
	if err := os.Rename(b.path("away"), b.path("src")); err != nil {
		t.Fatal(err)
	}
	b.want("src")
	b.write("src/app.js", "new")
	b.want("src/app.js")
}

func TestFilesThatAreNeverQuietAreToldAllTheSame(t *testing.T) {
	w := New(nil, nil)
	w.keys["k"] = &watched{rule: Rule{Delay: 100 * time.Millisecond}}
	start := time.Now()
	for time.Since(start) < 50*time.Millisecond {
		w.note("k", "x", false)
		w.keys["k"].first = start.Add(-2 * time.Second) // as if it had gone on for so long
	}
	if due := w.next(); due.After(time.Now()) {
		t.Errorf("told only in %s", time.Until(due))
	}
}

func TestWithoutRulesNothingIsHeld(t *testing.T) {
	b := newBench(t, "src/app.js")
	b.watch(Rule{Paths: []string{"src"}})
	b.w.Set(nil)
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if !descriptors(t, "inotify") {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the descriptor stays")
		}
	}
	b.watch(Rule{Paths: []string{"src"}})
	b.write("src/app.js", "new")
	b.want("src/app.js")
}

func descriptors(t *testing.T, kind string) bool {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc")
	}
	for _, e := range entries {
		if to, _ := os.Readlink("/proc/self/fd/" + e.Name()); strings.Contains(to, kind) {
			return true
		}
	}
	return false
}

// Ten thousand files in a thousand folders are watched in under a second, and cost nothing while none changes.
func TestTenThousandFiles(t *testing.T) {
	b := newBench(t)
	for d := range 1000 {
		for f := range 10 {
			b.write(fmt.Sprintf("src/%d/%d/%d.js", d%10, d, f), "")
		}
	}
	start := time.Now()
	b.watch(Rule{Paths: []string{"src"}})
	took := time.Since(start)
	t.Logf("watched after %s", took)
	if took > time.Second && !raceOn {
		t.Errorf("watched after %s", took)
	}
	if runtime.GOOS != "linux" {
		return
	}
	before := switches(t)
	time.Sleep(300 * time.Millisecond)
	if n := switches(t) - before; n > 200 {
		t.Errorf("%d context switches in 300 ms of rest", n)
	}
	b.write("src/9/999/9.js", "new")
	b.want("src/9/999/9.js")
}

func switches(t *testing.T) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return u.Nvcsw
}

func FuzzIgnore(f *testing.F) {
	f.Add("*.log\n!keep.log", "a/keep.log", true)
	f.Add("/tmp/**\n!/tmp/x", "tmp/x", false)
	f.Add("[a-", "[a-", false)
	f.Fuzz(func(_ *testing.T, patterns, file string, dir bool) {
		newIgnorer("/base", strings.Split(patterns, "\n")).ignored(filepath.Join("/base", file), dir)
	})
}

func TestIgnore(t *testing.T) {
	for _, row := range []struct {
		name, patterns, file string
		dir, ignored         bool
	}{
		{"a name anywhere", "logs", "a/b/logs", true, true},
		{"a name at the top only", "/logs", "a/logs", true, false},
		{"a name at the top", "/logs", "logs", true, true},
		{"a path is from the base", "a/logs", "b/a/logs", true, false},
		{"two stars are any folders", "**/tmp/*.js", "a/b/tmp/x.js", false, true},
		{"a slash at the end means folders", "build/", "build", false, false},
		{"and folders it is", "build/", "build", true, true},
		{"the last that matches decides", "*.js !a.js", "a.js", false, false},
		{"in either order", "!a.js *.js", "a.js", false, true},
		{"all in a folder is not the folder", "a/** !a/x", "a", true, false},
		{"what is taken back in it", "a/** !a/x", "a/x", false, false},
		{"dot files", "", "x/.cache", true, true},
		{"taken back", "!.cache", "x/.cache", true, false},
		{"an absolute path below the base", "/base/logs", "logs", true, true},
		{"a dot and a slash", "./logs", "logs", true, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := newIgnorer("/base", strings.Fields(row.patterns)).ignored("/base/"+row.file, row.dir); got != row.ignored {
				t.Errorf("ignored: %v", got)
			}
		})
	}
}

// What the system does not let be watched is told once, in one line; what is watched already stays so.
func TestTheSystemsLimitIsTold(t *testing.T) {
	b := newBench(t, "src/app.js", "src/deep/x.js")
	b.w.refuse = func(dir string) error {
		if filepath.Base(dir) == "deep" {
			return errFull{"the limit is reached"}
		}
		return nil
	}
	b.watch(Rule{Paths: []string{"src"}})
	select {
	case text := <-b.failed:
		if text != "not all files are watched: the limit is reached" {
			t.Errorf("told %q", text)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("nothing was told")
	}
	b.write("src/app.js", "new")
	b.want("src/app.js")
	if len(b.failed) > 0 {
		t.Errorf("told again: %q", <-b.failed)
	}
}
