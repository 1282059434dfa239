package keeper

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// asPour writes args[1] MB in writes of args[0] bytes.
func asPour(args []string) int {
	size, _ := strconv.Atoi(args[0])
	total, _ := strconv.Atoi(args[1])
	b := []byte(strings.Repeat("x", size-1) + "\n")
	for n := total << 20; n > 0; n -= size {
		if w, err := syscall.Write(1, b); err != nil || w != size {
			return 98
		}
	}
	return 0
}

func BenchmarkBytes(bb *testing.B) {
	for _, row := range []struct {
		name  string
		size  int
		total int
		args  []string
	}{{"64KiB", 1 << 16, 2048, nil}, {"100B", 100, 1024, nil}, {"64KiB/copy", 1 << 16, 1024, []string{"copy"}}} {
		bb.Run(row.name, func(bb *testing.B) {
			for bb.Loop() {
				b := newBox(bb, row.args...)
				s := b.order(os.Args[0], "@pour", strconv.Itoa(row.size), strconv.Itoa(row.total))
				if prog := os.Getenv("KITT_BENCH_WRITER"); prog != "" { // PROG SIZE MB, where Go's own write is the bottleneck
					s.Argv[0], s.Path = prog, prog
					s.Argv = append(s.Argv[:1], s.Argv[2:]...)
				}
				s.Log.MaxSize, s.Log.Keep = 10<<20, 5
				began := time.Now()
				_, err := b.c.Spawn(b.ctx(), s)
				b.ok(err)
				for e := range b.c.Events() {
					if e.Kind == "exit" {
						break
					}
				}
				bb.ReportMetric(float64(row.total)*1.048576/time.Since(began).Seconds(), "MB/s")
			}
		})
	}
}

func BenchmarkSpawn(bb *testing.B) {
	for _, row := range [][]string{{"cgroup"}, {"scan"}} {
		bb.Run(row[0], func(bb *testing.B) {
			b := newBox(bb, row...)
			for bb.Loop() {
				b.spawn("/bin/sleep", "100")
				if b.n%250 == 0 {
					bb.StopTimer()
					b.forgetAll()
					bb.StartTimer()
				}
			}
		})
	}
}

func (b *box) forgetAll() {
	lives, _ := b.c.List(b.ctx())
	for _, l := range lives {
		b.c.Stop(b.ctx(), StopOrder{Life: l.Name, Signal: syscall.SIGKILL})
	}
	for _, l := range lives {
		b.exited(l.Name)
		b.c.Forget(b.ctx(), l.Name)
	}
}

func BenchmarkPlainForkExec(bb *testing.B) {
	null, _ := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	var pids []int
	for bb.Loop() {
		pid, err := syscall.ForkExec("/bin/sleep", []string{"sleep", "100"}, &syscall.ProcAttr{
			Files: []uintptr{null.Fd(), null.Fd(), null.Fd()}, Sys: &syscall.SysProcAttr{Setsid: true}})
		if err != nil {
			bb.Fatal(err)
		}
		pids = append(pids, pid)
	}
	bb.StopTimer()
	for _, pid := range pids {
		syscall.Kill(pid, syscall.SIGKILL)
		syscall.Wait4(pid, nil, 0, nil)
	}
}
