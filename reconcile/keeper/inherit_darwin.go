package keeper

import "golang.org/x/sys/unix"

// keepFromChildren marks the descriptors that whoever started the keeper left open: none goes on to a life.
func keepFromChildren() {
	for fd := 3; fd < 256; fd++ {
		unix.CloseOnExec(fd)
	}
}
