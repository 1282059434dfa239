package keeper

import "golang.org/x/sys/unix"

const (
	recvFlags = 0
	sendFlags = 0 // the runtime catches SIGPIPE
)

// peerPID is the process at the other end of a unix socket, or the one that listened; 0 where nobody knows.
func peerPID(fd int) int {
	pid, err := unix.GetsockoptInt(fd, unix.SOL_LOCAL, unix.LOCAL_PEERPID)
	if err != nil {
		return 0
	}
	return pid
}

// PeerUID is the user at the other end of a unix socket.
func PeerUID(fd int) (int, error) {
	c, err := unix.GetsockoptXucred(fd, unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	if err != nil {
		return -1, err
	}
	return int(c.Uid), nil
}
