package spec

import "time"

// Defaults is a process about which its file says nothing: always restarted, with a growing pause;
// ten seconds to stop; the last 60 MiB or so of each stream kept.
func Defaults() Process {
	return Process{
		Instances: 1,
		Restart: Restart{Policy: "always", BackoffMin: 100 * time.Millisecond, BackoffMax: 15 * time.Second, Factor: 2,
			Stable: 30 * time.Second, Within: 10 * time.Minute},
		Stop: Stop{Signal: "SIGTERM", Timeout: 10 * time.Second, KillMode: "tree"},
		Log:  Log{MaxSize: 10 << 20, Keep: 5, Compress: true},
	}
}
