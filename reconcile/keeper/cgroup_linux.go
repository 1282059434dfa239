package keeper

import (
	"hash/fnv"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A forest is where each life gets a cgroup v2 folder of its own, for the one thing that only they can: end a whole
// tree at once. The keeper turns on no controller; the daemon does, where a limit asks for one. Its zero value has none to
// give.
type forest struct {
	base string // "" where cgroups cannot be had
	n    int
	made bool
}

// asideName is the cgroup that the keeper lies in where its own has controllers to hand down.
const asideName = "keeper"

// newForest finds a place for cgroups; nothing is made yet.
func newForest(home string) *forest {
	own := ownCgroup()
	if own == "" {
		return &forest{}
	}
	// A keeper that was started from inside a life lies in that life's cgroup, and would end with it.
	if up, inside := abovePlanted(own); inside {
		if os.WriteFile(up+"/cgroup.procs", []byte("0"), 0) != nil {
			return &forest{}
		}
		own = up
	}
	// Where controllers are handed down, the keeper lies in a cgroup of its own, beside those of the lives.
	if up, aside := strings.CutSuffix(own, "/"+asideName); aside && unix.Access(up, unix.W_OK) == nil {
		own = up
	}
	h := fnv.New32a()
	h.Write([]byte(home))
	nonce := strconv.FormatUint(uint64(time.Now().UnixNano())&0xffffffff, 36)
	return &forest{base: own + "/kitt-" + hex8(h.Sum32()) + "." + nonce}
}

// abovePlanted is where the forest stands that a cgroup belongs to. The service of a home of its own is called
// kitt-HASH.service, and is none.
func abovePlanted(own string) (up string, inside bool) {
	for at := 0; at < len(own); {
		end := len(own)
		if n := strings.IndexByte(own[at+1:], '/'); n >= 0 {
			end = at + 1 + n
		}
		if part := own[at:end]; strings.HasPrefix(part, "/kitt-") && !strings.HasSuffix(part, ".service") {
			return own[:at], true
		}
		at = end
	}
	return own, false
}

// ownCgroup is the folder of this process's cgroup v2, or "".
func ownCgroup() string {
	path := ""
	for line := range strings.SplitSeq(readSmall("/proc/self/cgroup"), "\n") {
		if p, ok := strings.CutPrefix(line, "0::"); ok {
			path = p
		}
	}
	if path == "" {
		return ""
	}
	for line := range strings.SplitSeq(readSmall("/proc/self/mountinfo"), "\n") {
		if f := strings.Fields(line); len(f) > 8 && strings.Contains(line, " - cgroup2 ") && f[3] == "/" {
			return strings.TrimSuffix(f[4]+path, "/")
		}
	}
	return ""
}

// plant makes a fresh folder and opens it: "" and -1 if there is none to be had. A folder is used once: one that
// was killed kills whatever is put into it later (seen on 6.18).
func (f *forest) plant() (dir string, fd int) {
	if f.base == "" {
		return "", -1
	}
	if !f.made {
		if err := unix.Mkdir(f.base, 0o755); err != nil {
			f.base = ""
			return "", -1
		}
		f.made = true
	}
	f.n++
	dir = f.base + "/" + strconv.Itoa(f.n)
	if unix.Mkdir(dir, 0o755) != nil {
		return "", -1
	}
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		unix.Rmdir(dir)
		return "", -1
	}
	return dir, fd
}

// giveUp stops making cgroups: children cannot be put into them here.
func (f *forest) giveUp() { f.base = "" }

// fell takes away the folder of a life, if it is empty.
func fell(dir string) {
	if ours(dir) {
		unix.Rmdir(dir)
	}
}

// clear takes away the keeper's own folder, if it is empty.
func (f *forest) clear() {
	if f.base != "" {
		unix.Rmdir(f.base)
	}
}

// ours guards against a record that names some other cgroup.
func ours(dir string) bool {
	return strings.HasPrefix(dir, "/") && strings.Contains(dir, "/kitt-") && !strings.Contains(dir, "..")
}

// killCgroup ends every process of a life's cgroup. False means that another way must be found.
func killCgroup(dir string) bool {
	if !ours(dir) || strings.HasPrefix(ownCgroup()+"/", dir+"/") {
		return false
	}
	fd, err := unix.Open(dir+"/cgroup.kill", unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	_, err = unix.Write(fd, []byte("1"))
	return err == nil
}

// cgroupMembers lists the pids in a life's cgroup; ok is false if it has none that can be read.
func cgroupMembers(dir string) (pids []int, ok bool) {
	if !ours(dir) {
		return nil, false
	}
	b, err := readWhole(dir + "/cgroup.procs")
	if err != nil {
		return nil, false
	}
	for _, f := range strings.Fields(string(b)) {
		if pid, err := strconv.Atoi(f); err == nil && pid > 1 {
			pids = append(pids, pid)
		}
	}
	return pids, true
}
