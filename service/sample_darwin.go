package service

import (
	"time"

	ps "github.com/shirou/gopsutil/v4/process"
	"golang.org/x/sys/unix"
)

// processes lists the processes of our user; CPU and memory come by way of libproc.
func processes() []proc {
	all, err := unix.SysctlKinfoProcSlice("kern.proc.uid", unix.Geteuid())
	if err != nil {
		return nil
	}
	out := make([]proc, 0, len(all))
	for _, k := range all {
		p := proc{pid: int(k.Proc.P_pid), parent: int(k.Eproc.Ppid), name: unix.ByteSliceToString(k.Proc.P_comm[:])}
		p.session, _ = unix.Getsid(p.pid)
		out = append(out, measured(p))
	}
	return out
}

// processOf reads one process.
func processOf(pid int) (proc, bool) {
	p := measured(proc{pid: pid})
	return p, p.memory > 0
}

// measured adds CPU and memory to p, as far as they can be read.
func measured(p proc) proc {
	one := ps.Process{Pid: int32(p.pid)}
	if m, err := one.MemoryInfo(); err == nil {
		p.memory = int64(m.RSS)
	}
	if t, err := one.Times(); err == nil {
		p.cpu = time.Duration((t.User + t.System) * float64(time.Second))
	}
	return p
}
