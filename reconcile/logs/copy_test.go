package logs

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func slurp(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func same(t testing.TB, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	i := 0
	for i < min(len(got), len(want)) && got[i] == want[i] {
		i++
	}
	t.Fatalf("%d bytes, want %d; from byte %d on: %.60q, want %.60q", len(got), len(want), i, got[i:], want[i:])
}

func pump(t testing.TB, k *Copier, flush ...string) {
	t.Helper()
	f := map[string]bool{}
	for _, dir := range flush {
		f[dir] = true
	}
	if err := k.Pump(context.Background(), f); err != nil {
		t.Fatal(err)
	}
}

func copier(t testing.TB, c Copy, state string) *Copier {
	t.Helper()
	k, err := NewCopier(c, state)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// two makes the streams of an instance, written in turns, a second between.
func two(t testing.TB, root string) (out, err *writer) {
	out, err = newWriterIn(t, root+"/out"), newWriterIn(t, root+"/err")
	var clock int64 = 1e9
	now := func() int64 { return clock }
	out.now, err.now, out.fake, err.fake = now, now, true, true
	for i := range 4 {
		clock += 1e9
		out.write(fmt.Sprintf("out %d\n", i))
		clock += 1e9
		err.write(fmt.Sprintf("err %d\n", i))
		if i == 1 {
			out.rotate()
		}
	}
	out.write("unfinished")
	return out, err
}

func combined(root, dest string) Copy {
	return Copy{Path: dest, From: []Feed{{root + "/out", "out", 1}, {root + "/err", "err", 1}}, Name: "a"}
}

// kinds are the copies that crash tests make.
func kinds() map[string]func(*Copy) {
	return map[string]func(*Copy){
		"plain":                func(*Copy) {},
		"stamped":              func(c *Copy) { c.Stamp = "2006-01-02T15:04:05.999999999" },
		"objects":              func(c *Copy) { c.JSON = true },
		"rotated every line":   func(c *Copy) { c.MaxSize, c.Keep = 1, 20 },
		"rotated, stamped":     func(c *Copy) { c.MaxSize, c.Keep, c.Stamp = 50, 20, "05" },
		"rotated, none kept":   func(c *Copy) { c.MaxSize, c.Keep = 20, 0 },
		"rotated, one is kept": func(c *Copy) { c.MaxSize, c.Keep = 20, 1 },
	}
}

// result is the copy with all that it was rotated to.
func result(t testing.TB, c Copy) string {
	var b strings.Builder
	for n := c.Keep; n >= 1; n-- {
		if text, err := os.ReadFile(fmt.Sprintf("%s.%d", c.Path, n)); err == nil {
			fmt.Fprintf(&b, "%s<%d>\n", text, n)
		}
	}
	text, _ := os.ReadFile(c.Path)
	return b.String() + string(text)
}

// TestACopierKilledAnywhereIsGoneOnWith kills one at every point: before a state file is in place (a torn one lies
// beside), after that, after every byte of a write, and between all renames of a rotation.
func TestACopierKilledAnywhereIsGoneOnWith(t *testing.T) {
	for kind, set := range kinds() {
		t.Run(kind, func(t *testing.T) {
			whole := t.TempDir()
			out, _ := two(t, whole+"/a")
			c := combined(whole+"/a", whole+"/copy")
			set(&c)
			k := copier(t, c, whole+"/state")
			pump(t, k)
			pump(t, k, out.dir)
			want := result(t, c)
			if c.Keep > 1 || c.MaxSize == 0 {
				if !strings.Contains(want, "unfinished") || !strings.Contains(want, "out 0") {
					t.Fatalf("uncrashed: %q", want)
				}
			}
			crashes := 0
			for point := 0; ; point++ {
				dir := t.TempDir()
				c := combined(whole+"/a", dir+"/copy")
				set(&c)
				if !crashAt(t, c, dir+"/state", point, out.dir) {
					break
				}
				crashes++
				k := copier(t, c, dir+"/state")
				pump(t, k)
				pump(t, k, out.dir)
				same(t, result(t, c), want)
			}
			if crashes < 50 && c.MaxSize == 0 {
				t.Errorf("only %d crashes", crashes)
			}
			t.Logf("%d crashes", crashes)
		})
	}
}

// crashAt runs a copy up to the point-th step, each of which is a whole change of the disk or a byte. False: it ended.
func crashAt(t *testing.T, c Copy, state string, point int, flush string) (crashed bool) {
	k := copier(t, c, state)
	left := point
	died := func(string) bool { left--; return left < 0 }
	k.disk = crashing{died}
	defer func() {
		if r := recover(); r != nil {
			if r != errDied {
				panic(r)
			}
			crashed = true
		}
	}()
	pump(t, k)
	pump(t, k, flush)
	return false
}

func TestACopyGoesOnWhateverBecomesOfItsFile(t *testing.T) {
	for name, row := range map[string]struct {
		harm func(path string)
		want string
	}{
		"appended to by others": {func(p string) { appendTo(p, "mine\n") }, "mine\none\nmine\ntwo\n"},
		"removed":               {func(p string) { os.Remove(p) }, "two\n"},
		"truncated":             {func(p string) { os.Truncate(p, 0) }, "two\n"},
		"rotated by a user":     {func(p string) { os.Rename(p, p+".1") }, "two\n"},
		"removed with folder":   {func(p string) { os.RemoveAll(filepath.Dir(p)) }, "two\n"},
	} {
		t.Run(name, func(t *testing.T) {
			w, dir := newWriter(t), t.TempDir()
			c := Copy{Path: dir + "/sub/copy", From: []Feed{{w.dir, "out", 1}}}
			if strings.Contains(name, "others") {
				os.Mkdir(dir+"/sub", 0o700)
				appendTo(c.Path, "mine\n") // it was there before us
			}
			k := copier(t, c, dir+"/state")
			w.write("one\n")
			pump(t, k)
			row.harm(c.Path)
			w.write("two\n")
			pump(t, k)
			same(t, slurp(t, c.Path), row.want)
		})
	}
}

func appendTo(path, text string) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	f.WriteString(text)
}

// A crash in the middle of a write, and then the file is harmed before the next Copier comes.
func TestACutChunkIsFinishedInAHarmedFile(t *testing.T) {
	for name, row := range map[string]struct {
		harm func(path string)
		want func(path string) string
	}{
		"removed: all of it again":         {func(p string) { os.Remove(p) }, func(p string) string { return "one\ntwo\nthree\n" }},
		"truncated: all of it again":       {func(p string) { os.Truncate(p, 0) }, func(p string) string { return "one\ntwo\nthree\n" }},
		"moved to .1: the rest in the new": {func(p string) { os.Rename(p, p+".1") }, func(p string) string { return "o\nthree\n" }},
		"moved away: all of it again":      {func(p string) { os.Rename(p, p+"-20260101") }, func(p string) string { return "one\ntwo\nthree\n" }},
		"appended to: the cut line again":  {func(p string) { appendTo(p, "!mine\n") }, func(p string) string { return "one\ntw!mine\ntwo\nthree\n" }},
	} {
		t.Run(name, func(t *testing.T) {
			w, dir := newWriter(t), t.TempDir()
			c := Copy{Path: dir + "/copy", From: []Feed{{w.dir, "out", 1}}}
			w.write("one\ntwo\n")
			for point := 0; ; point++ { // until the copy holds 6 bytes
				os.Remove(c.Path)
				os.Remove(dir + "/state")
				if !crashAt(t, c, dir+"/state", point, "") {
					t.Fatal("no such point")
				}
				if b, _ := os.ReadFile(c.Path); len(b) == 6 {
					break
				}
			}
			row.harm(c.Path)
			w.write("three\n")
			pump(t, copier(t, c, dir+"/state"))
			same(t, slurp(t, c.Path), row.want(c.Path))
		})
	}
}

func TestAVeryLongLineIsOneLineInTheCopy(t *testing.T) {
	w, dir := newWriter(t), t.TempDir()
	long := strings.Repeat("x", 3*maxLine+17) + "\n"
	w.most = maxLine/2 + 3
	w.write("first\n" + long + "last\n")
	c := Copy{Path: dir + "/copy", From: []Feed{{w.dir, "out", 1}}}
	pump(t, copier(t, c, dir+"/state"))
	same(t, slurp(t, c.Path), "first\n"+long+"last\n")
	c = Copy{Path: dir + "/stamped", From: []Feed{{w.dir, "out", 1}}, Stamp: "T"}
	for i := 0; i < 20; i++ { // each kills the one before after its first chunk
		k := copier(t, c, dir+"/state2")
		if err := k.Pump(&oneStep{context.Background(), 0}, nil); err == nil {
			break
		}
	}
	same(t, slurp(t, c.Path), "T: first\nT: "+long+"T: last\n")
}

// oneStep is a context that ends after a step.
type oneStep struct {
	context.Context
	n int
}

func (o *oneStep) Err() error {
	if o.n++; o.n > 1 {
		return context.Canceled
	}
	return nil
}

func TestAnUnfinishedLineWaitsForItsEndOrAFlush(t *testing.T) {
	w, dir := newWriter(t), t.TempDir()
	c := Copy{Path: dir + "/copy", From: []Feed{{w.dir, "out", 1}}}
	k := copier(t, c, dir+"/state")
	w.write("a\nhalf")
	pump(t, k)
	same(t, slurp(t, c.Path), "a\n")
	w.write(" and half\nquarter")
	pump(t, k)
	same(t, slurp(t, c.Path), "a\nhalf and half\n")
	pump(t, k, w.dir)
	same(t, slurp(t, c.Path), "a\nhalf and half\nquarter\n")
	pump(t, k, w.dir)
	pump(t, copier(t, c, dir+"/state"), w.dir)
	same(t, slurp(t, c.Path), "a\nhalf and half\nquarter\n")
}

func TestSeveralInstancesShareACopyByTime(t *testing.T) {
	root, dir := t.TempDir(), t.TempDir()
	one, two := newWriterIn(t, root+"/1/out"), newWriterIn(t, root+"/2/out")
	one.frozen(10).write("one at 10\n")
	two.frozen(11).write("two at 11\n")
	one.frozen(12).write("one at 12\n")
	c := Copy{Path: dir + "/copy", From: []Feed{{one.dir, "out", 1}, {two.dir, "out", 2}}, JSON: true, Name: "<a>"}
	pump(t, copier(t, c, dir+"/state"))
	got := slurp(t, c.Path)
	for i, want := range []string{`"message":"one at 10"`, `"message":"two at 11"`, `"message":"one at 12"`} {
		if line := strings.Split(got, "\n")[i]; !strings.Contains(line, want) || !strings.Contains(line, fmt.Sprintf(`"process_id":%d,"app_name":"<a>"`, i%2)) {
			t.Errorf("line %d: %s", i, line)
		}
	}
}

func TestATornStateFileIsTheBeginning(t *testing.T) {
	w, dir := newWriter(t), t.TempDir()
	w.write("one\n")
	c := Copy{Path: dir + "/copy", From: []Feed{{w.dir, "out", 1}}}
	k := copier(t, c, dir+"/state")
	pump(t, k)
	whole := []byte(slurp(t, dir+"/state"))
	for n := range whole[:len(whole)-1] {
		os.WriteFile(dir+"/state", whole[:n], 0o600)
		os.Remove(c.Path)
		pump(t, copier(t, c, dir+"/state"))
		same(t, slurp(t, c.Path), "one\n")
	}
}

func TestAStreamThatBeganAnewIsCopiedFromItsBeginning(t *testing.T) {
	w, dir := newWriter(t), t.TempDir()
	c := Copy{Path: dir + "/copy", From: []Feed{{w.dir, "out", 1}}}
	w.write(strings.Repeat("old\n", 100))
	k := copier(t, c, dir+"/state")
	pump(t, k)
	os.RemoveAll(w.dir)
	newWriterIn(t, w.dir).write("new\n")
	pump(t, k)
	if got := slurp(t, c.Path); !strings.HasSuffix(got, "old\nnew\n") {
		t.Errorf("%q", got)
	}
}

func TestADeviceMayBeACopyAndAPipeNot(t *testing.T) {
	w, dir := newWriter(t), t.TempDir()
	w.write("one\n")
	pump(t, copier(t, Copy{Path: os.DevNull, From: []Feed{{w.dir, "out", 1}}, MaxSize: 1}, dir+"/state"))
	mkfifo(t, dir+"/pipe")
	err := copier(t, Copy{Path: dir + "/pipe", From: []Feed{{w.dir, "out", 1}}}, dir+"/state2").Pump(context.Background(), nil)
	if err == nil || !bytes.Contains([]byte(err.Error()), []byte("plain file")) {
		t.Error(err)
	}
}

// hooked runs after once, behind the first write to the copy.
type hooked struct {
	realDisk
	after func()
}

func (h *hooked) write(f *os.File, b []byte) (int, error) {
	defer func() { h.after(); h.after = func() {} }()
	return f.Write(b)
}

// What is written while a pump is at work comes with the next one, also where nothing follows it.
func TestACopyTakesWhatCameDuringTheLastPump(t *testing.T) {
	w := newWriter(t)
	lines := 3 * maxChunk / 100
	w.write(numbered(0, lines, 100))
	k, err := NewCopier(Copy{Path: t.TempDir() + "/copy", From: []Feed{{w.dir, "out", 1}}}, t.TempDir()+"/state")
	if err != nil {
		t.Fatal(err)
	}
	k.disk = &hooked{after: func() { w.write(numbered(lines, lines+1, 100)) }}
	for range 2 {
		if err := k.Pump(context.Background(), nil); err != nil {
			t.Fatal(err)
		}
	}
	same(t, slurp(t, k.c.Path), numbered(0, lines+1, 100))
}
