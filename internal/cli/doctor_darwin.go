package cli

import (
	"context"
	"path/filepath"
	"syscall"

	"kitt.sh/internal/doctor"
)

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
	var name []byte
	for _, c := range st.Fstypename {
		if c == 0 {
			break
		}
		name = append(name, byte(c))
	}
	f.HomeFS = string(name)
}

// gatherMachine asks whether macOS keeps the program in quarantine.
func gatherMachine(ctx context.Context, f *doctor.Facts) {
	if f.Exe == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	_, code, err := runs(ctx, "xattr", "-p", "com.apple.quarantine", f.Exe)
	f.Quarant = err == nil && code == 0
}
