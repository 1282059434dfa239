package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"kitt.sh/service/api"
)

// upPrintMost is how long printing may keep from looking: a terminal may be slower than a program.
const upPrintMost = 200 * time.Millisecond

// errPause ends printing before its end.
var errPause = errors.New("printing pauses")

// print prints the output that is stored and was not printed yet, until a signal comes or enough says so: then there
// is more.
func (f *foreground) print(ctx context.Context, enough func() bool) (more bool, err error) {
	if f.reader == nil {
		return false, nil
	}
	n := 0
	err = f.out.end(f.reader.Read(ctx, func(l logLine) error {
		if err := f.out.print(l); err != nil {
			return err
		}
		if n++; n%256 == 0 && (len(f.got) > 0 || enough()) {
			return errPause
		}
		return nil
	}))
	if errors.Is(err, errPause) {
		return true, nil
	}
	return false, err
}

func (f *foreground) tellAll() {
	for _, in := range f.rows {
		f.tell(f.seen[in.ID], in)
		f.seen[in.ID] = in
	}
}

// tell says what became of an instance since it was seen last.
func (f *foreground) tell(was, is api.Instance) {
	switch {
	case is.Exit != nil && (was.Exit == nil || !is.Exit.At.Equal(was.Exit.At.Time)):
		f.say("exit", is.ID, upExit(is), is.Exit)
	case is.Phase == "failed" && is.Exit == nil && was.Phase != "failed":
		f.say("exit", is.ID, upExit(is), nil)
	}
	if is.PID != 0 && is.PID != was.PID {
		f.say("start", is.ID, fmt.Sprintf("started, pid %d", is.PID), nil)
	}
}

// An upSaid is one line of kitt's own in JSON; docs/json.md promises it. A line of a process has type "line".
type upSaid struct {
	Type   string    `json:"type"` // start exit stop done
	ID     string    `json:"id,omitempty"`
	At     api.Time  `json:"at"`
	Reason string    `json:"reason"`
	Exit   *api.Exit `json:"exit,omitempty"`
	Code   *int      `json:"code,omitempty"` // done: the exit code
}

func (f *foreground) say(kind, id, text string, exit *api.Exit) {
	if f.k.Output == "json" {
		said := upSaid{Type: kind, ID: id, At: api.Time{Time: f.k.Now()}, Reason: text, Exit: exit}
		if kind == "done" {
			said.Code = &f.end.code
		}
		b, _ := json.Marshal(said) // strings and numbers: cannot fail
		_, _ = f.k.Out.Write(append(api.Harmless(b), '\n'))
		return
	}
	switch {
	case f.k.Quiet || kind == "done":
	case id == "":
		fmt.Fprintf(f.k.Err, "%s %s\n", f.k.Talk.in(dim, "kitt:"), indentLines(text))
	default:
		fmt.Fprintf(f.k.Err, "%s %s %s\n", f.k.Talk.in(dim, "kitt:"), clean(id), indentLines(text))
	}
}
