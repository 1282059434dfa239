package port

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"kitt.sh/spec"
)

// unitTimer is the timer of a job, where systemd can say when it runs.
func unitTimer(s *Project, p Process) (string, bool) {
	c, ok := calendarOf(p.Schedule.Cron)
	switch {
	case !p.Schedule.Job() || p.Held:
		return "", false
	case p.Schedule.Cron == spec.Manual:
		s.note(p.Name, "it has no times: systemctl start %s runs it", unitName(p.Name))
		return "", false
	case p.Instances != 1:
		s.note(p.Name, "schedule.cron %s: no timer is written for several instances", p.Schedule.Cron)
		return "", false
	case !ok:
		s.note(p.Name, "schedule.cron %s is more than OnCalendar= can say: no timer is written", p.Schedule.Cron)
		return "", false
	}
	if o := p.Schedule.Overlap; o == "queue" || o == "kill" {
		s.note(p.Name, "schedule.overlap %s: systemd passes over a time that comes while it runs", o)
	}
	u := &unitBuilder{}
	u.WriteString("[Unit]\n")
	u.set("Description", unitPlain(p.Name)+" at its times")
	u.WriteString("\n[Timer]\n")
	u.set("OnCalendar", c.onCalendar(p.Schedule.Timezone))
	u.set("AccuracySec", "1s")
	if p.Schedule.CatchUp != "none" {
		u.set("Persistent", "true")
	}
	u.WriteString("\n[Install]\nWantedBy=timers.target\n")
	return u.String(), true
}

// readTimer gives a service that was read before it the times of its timer.
func readTimer(text, name string, p *Project) error {
	name = FitName(unitUnescape(name))
	s := spec.Schedule{CatchUp: "none"} // systemd's own
	for _, l := range unitLines(text) {
		switch word, value := l[1], l[2]; {
		case word == "OnCalendar" && s.Cron == "":
			c, zone, ok := fromCalendar(value)
			if !ok {
				p.note(name, "OnCalendar=%s has no counterpart: it has no times", value)
				s.Cron = spec.Manual
				continue
			}
			s.Cron, s.Timezone = c.cron(), zone
		case word == "Persistent":
			if value == "true" || value == "yes" || value == "1" || value == "on" {
				s.CatchUp = ""
			}
		case word == "Unit":
			name = FitName(unitUnescape(strings.TrimSuffix(value, ".service")))
		case word == "Description", word == "AccuracySec", word == "WantedBy", word == "Documentation":
		default:
			p.note(name, "%s=%s has no counterpart", word, value)
		}
	}
	i := slices.IndexFunc(p.Processes, func(q Process) bool { return q.Name == name })
	switch {
	case i < 0:
		p.note("", "a timer of %s: name its .service before it", name)
	case s.Cron == "":
		p.note(name, "its timer has no OnCalendar=: it has no times")
		s.Cron = spec.Manual
		fallthrough
	default:
		p.Processes[i].Schedule = s
		p.soundLives(&p.Processes[i])
	}
	return nil
}

// plistLimits writes nice and rlimits. What is unlimited is launchd's default where nobody says otherwise, and has no number.
func plistLimits(d map[string]any, s *Project, p Process) {
	if p.Nice != 0 {
		d["Nice"] = p.Nice
	}
	both := []map[string]any{{}, {}}
	for _, name := range slices.Sorted(maps.Keys(p.Rlimits)) {
		i := slices.IndexFunc(rlimitWords, func(w rlimitWord) bool { return w.mine == name })
		soft, hard := bounds(p.Rlimits[name])
		if i < 0 || rlimitWords[i].launchd == "" {
			s.note(p.Name, "limits.%s %s: launchd has no word for it", name, p.Rlimits[name])
			continue
		}
		for at, text := range []string{soft, hard} {
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				s.note(p.Name, "limits.%s: launchd has no word for unlimited", name)
				continue
			}
			both[at][rlimitWords[i].launchd] = n
		}
	}
	for at, word := range []string{"SoftResourceLimits", "HardResourceLimits"} {
		if len(both[at]) > 0 {
			d[word] = both[at]
		}
	}
}

func (r *plistReader) limits() {
	if n, ok := r.dict["Nice"]; ok {
		v, err := strconv.Atoi(scalarText(n))
		if err == nil && v >= -20 && v <= 19 {
			r.p.Nice = v
		} else {
			r.note("Nice %v is not between -20 and 19", n)
		}
	}
	soft, _ := r.dict["SoftResourceLimits"].(map[string]any)
	hard, _ := r.dict["HardResourceLimits"].(map[string]any)
	for _, word := range slices.Sorted(maps.Keys(merged(soft, hard))) {
		i := slices.IndexFunc(rlimitWords, func(w rlimitWord) bool { return w.launchd == word })
		most := hard[word]
		if most == nil {
			most = soft[word]
		}
		if i < 0 || soft[word] == nil || !setRlimit(&r.p, rlimitWords[i].mine, scalarText(soft[word]), scalarText(most)) {
			r.note("%s in HardResourceLimits or SoftResourceLimits has no counterpart", word)
		}
	}
}

