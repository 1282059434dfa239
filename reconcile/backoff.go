package reconcile

import (
	"fmt"
	"math"
	"time"

	"kitt.sh/spec"
)

// maxDeaths bounds History.Deaths; no restart.max beyond it can be kept.
const maxDeaths = 100

// backoff is the pause after the given number of deaths in a row (1 for the first).
func backoff(r spec.Restart, deaths int) time.Duration {
	if r.BackoffMin <= 0 {
		return 0 // nought times infinity is no number
	}
	factor := max(r.Factor, 1)
	pause := float64(r.BackoffMin) * math.Pow(factor, float64(max(deaths-1, 0)))
	return time.Duration(min(pause, float64(max(r.BackoffMax, r.BackoffMin))))
}

// streak counts the deaths at the end of h since the last life that was stable.
// The stable life's own death is the first of the new streak.
func streak(r spec.Restart, h []Death) int {
	n := 0
	for i := len(h) - 1; i >= 0; i-- {
		n++
		if h[i].Ran >= r.Stable {
			break
		}
	}
	return n
}

// spent tells whether the deaths within the sliding window that ends with the last one used up r.Max.
func spent(r spec.Restart, h []Death) bool {
	if r.Max <= 0 || len(h) == 0 {
		return false
	}
	from, n := h[len(h)-1].At.Add(-r.Within), 0
	for _, d := range h {
		if d.At.After(from) && (r.MinUptime == 0 || d.Ran < r.MinUptime) {
			n++
		}
	}
	return n >= min(r.Max, maxDeaths)
}

// An outcome is what a death means under a policy.
type outcome uint8

const (
	again  outcome = iota // start it again
	done                  // it ended as it should
	failed                // it stays down
)

// judge says what the exit means, and in words why it stays down if it does.
func judge(r spec.Restart, e Exit) (outcome, string) {
	if e.How == "exit" {
		for _, c := range r.DoneCodes {
			if c == e.Code {
				return done, fmt.Sprintf("%s, one of its stop codes", e)
			}
		}
	}
	switch {
	case r.Policy == "on-failure" && e.clean():
		return done, e.String()
	case r.Policy == "on-abnormal" && e.clean():
		return done, e.String()
	case r.Policy == "on-abnormal" && e.How == "exit":
		return failed, fmt.Sprintf("%s, and restart.policy is on-abnormal", e)
	case r.Policy == "never" && e.clean():
		return done, e.String()
	case r.Policy == "never":
		return failed, fmt.Sprintf("%s, and restart.policy is never", e)
	}
	return again, ""
}

// clean is an end as asked for: exit 0, or a signal that means please stop.
func (e Exit) clean() bool {
	switch e.How {
	case "exit":
		return e.Code == 0
	case "signal":
		return e.Signal == "SIGTERM" || e.Signal == "SIGINT" || e.Signal == "SIGHUP" || e.Signal == "SIGPIPE"
	}
	return false
}

// String says it in words: "exit 1", "killed by SIGSEGV", "ended unseen".
func (e Exit) String() string {
	switch e.How {
	case "exit":
		return fmt.Sprintf("exit %d", e.Code)
	case "signal":
		if e.Text != "" {
			return "killed by " + e.Signal + ": " + e.Text
		}
		return "killed by " + e.Signal
	case "nostart":
		return e.Text
	}
	return "ended while nobody watched, exit unknown"
}
