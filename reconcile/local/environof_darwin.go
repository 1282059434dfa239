package local

import (
	"bytes"
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// environOf is the environment that a process was started with, as far as it can be read.
// The layout of kern.procargs2: int32 argc, path, zeros, argc arguments, the environment.
func environOf(pid int) (env []string) {
	b, err := unix.SysctlRaw("kern.procargs2", pid)
	if err != nil || len(b) < 4 {
		return nil
	}
	argc := int(binary.LittleEndian.Uint32(b))
	b = b[4:]
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = bytes.TrimLeft(b[i:], "\x00")
	}
	for n := 0; len(b) > 0; n++ {
		word, rest, _ := bytes.Cut(b, []byte{0})
		b = rest
		switch {
		case n < argc:
		case len(word) == 0:
			return env
		default:
			env = append(env, string(word))
		}
	}
	return env
}
