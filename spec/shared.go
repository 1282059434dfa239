package spec

import (
	"runtime"
	"strings"
)

// warnShared warns where the answer of another life may be taken for that of the one that begins: both have the socket, and only
// Linux tells who took a connection.
func (r *reading) warnShared(p *Process) {
	if field := p.sharedProbe(runtime.GOOS); field != "" {
		r.warn(p.at(field), "let the program say it: ready.message, ready.notify or ready.log; or ask at an address of its own",
			"process %q: %s: this system does not tell which life answers at a socket of listen: another one that runs may be found ready in its place", p.Name, field)
	}
}

// sharedProbe is the question of ready {} alone that any life may answer; "" if there is none.
func (p *Process) sharedProbe(goos string) string {
	if goos == "linux" || len(p.Ready.Needs()) > 0 || p.Instances < 2 && p.Replacing() != Overlap {
		return ""
	}
	for _, s := range p.Listen {
		port := s.Address[strings.LastIndexByte(s.Address, ':')+1:]
		path, local := strings.CutPrefix(s.Address, "unix:")
		switch {
		case local && p.Ready.HTTP != "" && p.Ready.Socket == path, !local && p.Ready.Socket == "" && strings.Contains(p.Ready.HTTP+"/", ":"+port+"/"):
			return "ready.http"
		case !local && (p.Ready.TCP == port || strings.HasSuffix(p.Ready.TCP, ":"+port)):
			return "ready.tcp"
		}
	}
	return ""
}
