package spec

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/netresearch/go-cron"
)

// Schedule says at which times a process runs, or is restarted. All of it changes live.
type Schedule struct {
	Cron     string `json:"cron,omitempty"`     // it is a job: it runs at these times only; "manual": by kitt run alone
	Restart  string `json:"restart,omitempty"`  // it runs always, and anew at these times (pm2's cron_restart)
	Timezone string `json:"timezone,omitempty"` // Europe/Berlin; "" is the machine's
	Overlap  string `json:"overlap,omitempty"`  // a job's time comes while it runs: skip (or "") | queue | kill
	CatchUp  string `json:"catch_up,omitempty"` // times that passed while nobody could run it: once (or "") | none
}

// Manual is the Cron of a job that has no times.
const Manual = "manual"

var (
	overlaps = []string{"skip", "queue", "kill"}
	catchUps = []string{"once", "none"}
)

var scheduleFields = []field{
	{"schedule.cron", func(p *Process, v *hclValue) { p.Schedule.Cron = strings.TrimSpace(v.text()) }},
	{"schedule.timezone", func(p *Process, v *hclValue) { p.Schedule.Timezone = v.text() }},
	{"schedule.overlap", func(p *Process, v *hclValue) { p.Schedule.Overlap = v.text() }},
	{"schedule.catch_up", func(p *Process, v *hclValue) { p.Schedule.CatchUp = v.text() }},
	{"restart.cron", func(p *Process, v *hclValue) { p.Schedule.Restart = strings.TrimSpace(v.text()) }},
	{"restart.timezone", func(p *Process, v *hclValue) { p.Schedule.Timezone = v.text() }},
}

// Job tells whether the process runs at its times only, and ends by itself.
func (s Schedule) Job() bool { return s.Cron != "" }

// Next is the first time after t at which the job runs or the process is restarted; zero: never. It is told in the
// schedule's own time zone.
//
// A time that the clocks skip in spring comes as much later as they skip. One that they repeat in autumn comes once, the
// first time; but where the hour is a *, as often as the clock shows it.
func (s Schedule) Next(t time.Time) time.Time {
	text := s.Cron
	if text == "" {
		text = s.Restart
	}
	if text == "" || text == Manual {
		return time.Time{}
	}
	c, err := parseCron(text)
	zone, zerr := s.zone()
	if err != nil || zerr != nil {
		return time.Time{} // validate has said so
	}
	next := c.Next(t.In(zone))
	if !next.IsZero() && !everyHour(text) && again(next) {
		next = c.Next(next.Truncate(time.Hour).Add(time.Hour - time.Second)) // beyond the hour that is repeated
	}
	return next
}

func (s Schedule) zone() (*time.Location, error) {
	if s.Timezone == "" {
		return time.Local, nil
	}
	return time.LoadLocation(s.Timezone)
}

// again tells whether the clock showed the time of t an hour ago already.
func again(t time.Time) bool {
	before := t.Add(-time.Hour)
	return before.Hour() == t.Hour() && before.Day() == t.Day()
}

// everyHour tells whether an expression names no hour.
func everyHour(text string) bool {
	fields := strings.Fields(text)
	if strings.HasPrefix(text, "@") {
		return text == "@hourly" || strings.HasPrefix(text, "@every")
	}
	return len(fields) >= 5 && strings.HasPrefix(fields[len(fields)-4], "*")
}

// parseCron reads five fields, six with the seconds first, or @hourly and the like. As in every crontab a day matches
// where either of its two fields does, if both are restricted.
func parseCron(text string) (cron.Schedule, error) {
	if strings.Contains(text, "=") {
		return nil, fmt.Errorf("%q is not a schedule", text) // the library's CRON_TZ=: timezone says it here
	}
	s, err := cron.MustNewParser(cron.SecondOptional | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow |
		cron.Descriptor | cron.Extended | cron.DowOrDom).WithMinEveryInterval(time.Second).Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%q is not a schedule: %w", text, err)
	}
	return s, nil
}

func (r *reading) validateSchedule(p *Process) {
	s := p.Schedule
	if _, err := s.zone(); err != nil {
		r.complain(p.at("schedule.timezone"), "write a name like Europe/Berlin", "timezone: %q is not known here", s.Timezone)
	}
	for field, text := range map[string]string{"schedule.cron": s.Cron, "restart.cron": s.Restart} {
		if text == "" || field == "schedule.cron" && text == Manual {
			continue
		}
		c, err := parseCron(text)
		switch {
		case err != nil:
			r.complain(p.at(field), `write minute hour day month weekday: "0 3 * * *" is each day at 03:00, "@hourly" each hour`, "%s: %s", field, err)
		case c.Next(anyDay).IsZero():
			r.complain(p.at(field), "", "%s: %q never comes", field, text)
		}
	}
	r.oneOf(p, "schedule.overlap", cmp.Or(s.Overlap, "skip"), overlaps)
	r.oneOf(p, "schedule.catch_up", cmp.Or(s.CatchUp, "once"), catchUps)
	switch {
	case s.Cron != "" && s.Restart != "":
		r.complain(p.at("restart.cron"), "schedule is for what ends by itself, restart.cron for what runs always", "process %q: both schedule and restart.cron", p.Name)
	case s.Cron != "" && (p.Restart.Policy == "always" || p.Restart.Policy == "on-abnormal"):
		r.complain(p.at("restart.policy"), "write never, or on-failure to try again", "process %q: a job that has ended is done; restart.policy %s would run it all the time", p.Name, p.Restart.Policy)
	}
}

// anyDay is where a search for a time begins that only has to be found.
var anyDay = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

// settleJob gives a job the policy of jobs, unless its file names one.
func (p *Process) settleJob() {
	if _, said := p.Origins["restart.policy"]; p.Schedule.Job() && !said {
		p.Restart.Policy = "never"
	}
}

func (d *differ) schedule(old, new Schedule) {
	d.live("schedule.cron", old.Cron, new.Cron)
	d.live("restart.cron", old.Restart, new.Restart)
	d.live("schedule.timezone", old.Timezone, new.Timezone)
	d.live("schedule.overlap", old.Overlap, new.Overlap)
	d.live("schedule.catch_up", old.CatchUp, new.CatchUp)
}
