package faults

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// meddled starts a writer, lets someone meddle with its log, and checks what was there before and what came after
// for holes: what went into the file that was there, read by who had it open, and what the folder holds in the end.
func meddled(t *testing.T, meddle func(w *world, dir string)) (w *world) {
	t.Parallel()
	w = newWorld(t)
	w.spec(w.writers(1, bigLog)...)
	w.do("apply")
	dir := w.store("w0.1", "out")
	w.stored("w0.1", "@0:000001000")
	held, err := os.Open(dir + "/current")
	w.ok(err)
	defer held.Close()
	meddle(w, dir)
	w.until("a new file that grows", func() bool {
		st, err := os.Lstat(dir + "/current")
		return err == nil && st.Mode().IsRegular() && st.Size() > 0
	})
	w.file("stop", "")
	w.ended("w0.1")
	before, err := io.ReadAll(held)
	w.ok(err)
	_, last := lineNumbers(before)
	after := raw(t, dir)
	first, _ := lineNumbers(after)
	if first < 0 || first > last+1 {
		t.Errorf("the old file ends with line %d, the new one begins with %d", last, first)
	}
	if bytes.IndexByte(after, 0) >= 0 {
		t.Error("there is a hole of NULs")
	}
	_, rest, _ := bytes.Cut(after, []byte("\n")) // it may begin in the midst of a line
	next, _ := lineNumbers(rest)
	checkLines(t, "0", rest, next)
	if out := w.do("logs", "w0", "-n", "2", "--raw"); !strings.Contains(out, ":END ") {
		t.Errorf("kitt logs shows %q", out)
	}
	return w
}

func TestFault21LogFolderRemoved(t *testing.T) {
	meddled(t, func(w *world, dir string) {
		for os.RemoveAll(dir[:len(dir)-len("/out")]) != nil { // something comes in while it is emptied
		}
	})
}

func TestFault22LogMovedAway(t *testing.T) {
	meddled(t, func(w *world, dir string) { w.ok(os.Rename(dir+"/current", dir+"/current.1")) })
}

func TestFault22LogFileRemoved(t *testing.T) {
	meddled(t, func(w *world, dir string) { w.ok(os.Remove(dir + "/current")) })
}

func TestFault23LogTruncated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.spec(w.writers(1, bigLog)...)
	w.do("apply")
	dir := w.store("w0.1", "out")
	for range 3 {
		w.until("text", func() bool { st, err := os.Stat(dir + "/current"); return err == nil && st.Size() > 200_000 })
		w.ok(os.Truncate(dir+"/current", 0))
	}
	w.file("stop", "")
	w.ended("w0.1")
	text := raw(t, dir)
	if bytes.IndexByte(text, 0) >= 0 {
		t.Error("there is a hole of NULs")
	}
	_, rest, _ := bytes.Cut(text, []byte("\n"))
	next, _ := lineNumbers(rest)
	checkLines(t, "0", rest, max(next, 0))
}

func TestFault24LogReplacedByALink(t *testing.T) {
	var victim string
	w := meddled(t, func(w *world, dir string) {
		victim = w.file("victim", "mine\n")
		w.ok(os.Symlink(victim, dir+"/x"))
		w.ok(os.Rename(dir+"/x", dir+"/current"))
		w.told("stalled", "too many levels of symbolic links")
		time.Sleep(50 * time.Millisecond) // it is tried again and again meanwhile
		w.ok(os.Remove(dir + "/current"))
	})
	if got := read(victim); got != "mine\n" {
		w.Errorf("the file that the link names now begins with %q", got[:min(len(got), 80)])
	}
}
