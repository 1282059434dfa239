package keeper

import (
	"context"
	"syscall"
	"time"
)

// A Spawn asks for one life. The keeper runs argv as given: no shell, no PATH search.
type Spawn struct {
	Life     string // "shop/web.1#7.9f3a": project/process.n#GENERATION.NONCE; idempotent by this
	Argv     []string
	Path     string // absolute path of the program; argv[0] is passed verbatim
	Env      []string
	Cwd      string
	Umask    int
	UID, GID uint32
	Groups   []uint32
	SetUser  bool // only where the keeper runs as root
	Log      Log
	Meta     []byte // opaque to the keeper; at most 32 KiB; kept in its record, returned by List
}

// Log says where a life's bytes go and how much is kept. Each stream lies in Dir/out and Dir/err.
type Log struct {
	Dir     string // absolute; "" keeps nothing (the bytes are read and dropped)
	MaxSize int64  // bytes of `current` before it is closed as @START.log
	Keep    int    // closed segments kept of each stream
}

// A State of a life.
type State uint8

const (
	Running  State = iota + 1
	Stopping       // a stop is under way; the keeper will finish it
	Exited         // reaped; kept in the list until Forget
)

// An Exit is how a life ended. How is "exit", "signal" or "unknown" (nobody was there to see it).
type Exit struct {
	How    string
	Code   int
	Signal syscall.Signal
	Core   bool
	At     time.Time
}

// A Life is one run of an instance, as the keeper knows it.
type Life struct {
	Name     string
	PID      int
	State    State
	Started  time.Time
	Deadline time.Time // of a stop under way
	Adopted  bool      // its parent is gone: started by an earlier keeper
	Exit     Exit      // zero unless Exited
	Escaped  int       // processes of its tree that could not be ended
	Cgroup   string    // absolute path of its own cgroup v2 folder, or ""
	Meta     []byte
}

// An Event tells that a life changed. It carries the life as it is now; look again rather than count.
type Event struct {
	Kind string // "exit" | "logged" (a Watch fired) | "rotated" | "stalled" | "resumed" | "shutdown" (SIGTERM: the daemon must answer with Shutdown)
	Life Life
	Text string // stalled: the write's error; rotated: the folder of the stream
}

// A Client speaks to the keeper. Its methods may be called from any goroutine.
type Client struct{}

// Dial, Claim, Spawn ... are to be written.
var _ = context.Background
