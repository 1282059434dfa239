package local

import (
	"context"
	"net/netip"
	"os/exec"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// lsofWithin is how long the system may take to tell who listens.
const lsofWithin = 3 * time.Second

// holdersOf lists who listens where at cannot be listened at too, as far as this user may see it.
func holdersOf(at netip.AddrPort) []holder {
	ctx, cancel := context.WithTimeout(context.Background(), lsofWithin)
	defer cancel()
	out, _ := exec.CommandContext(ctx, "/usr/sbin/lsof", "-nP", "-w", "+c0", "-iTCP:"+strconv.Itoa(int(at.Port())), "-sTCP:LISTEN", "-Fpcn").Output()
	return lsofHolders(string(out), at) // it exits 1 where it finds nobody
}

// holds is not known here before all are asked for.
func holds([]int, netip.AddrPort) bool { return false }

func family(pid int) []int { return []int{pid} }

func parentOf(pid int) int {
	k, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil {
		return 0
	}
	return int(k.Eproc.Ppid)
}
