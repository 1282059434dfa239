package reconcile

import (
	"strings"
	"testing"
	"time"

	"kitt.sh/spec"
)

// job is judged at clock times of 10 January 2026 (a Saturday), UTC.
type job struct {
	name     string
	schedule spec.Schedule
	policy   string
	since    string // when the schedule was first wanted; 00:00
	now      string
	gen, ran uint64 // 1 and 0
	cause    string
	life     *Observed

	phase  Phase
	reason string
	do     Verb // of the first action; "" for none
	wake   string
}

func clockAt(clock string) time.Time {
	if clock == "" {
		return time.Time{}
	}
	if !strings.Contains(clock, " ") {
		clock = "10 " + clock
	}
	t, err := time.Parse("2006-01 2 15:04:05", "2026-01 "+clock)
	if err != nil {
		panic(err)
	}
	return t
}

func living(from string) *Observed { return &Observed{State: Running, Started: clockAt(from), PID: 1} }

func hadRun(from, to string, code int) *Observed {
	return &Observed{State: Exited, Started: clockAt(from), Exit: Exit{How: "exit", Code: code, At: clockAt(to)}}
}

func TestJudgeSchedules(t *testing.T) {
	hourly := spec.Schedule{Cron: "0 * * * *", Timezone: "UTC"}
	with := func(s spec.Schedule, overlap, catchUp string) spec.Schedule {
		s.Overlap, s.CatchUp = overlap, catchUp
		return s
	}
	restart := spec.Schedule{Restart: "0 4 * * *", Timezone: "UTC"}
	for _, r := range []job{
		{name: "a job waits for its first time", schedule: hourly, now: "00:30:00", phase: PhaseWaiting, reason: "next run at 01:00 UTC", wake: "01:00:00"},
		{name: "the next day is named", schedule: spec.Schedule{Cron: "0 3 * * *", Timezone: "UTC"}, since: "05:00:00", now: "06:00:00", phase: PhaseWaiting, reason: "next run at Sun 11 Jan 03:00 UTC", wake: "11 03:00:00"},
		{name: "its time has come", schedule: hourly, now: "01:00:00", phase: PhaseStarting, reason: "schedule 0 * * * *: due at 01:00 UTC", do: Start},
		{name: "it runs", schedule: hourly, now: "01:00:05", life: living("01:00:00"), phase: PhaseRunning},
		{name: "it has run", schedule: hourly, now: "01:10:00", life: hadRun("01:00:00", "01:05:00", 0), phase: PhaseWaiting, reason: "next run at 02:00 UTC", wake: "02:00:00"},
		{name: "it has failed", schedule: hourly, now: "01:10:00", life: hadRun("01:00:00", "01:05:00", 3), phase: PhaseWaiting, reason: "next run at 02:00 UTC; the last: exit 3", wake: "02:00:00"},
		{name: "it tries again where it is told to", schedule: hourly, policy: "on-failure", now: "01:05:01", life: hadRun("01:00:00", "01:05:00", 3), phase: PhaseStarting, reason: "exit 3, try 2", do: Start},

		{name: "a time that comes while it runs is skipped", schedule: hourly, now: "02:30:00", life: hadRun("01:00:00", "02:10:00", 0), phase: PhaseWaiting, reason: "next run at 03:00 UTC", wake: "03:00:00"},
		{name: "or waits until it has ended", schedule: with(hourly, "queue", ""), now: "02:10:01", life: hadRun("01:00:00", "02:10:00", 0), phase: PhaseStarting, reason: "schedule 0 * * * *: due at 02:00 UTC", do: Start},
		{name: "while it runs nothing is done for it", schedule: with(hourly, "queue", ""), now: "03:10:01", life: living("01:00:00"), phase: PhaseRunning},
		{name: "or ends it", schedule: with(hourly, "kill", ""), now: "02:00:00", life: living("01:00:00"), phase: PhaseStopping, reason: "schedule 0 * * * *: its time has come again, and overlap is kill", do: Stop},
		{name: "and not before", schedule: with(hourly, "kill", ""), now: "01:59:59", life: living("01:00:00"), phase: PhaseRunning, wake: "02:00:00"},
		{name: "what ended it begins the next", schedule: with(hourly, "kill", ""), now: "02:00:01", life: &Observed{State: Exited, Asked: true, Started: clockAt("01:00:00"), Exit: Exit{How: "signal", Signal: "SIGTERM", At: clockAt("02:00:00")}},
			phase: PhaseStarting, reason: "schedule 0 * * * *: due at 02:00 UTC", do: Start},

		{name: "times that passed in sleep are caught up once", schedule: hourly, now: "08:17:00", life: hadRun("01:00:00", "01:05:00", 0), phase: PhaseStarting, reason: "schedule 0 * * * *: due at 02:00 UTC", do: Start},
		{name: "or not at all", schedule: with(hourly, "", "none"), now: "08:17:00", life: hadRun("01:00:00", "01:05:00", 0), phase: PhaseWaiting, reason: "next run at 09:00 UTC", wake: "09:00:00"},
		{name: "but a little late is in time", schedule: with(hourly, "", "none"), now: "02:00:40", life: hadRun("01:00:00", "01:05:00", 0), phase: PhaseStarting, reason: "schedule 0 * * * *: due at 02:00 UTC", do: Start},
		{name: "after a boot too, by what was noted", schedule: hourly, since: "01:00:00", ran: 1, now: "08:17:00", phase: PhaseStarting, reason: "schedule 0 * * * *: due at 02:00 UTC", do: Start},

		{name: "it is asked for", schedule: hourly, now: "00:30:00", gen: 2, cause: ReasonRun, phase: PhaseStarting, reason: "run asked for", do: Start},
		{name: "what was asked for before the boot has been done", schedule: hourly, now: "00:30:00", gen: 2, ran: 2, phase: PhaseWaiting, reason: "next run at 01:00 UTC", wake: "01:00:00"},
		{name: "asked for while it runs, it waits for its end", schedule: with(hourly, "queue", ""), now: "01:30:00", gen: 2, cause: ReasonRun, life: living("01:00:00"), phase: PhaseRunning},
		{name: "a restart does not", schedule: hourly, now: "01:30:00", gen: 2, life: living("01:00:00"), phase: PhaseStopping, reason: "restart asked for", do: Stop},
		{name: "one without times runs when asked", schedule: spec.Schedule{Cron: spec.Manual}, now: "01:30:00", phase: PhaseWaiting, reason: "runs when asked: kitt run web"},
		{name: "an edit of its command is for its next run", schedule: hourly, now: "01:30:00", life: &Observed{State: Running, Started: clockAt("01:00:00"), PID: 1, Run: "old"}, phase: PhaseRunning},
		{name: "what cannot start is told until its next time", schedule: hourly, now: "01:30:00", life: &Observed{State: NoStart, Started: clockAt("01:00:00"), Exit: Exit{How: "nostart", Text: "no such program", At: clockAt("01:00:00")}}, phase: PhaseFailed, reason: "no such program", wake: "02:00:00"},

		{name: "a process that is restarted at times runs until then", schedule: restart, now: "03:00:00", life: living("02:00:00"), phase: PhaseRunning, wake: "04:00:00"},
		{name: "and begins anew", schedule: restart, now: "04:00:00", life: living("02:00:00"), phase: PhaseStopping, reason: "restart.cron 0 4 * * *: due at 04:00 UTC", do: Stop},
		{name: "with the same reason", schedule: restart, now: "04:00:01", life: &Observed{State: Exited, Asked: true, Started: clockAt("02:00:00"), Exit: Exit{How: "exit", At: clockAt("04:00:00")}}, phase: PhaseStarting, reason: "restart.cron 0 4 * * *: due at 04:00 UTC", do: Start},
		{name: "a time before its schedule was wanted is not its own", schedule: restart, since: "05:00:00", now: "06:00:00", life: living("02:00:00"), phase: PhaseRunning, wake: "11 04:00:00"},
		{name: "what has ended for good begins anew too", schedule: restart, policy: "never", now: "04:00:00", life: hadRun("02:00:00", "02:01:00", 0), phase: PhaseStarting, reason: "restart.cron 0 4 * * *: due at 04:00 UTC", do: Start},
		{name: "and is looked at then", schedule: restart, policy: "never", now: "03:00:00", life: hadRun("02:00:00", "02:01:00", 0), phase: PhaseDone, reason: "exit 0", wake: "04:00:00"},
	} {
		t.Run(r.name, func(t *testing.T) {
			p := spec.Defaults()
			p.Name, p.Schedule, p.Restart.Policy = "web", r.schedule, "always"
			if r.schedule.Job() {
				p.Restart.Policy = "never"
			}
			if r.policy != "" {
				p.Restart.Policy = r.policy
			}
			if r.since == "" {
				r.since = "00:00:00"
			}
			id := ID{"shop", "web", 1}
			want := Instance{ID: id, Process: &p, Generation: max(r.gen, 1), Since: clockAt(r.since), Ran: r.ran, Cause: r.cause}
			w := World{Want: map[ID]Instance{id: want}, Have: map[ID][]Observed{}}
			if r.life != nil {
				l := *r.life
				l.ID, l.Life, l.Generation, l.Stop, l.Limits = id, "shop/web.1#1.x", 1, p.Stop, Limits(p.Log)
				w.Have[id] = []Observed{l}
			}
			v := Judge(clockAt(r.now), w, id)
			do := Verb("")
			if len(v.Do) > 0 {
				do = v.Do[0].Verb
			}
			if v.Phase != r.phase || v.Reason != r.reason || do != r.do || !v.Wake.Equal(clockAt(r.wake)) {
				t.Errorf("got %s, %q, do %q, wake %s", v.Phase, v.Reason, do, v.Wake)
			}
			if passed(clockAt(r.now), v.Wake) {
				t.Errorf("it would be looked at again at once, for ever: %s", v.Wake)
			}
		})
	}
}
