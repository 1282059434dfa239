package reconcile

import (
	"fmt"
	"time"

	"kitt.sh/spec"
)

// lateness is how long after its time a job that does not catch up is still begun: what is in time is not punctual.
const lateness = time.Minute

// A Scheduled is since when a process has the schedule that it has. Times before are none of its own.
type Scheduled struct {
	Text  string    `json:"text"` // the schedule
	Since time.Time `json:"since"`
}

// A Ran is the last run of a job: what outlives the boot, since lives do not.
type Ran struct {
	Generation uint64    `json:"generation"`
	At         time.Time `json:"at,omitzero"`
}

// ScheduleText is what tells two schedules apart that have other times; "" where a process has none.
func ScheduleText(s spec.Schedule) string {
	if s.Cron == "" && s.Restart == "" {
		return ""
	}
	return s.Cron + "|" + s.Restart + "|" + s.Timezone
}

// schedule puts into an instance what was noted of its schedule.
func (p *Project) schedule(in *Instance) {
	if in.Process.Schedule == (spec.Schedule{}) {
		return
	}
	ran := p.Ran[in.ID.Short()]
	in.Since, in.Ran = later(p.Schedules[in.ID.Process].Since, ran.At), ran.Generation
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// due is the first time of an instance's schedule that nobody has dealt with; zero if there is none. last is its last
// life, living or over, or nil.
func due(now time.Time, want Instance, last *Observed) time.Time {
	s := want.Process.Schedule
	from := want.Since
	if last != nil {
		from = later(from, last.Started)
		if s.Job() && (s.Overlap == "" || s.Overlap == "skip") {
			from = later(from, last.Exit.At) // times that came while it ran were skipped
		}
	}
	if from.IsZero() {
		from = now
	}
	at := s.Next(from)
	if s.CatchUp == "none" && !at.IsZero() && now.Sub(at) > lateness {
		at = s.Next(now)
	}
	return at
}

// passed tells whether a time has come. The zero time never does.
func passed(now, at time.Time) bool { return !at.IsZero() && !now.Before(at) }

// ends is when a life that runs as it should is to end, as far as its schedule says so; zero: never.
func ends(now time.Time, want Instance, l *Observed) time.Time {
	if s := want.Process.Schedule; s.Restart == "" && s.Overlap != "kill" {
		return time.Time{}
	}
	return due(now, want, l)
}

// overdue is why a process that runs always is to begin anew; "" if its time has not come.
func overdue(now time.Time, want Instance, last *Observed) string {
	if want.Process.Schedule.Restart == "" {
		return ""
	}
	if at := due(now, want, last); passed(now, at) {
		return fmt.Sprintf("restart.cron %s: due at %s", want.Process.Schedule.Restart, clock(now, at, want.Process.Schedule))
	}
	return ""
}

// judgeJob judges a job of which nothing lives; end is its last life, or nil.
func judgeJob(now time.Time, w World, v Verdict, want Instance, end *Observed) Verdict {
	at, s := due(now, want, end), want.Process.Schedule
	h, ran := History{}, max(want.Ran, 1)
	if end != nil {
		h.Before, h.Restarts, h.Last = end.History.Before+1, end.History.Restarts, end.Exit
		v.Since, ran = end.Exit.At, max(ran, end.Generation)
	}
	switch {
	case want.Generation > ran:
		return v.start(now, w, want, end, want.askedFor(), h)
	case passed(now, at):
		return v.start(now, w, want, end, fmt.Sprintf("schedule %s: due at %s", s.Cron, clock(now, at, s)), h)
	case end != nil && tries(want, *end):
		v = judgeDeath(now, w, v, want, *end)
		if v.Phase == PhaseWaiting {
			v.Wake = sooner(v.Wake, at)
		}
		if v.Phase != PhaseFailed {
			return v
		}
		v.Hint = ""
	}
	v.Phase, v.Final, v.Rest, v.Wake, v.Reason = PhaseWaiting, true, true, at, nextRun(now, want, at)
	if end == nil || end.State != NoStart && end.Exit.clean() {
		return v
	}
	v.Reason += "; the last: " + end.Exit.String()
	if end.State == NoStart {
		v.Phase, v.Rest, v.Reason, v.Hint = PhaseFailed, false, end.Exit.Text, end.Exit.Hint
	}
	return v
}

// tries tells whether a job that has ended is to be tried again before its next time.
func tries(want Instance, end Observed) bool {
	if end.Asked {
		return false
	}
	if end.State == NoStart {
		return end.Exit.Retry
	}
	out, _ := judge(want.Process.Restart, end.Exit)
	return out == again
}

func nextRun(now time.Time, want Instance, at time.Time) string {
	if at.IsZero() {
		return "runs when asked: kitt run " + want.ID.Process
	}
	return "next run at " + clock(now, at, want.Process.Schedule)
}

// clock is a time as the schedule's own clock shows it, with the day where it is not today.
func clock(now, at time.Time, s spec.Schedule) string {
	form := "15:04"
	if at.Second() != 0 {
		form = "15:04:05"
	}
	if y, m, d := at.Date(); time.Date(y, m, d, 0, 0, 0, 0, at.Location()) != midnight(now.In(at.Location())) {
		form = "Mon 2 Jan " + form
	}
	text := at.Format(form)
	if s.Timezone != "" {
		text += " " + s.Timezone
	}
	return text
}

func midnight(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, t.Location())
}

// sooner is the earlier of two times of which either may be none.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// misfitJob says why a job's running life is to end; "" if it may go on. An edit of its command is for its next run.
func misfitJob(now time.Time, want Instance, l *Observed) string {
	kill := want.Process.Schedule.Overlap == "kill"
	switch {
	case want.Hold != "":
		return want.Hold
	case l.Generation < want.Generation && (kill || want.Cause != ReasonRun):
		return want.askedFor()
	case kill && passed(now, due(now, want, l)):
		return "schedule " + want.Process.Schedule.Cron + ": its time has come again, and overlap is kill"
	}
	return ""
}

// Reschedule notes that a process has another schedule from now on, or none.
func (p *Project) Reschedule(proc *spec.Process, now time.Time) {
	text := ScheduleText(proc.Schedule)
	if text == "" {
		delete(p.Schedules, proc.Name)
		return
	}
	if p.Schedules == nil {
		p.Schedules = map[string]Scheduled{}
	}
	p.Schedules[proc.Name] = Scheduled{text, now}
	for n := 1; n <= Count(p, proc); n++ {
		if id := (ID{Process: proc.Name, N: n}); p.Ran[id.Short()].Generation == 0 {
			p.Began(id, p.generation(id), time.Time{}) // what was asked for before it was a job is no run
		}
	}
}

// Began notes the run of a job.
func (p *Project) Began(id ID, generation uint64, now time.Time) {
	if p.Ran == nil {
		p.Ran = map[string]Ran{}
	}
	p.Ran[id.Short()] = Ran{generation, now}
}
