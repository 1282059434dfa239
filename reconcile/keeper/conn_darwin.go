package keeper

import "golang.org/x/sys/unix"

const (
	recvFlags = 0
	sendFlags = 0 // the runtime catches SIGPIPE
)

// PeerUID is the user at the other end of a unix socket.
func PeerUID(fd int) (int, error) {
	c, err := unix.GetsockoptXucred(fd, unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	if err != nil {
		return -1, err
	}
	return int(c.Uid), nil
}
