// Package fault fails before anything of kitt runs, as the program's file says: bad-init always, bad-keeper and
// bad-daemon as that process, bad-mute by not answering what it is asked before an upgrade.
package fault

import (
	"os"
	"strings"
	"time"
)

func init() {
	image, _ := os.Readlink("/proc/self/exe")
	_, fault, _ := strings.Cut(image, "/bad-")
	verb := append(os.Args, "")[1]
	switch {
	case fault == "init", fault == verb:
		panic("boom")
	case fault == "mute" && verb == "internal":
		time.Sleep(time.Hour)
	}
}
