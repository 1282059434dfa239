package service

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"kitt.sh/reconcile"
)

// brims have the kernel tell at once when a tree with a limit may have passed it, where its cgroup can: memory.high is
// kept as far above memory.current as the tree's sum lies below its limit, and passing it changes memory.events. What the
// kernel counts is another figure than the sum (files are in it), so a passing means a look and nothing more. Where there
// is no such cgroup nothing happens here, and the sampling alone goes on.
type brims struct {
	notes *notes               // nil as long as no life has one
	at    map[string]brim      // by life
	last  time.Time            // when a tree was last looked at
	ready func(pid int) string // for tests: the folder that a life's memory is kept in
}

type brim struct {
	dir  string
	high int64 // what memory.high was set to; 0: not yet
}

// brimRest is the pause after a passing: a tree that fills its files at the brim must not keep kitt busy.
const brimRest = 10 * time.Millisecond

// keep has a brim for each of these lives that can have one, and for no others.
func (b *brims) keep(roots map[int]reconcile.Observed) {
	living := map[string]bool{}
	fresh := false
	for pid, l := range roots {
		living[l.Life] = true
		if _, known := b.at[l.Life]; !known {
			fresh = true
			b.begin(l.Life, pid)
		}
	}
	for life, br := range b.at {
		if !living[life] {
			br.open()
			delete(b.at, life)
			fresh = true
		}
	}
	if fresh {
		b.listen()
	}
}

// begin finds the cgroup of a life, and turns the memory controller on for it. One that has none is asked no more.
func (b *brims) begin(life string, pid int) {
	if b.at == nil {
		b.at = map[string]brim{}
	}
	dir := cgroupDir
	if b.ready != nil {
		dir = b.ready
	}
	b.at[life] = brim{dir: withMemory(dir(pid))}
}

// withMemory is dir if the kernel tells there what memory is used; else "".
func withMemory(dir string) string {
	if dir == "" {
		return ""
	}
	if _, err := os.Stat(filepath.Join(dir, "memory.high")); err != nil && turnOn(dir, "memory") != nil {
		return ""
	}
	return dir
}

// listen has memory.events of all lives watched.
func (b *brims) listen() {
	files := map[string]bool{}
	for _, br := range b.at {
		if br.dir != "" {
			files[filepath.Join(br.dir, "memory.events")] = true
		}
	}
	if b.notes == nil && len(files) > 0 {
		b.notes, _ = newNotes() // without it the sampling goes on
	}
	if b.notes != nil {
		_ = b.notes.set(nil, files)
	}
}

// events tells that one of the trees has passed its brim; nil without any.
func (b *brims) events() <-chan string {
	if b.notes == nil {
		return nil
	}
	return b.notes.events
}

// rest lets a moment pass since the last look, and with it all that was told.
func (b *brims) rest(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(brimRest - time.Since(b.last)):
	}
	for len(b.notes.events) > 0 {
		<-b.notes.events
	}
}

// set puts the brim of a life where it belongs, now that its tree was measured. One that has passed its limit is not to
// be slowed down while it ends.
func (b *brims) set(life string, used, limit int64) {
	b.last = time.Now()
	br, ok := b.at[life]
	if !ok || br.dir == "" {
		return
	}
	if used > limit {
		br.open()
		br.high = 0
		b.at[life] = br
		return
	}
	current, err := strconv.ParseInt(readWord(filepath.Join(br.dir, "memory.current")), 10, 64)
	if err != nil {
		return
	}
	if high := brimOf(current, used, limit); apart(high, br.high, limit/64) {
		if writeTo(filepath.Join(br.dir, "memory.high"), strconv.FormatInt(high, 10)) == nil {
			br.high = high
			b.at[life] = br
		}
	}
}

// brimOf is how much the kernel may count for a tree until it tells: as much more than now as is left to the limit, and
// a little at least, so that a tree that stays just below its limit is not looked at for each page of a file.
func brimOf(current, used, limit int64) int64 {
	return current + max(limit-used, limit/32, 1<<20)
}

func apart(a, b, by int64) bool { return a-b > by || b-a > by }

func readWord(file string) string {
	b, _ := os.ReadFile(file)
	return strings.TrimSpace(string(b))
}

// open takes the brim of a life away: beyond it the kernel slows a tree down, which is not what was asked for.
func (br brim) open() {
	if br.dir != "" && br.high > 0 {
		_ = writeTo(filepath.Join(br.dir, "memory.high"), "max") // it may be gone
	}
}

// close takes all brims away: without a kitt nobody would raise them.
func (b *brims) close() {
	for _, br := range b.at {
		br.open()
	}
	if b.notes != nil {
		b.notes.close()
	}
}
