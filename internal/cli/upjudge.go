package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"kitt.sh/service/api"
	"kitt.sh/spec"
)

// upEnd is why all is to end, and the exit code that this means.
type upEnd struct {
	code int
	why  string
}

// upJudge tells whether all is to end now, by how the instances stand. Pure.
func upJudge(mode upMode, rows []api.Instance, restarts map[string]spec.Restart) (upEnd, bool) {
	var over []api.Instance
	living, waiting := 0, 0
	for _, in := range rows {
		switch in.Phase {
		case "done", "failed":
			over = append(over, in)
		case "held":
		case "waiting":
			waiting++
		default:
			living++
		}
	}
	slices.SortStableFunc(over, func(a, b api.Instance) int { return upEnded(a).Compare(upEnded(b)) })
	first := upEnd{why: "all have ended"}
	for _, in := range over {
		failed := in.Phase == "failed"
		if mode == upRestart && failed || mode == upFirst && (failed || upForEver(in, restarts[in.Process])) {
			return upEnd{upCode(in), in.ID + " " + upExit(in)}, true
		}
		if code := upCode(in); code != 0 && first.code == 0 && !upExpected(in, restarts[in.Process]) {
			first = upEnd{code, in.ID + " " + upExit(in)}
		}
	}
	stuck := mode != upRestart && living == 0 // what still waits depends on one that is over
	return first, len(rows) > 0 && living == 0 && (waiting == 0 || stuck && len(over) > 0)
}

// upForEver tells whether in was to run for ever, so that any end of it is one too many.
func upForEver(in api.Instance, r spec.Restart) bool {
	return r.Policy == "always" && !upExpected(in, r)
}

// upExpected tells whether in ended with a code that the spec calls an end as it should be.
func upExpected(in api.Instance, r spec.Restart) bool {
	return in.Exit != nil && in.Exit.Code != nil && slices.Contains(r.DoneCodes, *in.Exit.Code)
}

func upEnded(in api.Instance) time.Time {
	if in.Exit != nil {
		return in.Exit.At.Time
	}
	return in.Since.Time
}

// upCode is an end as a shell tells it: the code, or 128 and the signal.
func upCode(in api.Instance) int {
	switch e := in.Exit; {
	case e == nil:
		return codeNotReady // it could not start
	case e.Code != nil:
		return *e.Code
	case e.Signal != "":
		return 128 + int(unix.SignalNum(e.Signal))
	}
	return codeFailed
}

// upExit words an end.
func upExit(in api.Instance) string {
	switch e := in.Exit; {
	case e == nil:
		return "cannot start: " + in.Reason
	case e.Code != nil:
		return fmt.Sprintf("ended with exit code %d", *e.Code)
	case e.Signal != "":
		return "was ended by " + e.Signal
	}
	return "ended, nobody saw how"
}

// An upProcess is one in the order of start, with what it depends on.
type upProcess struct {
	name  string
	needs []string
}

// upStopPause is how long a process that was told to end holds up the one before it.
const upStopPause = time.Second

// upNextStop says which process is to be told to end now: the last one started of those that run, once those after it
// have ended or have had upStopPause for it, and all that depend on it have ended. "" and a time say to look again
// then, if nothing happens before. Pure.
func upNextStop(now time.Time, order []upProcess, lives map[string]bool, asked map[string]time.Time) (stop string, again time.Duration) {
	for i := len(order) - 1; i >= 0; i-- {
		p := order[i]
		if !lives[p.name] {
			continue
		}
		if at, ok := asked[p.name]; ok {
			if left := upStopPause - now.Sub(at); left > 0 {
				return "", left
			}
			continue
		}
		needed := slices.ContainsFunc(order, func(o upProcess) bool { return lives[o.name] && slices.Contains(o.needs, p.name) })
		if !needed {
			return p.name, 0
		}
	}
	return "", 0
}

// upLives lists the processes of which something lives or may begin again.
func upLives(rows []api.Instance) map[string]bool {
	lives := map[string]bool{}
	for _, in := range rows {
		if in.PID != 0 || !strings.Contains("done failed held", in.Phase) {
			lives[in.Process] = true
		}
	}
	return lives
}

func signalName(sig unix.Signal) string { return unix.SignalName(sig) }
