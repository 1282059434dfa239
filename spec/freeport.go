package spec

import "hash/fnv"

// Ports that kitt gives lie below those that Linux (from 32768) and macOS (from 49152) give to outgoing connections, so that
// none of those takes one between two lives.
const (
	firstGiven = 20000
	endGiven   = 30000
)

// wellKnown are ports of that range which programs take by themselves: Syncthing, fluentd, Minecraft, CockroachDB, Redis
// Sentinel, MongoDB, RethinkDB.
var wellKnown = map[int]bool{22000: true, 24224: true, 25565: true, 26257: true, 26379: true, 27017: true, 27018: true, 27019: true, 28015: true}

// FreePort is the port that kitt gives to what key names: the same one each time, unless it is taken; then the next that is
// not. 0: all are.
func FreePort(key string, taken func(port int) bool) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(key)) // never fails
	const size = endGiven - firstGiven
	for i, at := 0, int(h.Sum32()%size); i < size; i++ {
		if port := firstGiven + (at+i)%size; !wellKnown[port] && !taken(port) {
			return port
		}
	}
	return 0
}
