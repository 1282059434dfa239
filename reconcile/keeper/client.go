package keeper

import (
	"errors"
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
	SetUser  bool   // only where the keeper runs as root
	KillMode string // what of the tree ends with the program: "tree" (also ""), "group" or "process"
	Log      Log
	Stdin    bool     // stdin is a FIFO that Type writes to, and that never ends; else /dev/null
	Channel  bool     // descriptor 3 is one end of a pair of stream sockets; Hold passes on the other
	Listen   []Socket // listening sockets that the keeper holds; descriptor 3 and on, before the channel
	Meta     []byte   // opaque to the keeper; at most 32 KiB; kept in its record, returned by List
}

// Log says where a life's bytes go and how much is kept. Each stream lies in Dir/out and Dir/err.
type Log struct {
	Dir     string // absolute; "" keeps nothing (the bytes are read and dropped)
	MaxSize int64  // bytes of `current` before it is closed as @START.log; 0 is no limit
	Keep    int    // closed segments kept of each stream
	Drop    bool   // bytes that cannot be written are dropped and counted; else the program waits
	Stamps  bool   // the index tells when each piece came, not only every 10 ms
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
	Deadline time.Time // of the stop that is under way, or by which it ended; zero if none was asked for
	Adopted  bool      // its parent is gone: started by an earlier keeper
	Exit     Exit      // zero unless Exited
	Escaped  int       // processes of its tree that could not be ended
	Cgroup   string    // absolute path of its own cgroup v2 folder, or ""
	Meta     []byte
}

// A StopOrder asks to end a life. The keeper carries it to its end, whatever becomes of the daemon.
type StopOrder struct {
	Life     string
	Signal   syscall.Signal // first; 0 is SIGTERM
	Grace    time.Duration  // until SIGKILL
	KillMode string         // "" is what Spawn said
	After    int            // if not 0: a pid whose end the first signal waits for, 2 s at most

	Second      syscall.Signal // if not 0: sent as well, once SecondAfter has passed. A keeper of an older kitt does not know it
	SecondAfter time.Duration  // from the first signal on
}

// An Event tells that a life changed. It carries the life as it is now; look again rather than count.
//
// Kinds: "exit"; "logged" (a Watch fired; Text is the Log.Dir); "rotated" (Text is the folder of the stream);
// "stalled" (its output waits; Text is the write's error) and "resumed"; "unkillable" (SIGKILL was sent and the
// process is still there; Text says in which state); "shutdown" (SIGTERM: answer with Shutdown).
type Event struct {
	Kind string
	Life Life
	Text string
}

// ErrFenced says that a newer daemon has claimed the keeper: the caller may change nothing any more.
var ErrFenced = errors.New("fenced: a newer daemon has taken over")

// ErrUnknown says that the keeper has no such life.
var ErrUnknown = errors.New("no such life")

// ErrClosed says that the keeper's end of the connection is gone.
var ErrClosed = errors.New("keeper: connection closed")

// An Error is the keeper's refusal. Text reads like `chdir /x: no such file or directory`.
type Error struct {
	Stage string        // "fork", "exec", "chdir", "record", ...
	Errno syscall.Errno // 0 if the system was not asked
	Text  string
}

func (e *Error) Error() string { return e.Text }

// Unwrap returns the system's error, for errors.Is(err, syscall.ENOENT).
func (e *Error) Unwrap() error {
	if e.Errno == 0 {
		return nil
	}
	return e.Errno
}
