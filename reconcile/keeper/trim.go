package keeper

import (
	"runtime/debug"
	"time"
)

// Trim gives back the memory that a burst of work needed and rest does not: the heap's free pages, and the pages of
// the program's own text, which come back from the page cache when they are run again. It takes about a millisecond.
func Trim() {
	debug.FreeOSMemory()
	dropText()
}

// trimAfter is how long the keeper rests before it trims.
const trimAfter = 700 * time.Millisecond

// trimLater has the keeper trim once it has not spawned for a while.
func (k *keeper) trimLater() {
	k.lastSpawn = k.now()
	if k.trimming {
		return
	}
	k.trimming = true
	k.after(trimAfter, k.trimNow)
}

func (k *keeper) trimNow() {
	if left := k.lastSpawn + int64(trimAfter) - k.now(); left > 0 {
		k.after(time.Duration(left), k.trimNow)
		return
	}
	k.trimming = false
	Trim()
}
