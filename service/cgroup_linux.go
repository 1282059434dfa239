package service

import (
	"os"
	"path"
	"strconv"
	"strings"
	"sync"
)

// cgroupRoots are the places where version 2 of cgroups is found, alone or beside version 1.
var cgroupRoots = []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}

// ownCgroup is the cgroup of this process, as it began.
var ownCgroup = sync.OnceValue(func() string {
	b, _ := os.ReadFile("/proc/self/cgroup")
	for line := range strings.Lines(string(b)) {
		if own, ok := strings.CutPrefix(strings.TrimSpace(line), "0::"); ok {
			return own
		}
	}
	return ""
})

// cgroupDir is the folder of the cgroup that kitt made for the life whose first process is pid; "" without one.
func cgroupDir(pid int) string {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cgroup")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(b)) {
		own, ok := strings.CutPrefix(strings.TrimSpace(line), "0::")
		if !ok || !strings.Contains(own, "/kitt-") || strings.Contains(own, "..") {
			continue
		}
		if own == ownCgroup() { // this kitt runs inside a life of another, and has no cgroups of its own
			return ""
		}
		for _, root := range cgroupRoots {
			if _, err := os.Stat(path.Join(root, own, "cgroup.procs")); err == nil {
				return path.Join(root, own)
			}
		}
	}
	return ""
}

// cgroupOf lists the processes of a life by its cgroup: only they are looked at then, and not the whole machine's.
func cgroupOf(pid int) (pids []int, ok bool) {
	dir := cgroupDir(pid)
	if dir == "" {
		return nil, false
	}
	b, err := os.ReadFile(dir + "/cgroup.procs")
	if err != nil {
		return nil, false
	}
	for _, f := range strings.Fields(string(b)) {
		if n, err := strconv.Atoi(f); err == nil {
			pids = append(pids, n)
		}
	}
	return pids, len(pids) > 0
}
