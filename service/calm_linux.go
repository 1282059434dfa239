package service

import (
	"bytes"
	"os"
	"strconv"
)

// atRest tells how long a process has been on a processor, and whether it sleeps now, all alone: what has started
// others waits for them. ran is the main thread's time in ns, and that of all threads in the system's own, coarse ticks.
func atRest(pid int) (ran uint64, asleep bool) {
	dir := "/proc/" + strconv.Itoa(pid)
	stat, err := os.ReadFile(dir + "/stat")
	_, after, ok := bytes.Cut(stat, []byte(") "))
	fields := bytes.Fields(after)
	if err != nil || !ok || len(fields) < 13 || string(fields[0]) != "S" {
		return 0, false
	}
	sched, err := os.ReadFile(dir + "/schedstat")
	first, _, _ := bytes.Cut(sched, []byte{' '})
	if err != nil {
		return 0, false
	}
	children, err := os.ReadFile(dir + "/task/" + strconv.Itoa(pid) + "/children")
	if err != nil || len(children) > 0 {
		return 0, false
	}
	for _, field := range [][]byte{first, fields[11], fields[12]} { // ns; utime, stime
		n, err := strconv.ParseUint(string(field), 10, 64)
		if err != nil {
			return 0, false
		}
		ran += n
	}
	return ran, true
}
