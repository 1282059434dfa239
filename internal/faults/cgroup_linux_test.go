package faults

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A group is a cgroup of one controller, in either of the two hierarchies that Linux has.
type group struct {
	w   *world
	dir string
	v2  bool
}

// group makes one below our own, and has kitt run in it from the next command on.
func (w *world) group(controller, file string) *group {
	w.Helper()
	needsRoot(w.T)
	g := &group{w: w}
	for line := range strings.Lines(read("/proc/self/cgroup")) {
		f := strings.SplitN(strings.TrimSpace(line), ":", 3)
		switch {
		case f[1] == controller:
			g.dir = "/sys/fs/cgroup/" + controller + f[2]
		case f[0] == "0" && g.dir == "":
			g.dir, g.v2 = "/sys/fs/cgroup"+f[2], true
		}
	}
	parent := g.dir
	if g.v2 {
		_ = os.WriteFile(parent+"/cgroup.subtree_control", []byte("+"+controller), 0)
	}
	g.dir = filepath.Join(parent, "faults-"+filepath.Base(w.home))
	if err := os.Mkdir(g.dir, 0o755); err != nil {
		w.Skipf("needs a cgroup of its own to provoke the fault: %v", err)
	}
	w.after = append(w.after, func() { _ = os.Remove(g.dir) })
	if _, err := os.Stat(g.dir + "/" + file); err != nil {
		w.Skipf("needs the %s controller for its own cgroups to provoke the fault: %v", controller, err)
	}
	w.before = []string{"/bin/sh", "-c", "echo $$ > " + g.dir + `/cgroup.procs; exec "$@"`, "sh"}
	return g
}

func (g *group) set(file, value string) {
	g.w.Helper()
	g.w.ok(os.WriteFile(g.dir+"/"+file, []byte(value), 0))
}

func (g *group) get(file string) int {
	n, _ := strconv.Atoi(strings.TrimSpace(read(g.dir + "/" + file)))
	return n
}
