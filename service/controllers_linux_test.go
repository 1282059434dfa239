package service

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestMain lets the test binary be a process that waits, as a keeper does.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "@wait" {
		_, _ = os.Stdin.Read(make([]byte, 1))
		return
	}
	os.Exit(m.Run())
}

// handOver is a cgroup of version 2 that has a controller, whichever the system gives us, and what that is called.
func handOver(t *testing.T) (dir, controller string) {
	own := ""
	for _, root := range cgroupRoots {
		if _, err := os.Stat(filepath.Join(root, ownCgroup(), "cgroup.controllers")); err == nil {
			own = filepath.Join(root, ownCgroup())
		}
	}
	b, _ := os.ReadFile(own + "/cgroup.controllers")
	had, _ := os.ReadFile(own + "/cgroup.subtree_control")
	for _, name := range strings.Fields(string(b)) {
		if strings.Contains(string(had), name) || writeTo(own+"/cgroup.subtree_control", "+"+name) == nil {
			controller = name
			break
		}
	}
	if controller == "" {
		t.Skipf("needs a cgroup of version 2 with a controller that we may hand down; %q has %q", own, b)
	}
	if !strings.Contains(string(had), controller) {
		t.Cleanup(func() { _ = writeTo(own+"/cgroup.subtree_control", "-"+controller) })
	}
	return own, controller
}

func TestControllersAreHandedDown(t *testing.T) {
	own, controller := handOver(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name, top string
		argv      []string
		complain  string
		aside     bool
	}{
		{"by an empty cgroup, as it is", "test-empty", nil, "", false},
		{"by one that kitt alone lies in, after it has stepped aside", "test-kitt", []string{self, "@wait"}, "", true},
		{"by none where others lie", "test-other", []string{"cat"}, "other processes lie there (pid ", false},
		{"by none where systemd looks for kitt itself", "test-kitt.service", []string{self, "@wait"}, "kitt service install", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			top := filepath.Join(own, row.top+strconv.Itoa(os.Getpid()))
			if ext := filepath.Ext(row.top); ext != "" {
				top = filepath.Join(own, strconv.Itoa(os.Getpid())+row.top)
			}
			life := filepath.Join(top, "kitt-0.0", "1")
			if err := os.MkdirAll(life, 0o755); err != nil {
				t.Skipf("needs cgroups that we may make: %v", err)
			}
			t.Cleanup(func() {
				for _, dir := range []string{life, filepath.Dir(life), filepath.Join(top, asideName), top} {
					_ = os.Remove(dir)
				}
			})
			pid := lodger(t, top, row.argv)
			err := turnOn(life, controller)
			if (err == nil) != (row.complain == "") || err != nil && !strings.Contains(err.Error(), row.complain) {
				t.Errorf("said %v", err)
			}
			if got := among(life, "cgroup.controllers", controller); got != (row.complain == "") {
				t.Errorf("the life has the controller: %v", got)
			}
			where, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cgroup")
			if got := strings.Contains(string(where), "/"+asideName+"\n"); got != row.aside {
				t.Errorf("stepped aside: %v, in %s", got, where)
			}
		})
	}
}

// lodger runs a program in a cgroup until the test is over.
func lodger(t *testing.T, dir string, argv []string) int {
	if argv == nil {
		return 0
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	in, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); _ = cmd.Wait() })
	if err := writeTo(filepath.Join(dir, "cgroup.procs"), strconv.Itoa(cmd.Process.Pid)); err != nil {
		t.Fatal(err)
	}
	return cmd.Process.Pid
}

func TestAControllerThatNobodyHas(t *testing.T) {
	own, _ := handOver(t)
	top := filepath.Join(own, "test-none"+strconv.Itoa(os.Getpid()))
	life := filepath.Join(top, "kitt-0.0", "1")
	if err := os.MkdirAll(life, 0o755); err != nil {
		t.Skipf("needs cgroups that we may make: %v", err)
	}
	defer func() { _, _, _ = os.Remove(life), os.Remove(filepath.Dir(life)), os.Remove(top) }()
	if err := turnOn(life, "nosuch"); err == nil || err.Error() != "the nosuch controller is not delegated to "+top {
		t.Errorf("said %v", err)
	}
	if err := handDown("/sys/fs/cgroup/unified", "nosuch"); exists("/sys/fs/cgroup/unified/cgroup.procs") && (err == nil || !strings.Contains(err.Error(), "this system has no nosuch controller")) {
		t.Errorf("of the root it said %v", err)
	}
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}
