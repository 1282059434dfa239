package probe

import "time"

// A Count is how many answers in a row were good or bad. The zero Count has none.
type Count struct{ Good, Bad int }

// Add takes in one answer.
func (c Count) Add(good bool) Count {
	if good {
		return Count{Good: c.Good + 1}
	}
	return Count{Bad: c.Bad + 1}
}

// slept is how much further the wall clock may be than the monotonic one before the machine must have slept, or the clock was
// set: either way what was measured in between means nothing.
const slept = 2 * time.Second

// Slept tells whether the machine slept between two readings of the clock, each with its monotonic part.
func Slept(from, to time.Time) bool { return asleep(to.Round(0).Sub(from.Round(0)), to.Sub(from)) }

// asleep compares what the wall clock and the monotonic one say of the same time: the second stands still in a sleep.
func asleep(wall, awake time.Duration) bool { return wall-awake > slept }
