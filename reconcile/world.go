package reconcile

import (
	"strconv"
	"time"

	"kitt.sh/spec"
)

// An Instance is what is wanted: one numbered run of a process, up or held.
type Instance struct {
	ID         ID
	Process    *spec.Process
	Captured   map[string]string // the project's captured environment; a change of it alone replaces nothing
	Generation uint64            // restarts asked for, from 1
	Run        string            // digest of the fields whose edit replaces
	Hold       string            // why it is kept down; "" means it is to be up
	Was        []string          // former names of its project: it starts when its instance under those has ended
	Cause      string            // why this generation was asked for; "" where a user did
	Workers    int               // how many programs it is: of a cluster its workers, else 1
	Since      time.Time         // its schedule's times count from then on
	Ran        uint64            // a job: generation of its last run, also of one before the boot
	Note       string            // what is to be known of it while it runs; no trouble of the life itself
	Place      int               // of its process in the file
	Beside     bool              // start: beside a life of it that goes on
}

// A State of a life, as a Runtime sees it.
type State uint8

const (
	Running  State = iota + 1
	Stopping       // a stop was asked for and is under way; the Runtime finishes it by itself
	Exited         // over; kept until Forget, so that its end can be judged
	NoStart        // it never ran; Exit.Text says why
)

// An Exit is how a life ended. Code and Signal are meant only where How says so.
type Exit struct {
	How    string // exit | signal | unknown | nostart
	Code   int
	Signal string // SIGKILL
	Text   string // nostart: the whole reason; signal: the cause, where it is known
	Hint   string // nostart: the way out, if there is one
	Retry  bool   // nostart: the cause passes by itself (no memory, too many processes)
	At     time.Time
}

// A Death is what back-off and limits remember of a life that ended unasked.
type Death struct {
	At  time.Time
	Ran time.Duration
}

// History is what one life hands on to the next. It is forgotten with the boot.
type History struct {
	Before   int     // lives that stand before it, however they ended: so that a clock that was set does not change which is the last
	Restarts int     // lives begun because the one before had died, or because kitt itself had ended it
	Deaths   []Death // unasked ends under the present generation, oldest first, at most 100
	Last     Exit    // how the life before ended, asked or not; the zero Exit if there was none
}

// Observed is one life of an instance, as it is now.
type Observed struct {
	ID         ID
	Life       string // its name, the handle for Stop and Forget
	Generation uint64
	Run        string    // digest it was started with
	Limits     string    // log limits it runs under; see Limits
	Stop       spec.Stop // how it was to be stopped when it was started; for a life that is no longer wanted
	State      State
	PID        int
	Started    time.Time
	Asleep     time.Duration // how long the machine had slept since its boot when it began, and 1 ns; 0: not known
	Slept      time.Duration // how long the machine slept meanwhile, as far as the time from Started on counts that
	Deadline   time.Time     // Stopping: when it will be killed
	Asked      bool          // its end was asked for, so it is no death
	Adopted    bool          // its parent is gone
	Exit       Exit
	Ready      bool      // it was found ready once; no meaning for those that need not be
	Said       string    // which of the things it must say to be ready it has said, a word each
	Sick       string    // why it must be ended and begun anew: it does not answer, it hangs
	Healthy    bool      // asked whether it is alive, it has answered since this daemon began; not recorded
	Unwell     string    // what it answered last, where that is not what is expected; not recorded
	Port       int       // of its own, where it is exposed by kitt; else 0
	More       time.Time // until when it asked for more time, to be ready or to end; not recorded
	Note       string    // what was done otherwise than recorded when it was started: a program that has moved
	Trouble    string    // something that does not stop it: log writing stalled, processes escaped
	History    History
}

// alive tells whether the life is not over.
func (o *Observed) alive() bool { return o.State == Running || o.State == Stopping }

// Limits is the part of a log's settings that the one who writes the bytes must know.
func Limits(l spec.Log) string { return string(appendLimits(nil, l)) }

func appendLimits(b []byte, l spec.Log) []byte {
	if l.Off {
		return append(b, "off"...)
	}
	b = append(append(b, l.Dir...), ':')
	b = append(strconv.AppendInt(b, l.MaxSize, 10), '/')
	b = strconv.AppendInt(b, int64(l.Keep), 10)
	if l.Full == "drop" {
		b = append(b, "/drop"...)
	}
	if l.Timestamps {
		b = append(b, "/timestamps"...)
	}
	return b
}
