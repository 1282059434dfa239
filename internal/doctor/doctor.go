// Package doctor judges how a kitt stands on its machine: what was found, why it matters, and what mends it.
//
//	the machine ──gathered by internal/cli──> Facts ──Examine──> findings
//
// It is pure: nothing is asked here, and each check is a row of a table.
package doctor

import "time"

// Facts are what is known of a kitt and of its machine. A zero field is not known, and is not complained of.
type Facts struct {
	GOOS string
	UID  int

	Exe      string // the program that asks
	Fleeting string // why that is no fit program to install; "" if it is one
	Quarant  bool   // macOS keeps it in quarantine

	Home      string
	HomeMode  uint32 // permission bits of the home
	HomeOwner int
	HomeFS    string // nfs, tmpfs, …
	Writable  string // why nothing can be written there; "" if it can
	Free      uint64 // bytes
	Size      uint64 // bytes of that file system; 0: not known
	Inodes    uint64 // free ones
	AllInodes uint64 // 0: not known

	Running  bool          // kitt answers
	Silent   string        // why it does not, if it is not that nobody listens
	Version  string        // of the program that asks
	Daemon   string        // version of the daemon
	Replaced string        // where the daemon was started from lies another build: its path
	Keeper   int           // pid
	Adopted  int           // instances whose keeper died: their end may not be known exactly
	Broken   []string      // projects whose spec file is not followed
	Gone     []string      // folders of recorded PATHs that are no more
	Passing  []string      // folders of recorded PATHs that belong to a session
	LongStop time.Duration // the longest stop of a process

	Manager string // launchd or systemd; "" where kitt knows neither
	NoBus   string // why the manager cannot be asked; "" if it can
	User    Service
	System  Service
	Foreign []string // services of other process managers that start at boot: their files
	Others  []string // other process managers that run now

	Files       uint64 // how many files the keeper may have open; 0: not known
	Watches     uint64 // inotify watches that one user may have; 0: not known
	Instances   uint64 // and inotify instances
	Kernel      [2]int // Linux: 6, 1
	CgroupV2    bool
	Controllers []string // that the keeper's cgroup can hand down
	Limited     bool     // a spec asks for limits that need them
}

// A Service is how one of kitt's services stands.
type Service struct {
	Installed, Enabled, Running bool
	PID                         int
	Path                        string
	Drifted                     []string
	Boot                        bool   // it comes back after a boot that nobody logs in to
	Why                         string // why so, or why not

	KillMode, Restart, OOM, Delegate string // as systemd has them in effect; "" not known
	StopTimeout                      time.Duration
	DropIns                          string // files that change the unit
}

// States of a finding.
const (
	OK   = "ok"
	Warn = "warn" // works, but not as well as it could
	Bad  = "bad"  // something does not work, or will not after the next boot
)

// A Finding is what one check found.
type Finding struct {
	Check string `json:"check"`           // stable: service, unit, linger, home, …
	State string `json:"state"`           // ok, warn, bad
	Found string `json:"found"`           // what is so
	Why   string `json:"why,omitempty"`   // why it matters
	Mend  string `json:"mend,omitempty"`  // the command, or what to do
	Fix   string `json:"fix,omitempty"`   // what kitt doctor --fix does about it: install, modes
	Fixed string `json:"fixed,omitempty"` // what came of that
}

// A check looks at one thing. It returns nothing where that does not exist here, or is not known.
type check struct {
	name string
	look func(Facts) []Finding
}

// Examine makes all checks, in the order of the table.
func Examine(f Facts) (out []Finding) {
	for _, c := range checks {
		for _, found := range c.look(f) {
			found.Check = c.name
			out = append(out, found)
		}
	}
	return out
}

// Worst is the worst state among findings.
func Worst(list []Finding) string {
	worst := OK
	for _, f := range list {
		if f.State == Bad || f.State == Warn && worst == OK {
			worst = f.State
		}
	}
	return worst
}

func ok(found string) []Finding { return []Finding{{State: OK, Found: found}} }

func warn(found, why, mend string) []Finding {
	return []Finding{{State: Warn, Found: found, Why: why, Mend: mend}}
}

func bad(found, why, mend string) []Finding {
	return []Finding{{State: Bad, Found: found, Why: why, Mend: mend}}
}

// fixable says what doctor --fix does about the findings.
func fixable(by string, list []Finding) []Finding {
	for i := range list {
		list[i].Fix = by
	}
	return list
}
