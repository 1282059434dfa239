package local

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// lsofHolders reads what lsof -Fpcn tells: lines p (pid) and c (command) of a process, then f (descriptor) and n (name) of each
// of its sockets. Kept are those that listen where at cannot be listened at too.
func lsofHolders(text string, at netip.AddrPort) (out []holder) {
	var h holder
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			continue
		}
		switch value := line[1:]; line[0] {
		case 'p':
			h.pid, _ = strconv.Atoi(value)
		case 'c':
			h.name = value
		case 'n':
			if h.pid > 0 && inTheWay(value, at) && !slices.Contains(out, h) {
				out = append(out, h)
			}
		}
	}
	return out
}

// inTheWay tells whether a name as lsof writes it, *:3000, 127.0.0.1:3000 or [::1]:3000, is that of a socket in the way of at.
func inTheWay(name string, at netip.AddrPort) bool {
	i := strings.LastIndexByte(name, ':')
	if i < 0 || name[i+1:] != strconv.Itoa(int(at.Port())) {
		return false
	}
	host := strings.Trim(name[:i], "[]")
	ip, err := netip.ParseAddr(host)
	return host == "*" || at.Addr().IsUnspecified() || err == nil && ip == at.Addr()
}
