package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"kitt.sh/internal/doctor"
)

// fileSystems are the kinds that matter here, by their magic numbers (statfs(2)).
var fileSystems = map[int64]string{0x6969: "nfs", 0xff534d42: "cifs", 0xfe534d42: "cifs", 0x517b: "smbfs", 0x01021994: "tmpfs", 0xef53: "ext4", 0x9123683e: "btrfs", 0x58465342: "xfs", 0x2fc12fc1: "zfs"}

// fileSystem looks at what a folder lies on, or the nearest one above it.
func fileSystem(f *doctor.Facts, dir string) {
	var st syscall.Statfs_t
	for syscall.Statfs(dir, &st) != nil {
		if dir == filepath.Dir(dir) {
			return
		}
		dir = filepath.Dir(dir)
	}
	f.Free, f.Size = st.Bavail*uint64(st.Bsize), st.Blocks*uint64(st.Bsize)
	f.Inodes, f.AllInodes = st.Ffree, st.Files
	f.HomeFS = fileSystems[int64(uint32(st.Type))]
}

// gatherMachine looks at limits of the kernel.
func gatherMachine(_ context.Context, f *doctor.Facts) {
	f.Watches, f.Instances = sysctl("fs/inotify/max_user_watches"), sysctl("fs/inotify/max_user_instances")
	if b, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		_, _ = fmt.Sscanf(string(b), "%d.%d", &f.Kernel[0], &f.Kernel[1])
	}
	if f.Keeper == 0 {
		return
	}
	proc := "/proc/" + strconv.Itoa(f.Keeper)
	if b, err := os.ReadFile(proc + "/limits"); err == nil {
		for line := range strings.Lines(string(b)) {
			if fields := strings.Fields(line); strings.HasPrefix(line, "Max open files") && len(fields) > 3 {
				f.Files, _ = strconv.ParseUint(fields[3], 10, 64)
			}
		}
	}
	b, err := os.ReadFile(proc + "/cgroup")
	if err != nil {
		return
	}
	for line := range strings.Lines(string(b)) {
		if at, ok := strings.CutPrefix(strings.TrimSpace(line), "0::"); ok {
			f.CgroupV2 = true
			f.Controllers = controllersAt("/sys/fs/cgroup" + at)
		}
	}
}

// controllersAt are those that a cgroup has, or the one above where it is the keeper's own.
func controllersAt(dir string) []string {
	if filepath.Base(dir) == "keeper" {
		dir = filepath.Dir(dir)
	}
	b, err := os.ReadFile(filepath.Join(dir, "cgroup.controllers"))
	if err != nil {
		return nil
	}
	return strings.Fields(string(b))
}

func sysctl(name string) uint64 {
	b, err := os.ReadFile("/proc/sys/" + name)
	if err != nil {
		return 0
	}
	n, _ := strconv.ParseUint(strings.TrimSpace(string(b)), 10, 64)
	return n
}
