package local

import (
	"os"
	"strconv"
	"strings"
)

// environOf is the environment that a process was started with, as far as it can be read.
func environOf(pid int) []string {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	if err != nil {
		return nil
	}
	return strings.Split(strings.TrimRight(string(b), "\x00"), "\x00")
}
