package local

import (
	"os"
	"strconv"
	"strings"
)

// aside is the cgroup that systemd puts kitt itself into (DelegateSubgroup): the processes lie beside it.
const aside = "/keeper"

// oomKills is how many processes the kernel has ended for want of memory: in our own cgroup, with all beneath and beside it,
// where it counts there; else in all.
func oomKills() int {
	if b, err := os.ReadFile("/proc/self/cgroup"); err == nil {
		for line := range strings.Lines(string(b)) {
			if path, ok := strings.CutPrefix(strings.TrimSpace(line), "0::"); ok {
				if text, err := os.ReadFile("/sys/fs/cgroup" + strings.TrimSuffix(path, aside) + "/memory.events"); err == nil {
					return counted(string(text), "oom_kill ")
				}
			}
		}
	}
	text, _ := os.ReadFile("/proc/vmstat")
	return counted(string(text), "oom_kill ")
}

// counted is the number on the line that begins with name, 0 if there is none.
func counted(text, name string) int {
	for line := range strings.Lines(text) {
		if n, ok := strings.CutPrefix(line, name); ok {
			count, _ := strconv.Atoi(strings.TrimSpace(n))
			return count
		}
	}
	return 0
}
