//go:build !linux

package service

import (
	"net"

	"kitt.sh/service/probe"
)

// whoTook is not told by this system.
func whoTook(net.Conn, int, []int) probe.Owner { return probe.Unknown }
