package service

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"kitt.sh/reconcile"
)

func TestWhereTheBrimLies(t *testing.T) {
	const mb = 1 << 20
	for _, row := range []struct {
		name                       string
		current, used, limit, want int64
	}{
		{"as far above what the kernel counts as the sum lies below its limit", 500 * mb, 60 * mb, 100 * mb, 540 * mb},
		{"a thirty-second of the limit at least", 90 * mb, 99 * mb, 320 * mb, 311 * mb},
		{"just below the limit", 400 * mb, 319 * mb, 320 * mb, 410 * mb},
		{"a megabyte at least", 2 * mb, 2 * mb, 2 * mb, 3 * mb},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := brimOf(row.current, row.used, row.limit); got != row.want {
				t.Errorf("%d MiB, want %d", got/mb, row.want/mb)
			}
		})
	}
}

// cgroupOfFiles is a folder with the files that a cgroup's memory has.
func cgroupOfFiles(t *testing.T, current string) string {
	dir := t.TempDir()
	for name, text := range map[string]string{"memory.current": current, "memory.high": "max", "memory.events": "high 0\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestABrimTellsAndIsTakenAway(t *testing.T) {
	dir := cgroupOfFiles(t, "1000000\n")
	b := brims{ready: func(int) string { return dir }}
	defer b.close()
	roots := map[int]reconcile.Observed{77: {Life: "shop/web.1#1.x"}}
	b.keep(nil)
	if b.events() != nil {
		t.Fatal("it listens for nobody")
	}
	b.keep(roots)
	b.set("shop/web.1#1.x", 5_000_000, 25_000_000)
	if got := readWord(dir + "/memory.high"); got != "21000000" {
		t.Errorf("the brim lies at %s", got)
	}
	if err := writeTo(dir+"/memory.events", "high 1\n"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-b.events():
	case <-time.After(20 * time.Second):
		t.Fatal("nobody was told")
	}
	b.set("shop/web.1#1.x", 26_000_000, 25_000_000)
	if got := readWord(dir + "/memory.high"); got != "max00000" { // a plain file is not emptied by a write
		t.Errorf("beyond the limit the brim lies at %s", got)
	}
	b.set("shop/web.1#1.x", 5_000_000, 25_000_000)
	b.keep(nil)
	if got := readWord(dir + "/memory.high"); got != "max00000" {
		t.Errorf("after its end the brim lies at %s", got)
	}
}

func TestALifeWithoutACgroupHasNoBrim(t *testing.T) {
	b := brims{ready: func(int) string { return "" }}
	defer b.close()
	b.keep(map[int]reconcile.Observed{77: {Life: "shop/web.1#1.x"}})
	b.set("shop/web.1#1.x", 1, 2)
	if b.events() != nil {
		t.Error("it listens for nobody")
	}
}
