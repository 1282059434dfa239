package keeper

import (
	"os"

	"golang.org/x/sys/unix"
)

// startIdent is that of the file which was at our path when this process began; a later one is not ours.
var startIdent, startCopy string

// ownImage is the copy that was made at the start, if another file lies at path by now.
func ownImage(path string) string {
	if startCopy != "" && fileIdent(path) != startIdent {
		return startCopy
	}
	return path
}

// ImageOf is the file that the keeper runs: the copy it made at its start.
func ImageOf(_ int, state, path string) string {
	if kept := runningCopy(state); fileIdent(kept) != "" {
		return kept
	}
	return path
}

func runningCopy(state string) string { return state + "/bin/running" }

// keepImage clones the program that runs, because the system gives no way back to a file that was replaced. On APFS a
// clone costs no room; elsewhere a link serves, as long as nobody writes into the file.
func (o Options) keepImage() {
	if o.State == "" || o.Exe == "" {
		return
	}
	startIdent = fileIdent(o.Exe)
	kept := runningCopy(o.State)
	tmp := kept + ".new"
	os.MkdirAll(o.State+"/bin", 0o700)
	unix.Unlink(tmp)
	if unix.Clonefile(o.Exe, tmp, 0) != nil && unix.Link(o.Exe, tmp) != nil {
		return
	}
	if unix.Rename(tmp, kept) == nil {
		startCopy = kept
	}
}

// NameProcess has nothing to do: processes are listed by the file they were started from.
func NameProcess() {}