func merged(a, b map[string]any) map[string]any {
	out := maps.Clone(a)
	if out == nil {
		out = map[string]any{}
	}
	maps.Copy(out, b)
	return out
}

// plistWords are launchd's words for the fields of a calendar, from the minute on.
var plistWords = []string{"Minute", "Hour", "Day", "Month", "Weekday"}

// mostDates keeps a property list from becoming a book: launchd takes one number for each field.
const mostDates = 100

// plistTimes writes the times of a job.
func plistTimes(d map[string]any, s *Project, p Process) {
	if !p.Schedule.Job() {
		return
	}
	delete(d, "KeepAlive")
	d["RunAtLoad"] = false
	c, ok := calendarOf(p.Schedule.Cron)
	dates := c.dates()
	if !ok || len(dates) == 0 || len(dates) > mostDates {
		s.note(p.Name, "schedule.cron %s is more than StartCalendarInterval can say: it has no times", p.Schedule.Cron)
		return
	}
	if d["StartCalendarInterval"] = dates; len(dates) == 1 {
		d["StartCalendarInterval"] = dates[0]
	}
	if p.Schedule.Timezone != "" {
		s.note(p.Name, "schedule.timezone %s: launchd goes by the machine's", p.Schedule.Timezone)
	}
	if o := p.Schedule.Overlap; o == "queue" || o == "kill" || p.Schedule.CatchUp == "none" {
		s.note(p.Name, "schedule.overlap and catch_up: launchd passes over a time that comes while it runs, and makes up for one in sleep")
	}
}

// dates are all combinations of a calendar's values; none where it names seconds.
func (c calendar) dates() []map[string]any {
	if !slices.Equal(c.second, []int{0}) {
		return nil
	}
	out := []map[string]any{{}}
	for i, f := range c.fields()[1:] {
		if *f == nil {
			continue
		}
		var next []map[string]any
		for _, one := range out {
			for _, v := range *f {
				more := maps.Clone(one)
				more[plistWords[i]] = v
				next = append(next, more)
			}
		}
		if out = next; len(out) > mostDates {
			return nil
		}
	}
	return out
}

// times reads StartCalendarInterval, where a crontab can say it, and StartInterval.
func (r *plistReader) times() {
	if n, ok := r.number("StartInterval"); ok && n > 0 {
		r.p.Schedule.Cron = fmt.Sprintf("@every %ds", n)
	}
	var list []any
	switch v := r.dict["StartCalendarInterval"].(type) {
	case nil:
		if r.p.Schedule.Cron == "" {
			return
		}
	case []any:
		list = v
	default:
		list = []any{v}
	}
	if len(list) > 0 {
		c, ok := calendarOfDates(list)
		if !ok || r.p.Schedule.Cron != "" {
			r.note("StartCalendarInterval is more than one crontab can say: it has no times")
			c, r.p.Schedule.Cron = calendar{}, spec.Manual
		} else {
			r.p.Schedule.Cron = c.cron()
		}
	}
	r.p.Held = r.dict["Disabled"] == true
	if r.dict["RunAtLoad"] == true {
		r.note("RunAtLoad: it runs at its times only")
	}
}

// calendarOfDates puts dates together again: they must be all the combinations of their values.
func calendarOfDates(list []any) (c calendar, ok bool) {
	c.second = []int{0}
	seen := map[string]bool{}
	for _, one := range list {
		dict, ok := one.(map[string]any)
		if !ok {
			return c, false
		}
		for word := range dict {
			if !slices.Contains(plistWords, word) {
				return c, false
			}
		}
		for i, f := range c.fields()[1:] {
			v, given := dict[plistWords[i]]
			n, err := strconv.Atoi(scalarText(v))
			if given && (err != nil || n < fieldSpans[i+1].low || n > fieldSpans[i+1].high) {
				return c, false
			}
			if given {
				*f = append(*f, n)
			}
		}
		seen[fmt.Sprint(dict)] = true
	}
	for _, f := range c.fields() {
		slices.Sort(*f)
		*f = slices.Compact(*f)
	}
	all := c.dates()
	c.weekday = sundays(c.weekday)
	for _, one := range all {
		if !seen[fmt.Sprint(one)] {
			return c, false
		}
	}
	return c, len(all) == len(seen) && (c.day == nil || c.weekday == nil)
}

// schedule reads process-compose's.
func (r *pcReader) schedule(v value) {
	words, fields := v.members()
	for _, word := range words {
		switch text := fields[word].text(); word {
		case "cron":
			r.p.Schedule.Cron = text
		case "interval":
			r.p.Schedule.Cron = "@every " + text
		case "timezone":
			r.p.Schedule.Timezone = text
		case "max_concurrent":
		default:
			r.note("schedule.%s has no counterpart", word)
		}
	}
	q := spec.Defaults()
	q.Name, q.Command, q.Cwd, q.Schedule, q.Restart.Policy = "x", []string{"x"}, "/", r.p.Schedule, "never"
	if spec.Validate(&spec.Spec{Project: "x", File: "/kitt.hcl", Processes: []spec.Process{q}}) != nil {
		r.note("schedule %s is not understood: left out", r.p.Schedule.Cron)
		r.p.Schedule = spec.Schedule{}
	}
}
