package keeper

import (
	"hash/fnv"
	"strings"

	"golang.org/x/sys/unix"
)

// inMemory are places where what root's programs keep is taken by a reboot and by nothing else. Users have no such
// place: a logout empties /run/user, and takes what is theirs in /dev/shm.
var inMemory = []struct{ disk, folder string }{{"/run", "/run/kitt/"}, {"/dev/shm", "/dev/shm/kitt-root/"}}

// memoryFolder is the folder in memory for the FIFOs of the keeper in run; "" where there can be none.
func memoryFolder(run string) string {
	if unix.Geteuid() != 0 {
		return ""
	}
	for _, place := range inMemory {
		var fs unix.Statfs_t
		if unix.Statfs(place.disk, &fs) == nil && fs.Type == unix.TMPFS_MAGIC {
			h := fnv.New64a()
			h.Write([]byte(run))
			v := h.Sum64()
			return place.folder + hex8(uint32(v>>32)) + hex8(uint32(v))
		}
	}
	return ""
}

// isMemoryFolder says whether a symlink to there is one that a keeper makes.
func isMemoryFolder(to string) bool {
	for _, place := range inMemory {
		if name, ok := strings.CutPrefix(to, place.folder); ok && sane(name) {
			return true
		}
	}
	return false
}
