package service

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// asideName is the cgroup that the keeper lies in where its own is to have controllers: a cgroup that hands them down
// may hold no process itself. The unit of kitt asks systemd for it (DelegateSubgroup).
const asideName = "keeper"

// turnOn turns a controller on for the cgroup of a life: in the folder of kitt's cgroups, and in the one where kitt made
// that. What lies above is not kitt's to change. It says why that cannot be.
func turnOn(life, name string) error {
	base := filepath.Dir(life)
	top := filepath.Dir(base)
	if !among(base, "cgroup.controllers", name) {
		if err := handDown(top, name); err != nil {
			return err
		}
	}
	if err := writeTo(filepath.Join(base, "cgroup.subtree_control"), "+"+name); err != nil || !among(life, "cgroup.controllers", name) {
		return fmt.Errorf("the %s controller is not delegated to %s", name, base)
	}
	return nil
}

// handDown has a cgroup hand a controller down. Where kitt itself is all that lies in it, kitt steps aside.
func handDown(top, name string) error {
	if !among(top, "cgroup.controllers", name) {
		if _, err := os.Stat(filepath.Join(top, "cgroup.type")); err != nil && among(top, "cgroup.controllers", "") {
			return fmt.Errorf("this system has no %s controller for cgroups of version 2", name) // the root has no type
		}
		return fmt.Errorf("the %s controller is not delegated to %s", name, top)
	}
	control := filepath.Join(top, "cgroup.subtree_control")
	err := writeTo(control, "+"+name)
	for tries := 0; errors.Is(err, syscall.EBUSY) && tries < 3; tries++ { // a child may come meanwhile
		if err := stepAside(top); err != nil {
			return fmt.Errorf("the %s controller cannot be handed down by %s: %w", name, top, err)
		}
		err = writeTo(control, "+"+name)
	}
	if err != nil {
		return fmt.Errorf("the %s controller is not delegated to %s: %w", name, top, err)
	}
	return nil
}

// stepAside moves kitt's own processes out of a cgroup into one below it, if there are no others, and if systemd does not
// expect to find them there: it could not start the keeper again.
func stepAside(top string) error {
	if bySystemd(top) {
		return errors.New("kitt itself lies there; `kitt service install` gives it a cgroup that can (systemd 254 or later)")
	}
	pids := slices.Clone(members(top))
	for _, pid := range pids {
		if !isKitt(pid) {
			return fmt.Errorf("other processes lie there (pid %d), and only an empty cgroup may", pid)
		}
	}
	aside := filepath.Join(top, asideName)
	if err := os.Mkdir(aside, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	for _, pid := range pids {
		if err := writeTo(filepath.Join(aside, "cgroup.procs"), strconv.Itoa(pid)); err != nil && !errors.Is(err, syscall.ESRCH) {
			return err
		}
	}
	return nil
}

// bySystemd tells whether systemd made a cgroup, or one above it.
func bySystemd(dir string) bool {
	for part := range strings.SplitSeq(dir, "/") {
		switch filepath.Ext(part) {
		case ".service", ".scope", ".slice":
			return true
		}
	}
	return false
}

// isKitt tells whether a process is a kitt: this one, its keeper, or one that runs the same program.
func isKitt(pid int) bool {
	if pid == os.Getpid() || pid == os.Getppid() {
		return true
	}
	own, err := os.Readlink("/proc/self/exe")
	its, err2 := os.Readlink("/proc/" + strconv.Itoa(pid) + "/exe")
	return err == nil && err2 == nil && strings.TrimSuffix(own, " (deleted)") == strings.TrimSuffix(its, " (deleted)")
}

// members are the processes of a cgroup, without those of the cgroups below it.
func members(dir string) (pids []int) {
	b, _ := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
	for _, f := range bytes.Fields(b) {
		if n, err := strconv.Atoi(string(f)); err == nil && n > 0 {
			pids = append(pids, n)
		}
	}
	return pids
}

// among tells whether one of the files in which the kernel lists words has a word; for "", whether the file is there.
func among(dir, file, word string) bool {
	b, err := os.ReadFile(filepath.Join(dir, file))
	return err == nil && (word == "" || slices.Contains(strings.Fields(string(b)), word))
}
