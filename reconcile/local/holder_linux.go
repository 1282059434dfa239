package local

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// holdersOf lists who listens where at cannot be listened at too, as far as this user may see it.
func holdersOf(at netip.AddrPort) (out []holder) {
	links := socketsAt(at)
	if len(links) == 0 {
		return nil
	}
	dirs, _ := os.ReadDir("/proc")
	for _, d := range dirs {
		pid, err := strconv.Atoi(d.Name())
		if err == nil && hasOne(pid, links) {
			comm, _ := os.ReadFile("/proc/" + d.Name() + "/comm")
			out = append(out, holder{pid, strings.TrimSpace(string(comm))})
		}
	}
	return out
}

// holds tells whether one of these processes listens there. Where it does, not all of the machine's are looked through.
func holds(pids []int, at netip.AddrPort) bool {
	links := socketsAt(at)
	return len(links) > 0 && slices.ContainsFunc(pids, func(pid int) bool { return hasOne(pid, links) })
}

// hasOne tells whether a process has one of these sockets open.
func hasOne(pid int, links []string) bool {
	dir := "/proc/" + strconv.Itoa(pid) + "/fd"
	fds, _ := os.ReadDir(dir)
	for _, fd := range fds {
		if to, err := os.Readlink(dir + "/" + fd.Name()); err == nil && slices.Contains(links, to) {
			return true
		}
	}
	return false
}

// family is a process and what it started, and what that started.
func family(pid int) []int {
	all := []int{pid}
	for i := 0; i < len(all); i++ {
		lists, _ := filepath.Glob("/proc/" + strconv.Itoa(all[i]) + "/task/*/children")
		for _, list := range lists {
			b, _ := os.ReadFile(list)
			for _, word := range strings.Fields(string(b)) {
				if child, err := strconv.Atoi(word); err == nil && !slices.Contains(all, child) {
					all = append(all, child)
				}
			}
		}
	}
	return all
}

// parentOf reads it where the kernel writes it, behind a name that may hold anything; 0 where it is gone.
func parentOf(pid int) int {
	b, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(f) < 2 {
		return 0
	}
	parent, _ := strconv.Atoi(f[1])
	return parent
}

// socketsAt are the sockets, as links to them read, that listen where at cannot be listened at too.
func socketsAt(at netip.AddrPort) (links []string) {
	for _, file := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		if f, err := os.Open(file); err == nil {
			links = append(links, listeners(listening(f), at)...)
			_ = f.Close()
		}
	}
	return links
}

// listening is the beginning of /proc/net/tcp, where the kernel lists those that listen. After them come the connections, also those
// that are over: after many short ones there are tens of thousands, and to read them all takes most of a second.
func listening(table io.Reader) string {
	var out strings.Builder
	lines := bufio.NewReaderSize(table, 4096)
	for n := 0; ; n++ {
		line, err := lines.ReadString('\n')
		if f := strings.Fields(line); err != nil || n > 0 && len(f) > 3 && f[3] != stateListens {
			return out.String()
		}
		out.WriteString(line)
	}
}

// stateListens is that of a socket which listens, in /proc/net/tcp.
const stateListens = "0A"

// listeners reads /proc/net/tcp: the sockets, as links to them read, that listen where at cannot be listened on too.
func listeners(table string, at netip.AddrPort) (out []string) {
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) < 10 || f[3] != stateListens {
			continue
		}
		host, port, _ := strings.Cut(f[1], ":")
		n, err := strconv.ParseUint(port, 16, 16)
		if err != nil || uint16(n) != at.Port() {
			continue
		}
		ip := kernelAddr(host)
		if ip == at.Addr() || ip.IsUnspecified() || at.Addr().IsUnspecified() {
			out = append(out, "socket:["+f[9]+"]")
		}
	}
	return out
}

// kernelAddr reads words of 32 bits in the order of the machine, which is little-endian wherever kitt runs.
func kernelAddr(text string) netip.Addr {
	b, _ := hex.DecodeString(text)
	for i := 0; i+4 <= len(b); i += 4 {
		slices.Reverse(b[i : i+4])
	}
	ip, _ := netip.AddrFromSlice(b)
	return ip.Unmap()
}
