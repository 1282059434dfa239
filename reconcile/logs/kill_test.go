package logs

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if dirs := os.Getenv("KITT_TEST_COPY"); dirs != "" {
		copyForEver(strings.Split(dirs, ":"))
	}
	os.Exit(m.Run())
}

// killedCopy is the copy that the child makes.
func killedCopy(store, dest string) Copy {
	return Copy{Path: dest, From: []Feed{{store, "out", 1}}, MaxSize: 300_000, Keep: 1000}
}

// copyForEver is the child: it ends when it is killed.
func copyForEver(dirs []string) {
	k, _ := NewCopier(killedCopy(dirs[0], dirs[1]+"/copy"), dirs[1]+"/state")
	for {
		if err := k.Pump(context.Background(), nil); err != nil {
			panic(err)
		}
	}
}

// A process that copies a busy, rotating, compressed store is killed again and again.
func TestKilledProcessesCopyEachLineOnce(t *testing.T) {
	w, dir := newWriter(t), t.TempDir()
	w.most = 100_001
	lines := 0
	for round := range 40 {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), "KITT_TEST_COPY="+w.dir+":"+dir)
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(time.Duration(10+round) * time.Millisecond); time.Now().Before(end); lines += 100 {
			w.write(numbered(lines, lines+100, 100))
		}
		child.Process.Kill()
		_ = child.Wait()
		if err := Compress(context.Background(), w.dir); err != nil {
			t.Fatal(err)
		}
	}
	c := killedCopy(w.dir, dir+"/copy")
	pump(t, copier(t, c, dir+"/state"))
	var got strings.Builder
	for n := c.Keep; n >= 1; n-- {
		if b, err := os.ReadFile(copier(t, c, "").numbered(n)); err == nil {
			if len(b) > 300_100 {
				t.Errorf(".%d has %d bytes", n, len(b))
			}
			got.Write(b)
		}
	}
	same(t, got.String()+slurp(t, c.Path), numbered(0, lines, 100))
	t.Logf("%d lines", lines)
}
