package port

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"kitt.sh/spec"
)

// An rlimitWord is what others call one of kitt's rlimits. launchd has no word for one of them.
type rlimitWord struct{ mine, systemd, launchd string }

var rlimitWords = []rlimitWord{{"nofile", "LimitNOFILE", "NumberOfFiles"}, {"nproc", "LimitNPROC", "NumberOfProcesses"}, {"core", "LimitCORE", "Core"},
	{"fsize", "LimitFSIZE", "FileSize"}, {"data", "LimitDATA", "Data"}, {"stack", "LimitSTACK", "Stack"}, {"memlock", "LimitMEMLOCK", "MemoryLock"},
	{"as", "LimitAS", ""}, {"cpu_time", "LimitCPU", "CPU"}}

// holds are the formats that have a word for a thing.
var (
	holdsNice    = []string{"systemd", "launchd"}
	holdsRlimits = []string{"systemd", "launchd", "compose"}
	holdsHard    = []string{"systemd", "compose"}
	holdsTimes   = []string{"systemd", "launchd"}
)

// without tells what of a process no file of the format will hold, whatever its value.
func (p *Project) without(format string, q spec.Process) {
	say := func(lost bool, text string, args ...any) {
		if lost {
			p.note(q.Name, "%s: %s has no word for it", fmt.Sprintf(text, args...), format)
		}
	}
	say(q.Nice != 0 && !slices.Contains(holdsNice, format), "nice %d", q.Nice)
	if !slices.Contains(holdsRlimits, format) {
		for _, name := range slices.Sorted(maps.Keys(q.Rlimits)) {
			say(true, "limits.%s %s", name, q.Rlimits[name])
		}
	}
	say(q.Limits.Memory > 0, "limits.memory %s, beyond which it is restarted", size(q.Limits.Memory))
	say(q.Limits.MemoryMax > 0 && !slices.Contains(holdsHard, format), "limits.memory_max %s", size(q.Limits.MemoryMax))
	say(q.Limits.CPU > 0 && !slices.Contains(holdsHard, format), "limits.cpu %g", q.Limits.CPU)
	say(len(q.Watch.Paths) > 0, "watch")
	say(q.Schedule.Restart != "", "restart.cron %s", q.Schedule.Restart)
	say(q.Schedule.Job() && !slices.Contains(holdsTimes, format), "schedule.cron %s", q.Schedule.Cron)
	say(len(q.Listen) > 0, "listen")
	say(q.Expose != "", "expose %s", q.Expose)
	say(q.Stdin && format != "compose", "stdin = true")
}

// bounds are the two numbers of an rlimit.
func bounds(value string) (soft, hard string) {
	soft, hard, two := strings.Cut(value, ":")
	if !two {
		hard = soft
	}
	return soft, hard
}

// limits writes nice, rlimits and what cgroups hold.
func (u *unitBuilder) limits(s *Project, p Process) {
	if p.Nice != 0 {
		u.set("Nice", strconv.Itoa(p.Nice))
	}
	for _, w := range rlimitWords {
		if value, ok := p.Rlimits[w.mine]; ok {
			soft, hard := bounds(strings.ReplaceAll(value, "unlimited", "infinity"))
			if soft != hard {
				hard = soft + ":" + hard
			}
			u.set(w.systemd, hard)
		}
	}
	if p.Limits.MemoryMax > 0 {
		u.set("MemoryMax", strconv.FormatInt(p.Limits.MemoryMax, 10))
	}
	if p.Limits.CPU > 0 {
		percent := math.Ceil(p.Limits.CPU * 100)
		if u.set("CPUQuota", strconv.FormatFloat(percent, 'f', -1, 64)+"%"); percent != p.Limits.CPU*100 {
			s.note(p.Name, "limits.cpu %g becomes %g%%: systemd takes whole ones", p.Limits.CPU, percent)
		}
	}
	if p.Stdin {
		s.note(p.Name, "stdin = true: a unit's stdin is empty")
	}
	for _, l := range p.Listen {
		s.note(p.Name, "listen %s: write a .socket unit with that ListenStream= beside it", l)
	}
}

// limit reads what limits a unit.
func (r *unitReader) limit(word, value string) bool {
	i := slices.IndexFunc(rlimitWords, func(w rlimitWord) bool { return w.systemd == word })
	switch {
	case i >= 0:
		r.rlimit(rlimitWords[i].mine, word, value)
	case word == "Nice":
		if n, err := strconv.Atoi(value); err == nil && n >= -20 && n <= 19 {
			r.p.Nice = n
		} else {
			r.note("Nice=%s is not between -20 and 19", value)
		}
	case word == "MemoryMax":
		if n, ok := unitSize(value); ok && n > 0 {
			r.p.Limits.MemoryMax = n
		} else if value != "infinity" && value != "" {
			r.note("MemoryMax=%s has no counterpart", value)
		}
	case word == "MemoryLimit": // of the first version of cgroups
		r.limit("MemoryMax", value)
	case word == "CPUQuota":
		n, err := strconv.ParseFloat(strings.TrimSuffix(value, "%"), 64)
		if err == nil && n > 0 && n < 1e6 && strings.HasSuffix(value, "%") {
			r.p.Limits.CPU = n / 100
		} else if value != "" {
			r.note("CPUQuota=%s is not a percentage", value)
		}
	default:
		return false
	}
	return true
}

// rlimit reads 1024, 1024:2048, 64M, infinity; of the processor's time also 5min.
func (r *unitReader) rlimit(mine, word, value string) {
	if value == "" {
		delete(r.p.Rlimits, mine)
		return
	}
	number := func(text string) (string, bool) {
		if text == "infinity" {
			return "unlimited", true
		}
		if d, ok := unitTime(text); ok && mine == "cpu_time" {
			return strconv.FormatInt(int64(math.Ceil(d.Seconds())), 10), true
		}
		n, ok := unitSize(text)
		return strconv.FormatInt(n, 10), ok
	}
	soft, hard := bounds(value)
	s, ok := number(soft)
	h, ok2 := number(hard)
	if !ok || !ok2 || !setRlimit(&r.p, mine, s, h) {
		r.note("%s=%s is not a limit", word, value)
	}
}

// setRlimit sets an rlimit, unless the soft limit is above the hard one.
func setRlimit(p *Process, mine, soft, hard string) bool {
	s, err := strconv.ParseUint(soft, 10, 62)
	h, err2 := strconv.ParseUint(hard, 10, 62)
	if hard != "unlimited" && (soft == "unlimited" || err != nil || err2 != nil || s > h) || soft != "unlimited" && err != nil {
		return false
	}
	if p.Rlimits == nil {
		p.Rlimits = spec.Rlimits{}
	}
	p.Rlimits[mine] = soft + ":" + hard
	return true
}

// unitSize reads bytes, with K, M, G or T, each 1024 times the one before.
func unitSize(text string) (int64, bool) {
	number := strings.TrimRight(strings.TrimSuffix(text, "B"), "KMGT")
	unit := map[string]float64{"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}[strings.TrimSuffix(text, "B")[len(number):]]
	n, err := strconv.ParseFloat(number, 64)
	if n *= unit; err != nil || unit == 0 || !(n >= 0 && n < 1<<60) {
		return 0, false
	}
	return int64(n), true
}

// composeLimits writes ulimits, mem_limit and cpus.
func composeLimits(b yamlBuilder, s *Project, p Process) {
	if len(p.Rlimits) > 0 {
		all := yamlMap()
		for _, name := range slices.Sorted(maps.Keys(p.Rlimits)) {
			one := yamlMap()
			soft, hard := bounds(strings.ReplaceAll(p.Rlimits[name], "unlimited", "-1"))
			one.put("soft", yamlPlain(soft))
			one.put("hard", yamlPlain(hard))
			all.put(composeRlimit(name), one.node)
		}
		b.put("ulimits", all.node)
	}
	if p.Limits.MemoryMax > 0 {
		b.put("mem_limit", yamlPlain(strconv.FormatInt(p.Limits.MemoryMax, 10)))
	}
	if p.Limits.CPU > 0 {
		b.put("cpus", yamlPlain(strconv.FormatFloat(p.Limits.CPU, 'f', -1, 64)))
	}
	if p.Stdin {
		b.put("stdin_open", yamlPlain("true"))
	}
}

// composeRlimit is docker's word for an rlimit.
func composeRlimit(mine string) string {
	if mine == "cpu_time" {
		return "cpu"
	}
	return mine
}

func (r *composeReader) limit(word string, v value) {
	switch text := r.expand(v.text()); word {
	case "ulimits":
		names, all := v.members()
		for _, name := range names {
			r.ulimit(name, all[name])
		}
	case "mem_limit":
		r.memory(word, text)
	case "cpus":
		r.cpus(word, text)
	}
}

func (r *composeReader) memory(word, text string) {
	if n, ok := unitSize(strings.ToUpper(text)); ok && n > 0 {
		r.p.Limits.MemoryMax = n
	} else if n != 0 || text != "0" {
		r.note("%s: %s is not a size", word, text)
	}
}

func (r *composeReader) cpus(word, text string) {
	if n, err := strconv.ParseFloat(text, 64); err == nil && n > 0 && n < 1e5 {
		r.p.Limits.CPU = n
	} else if text != "0" {
		r.note("%s: %s is not a number of processors", word, text)
	}
}

// resources reads deploy.resources.
func (r *composeReader) resources(v value) {
	limits := v.get("limits")
	words, fields := limits.members()
	for _, word := range words {
		switch text := r.expand(fields[word].text()); word {
		case "memory":
			r.memory("deploy.resources.limits.memory", text)
		case "cpus":
			r.cpus("deploy.resources.limits.cpus", text)
		default:
			r.note("deploy.resources.limits.%s has no counterpart", word)
		}
	}
	if v.get("reservations").given() {
		r.note("deploy.resources.reservations has no counterpart")
	}
}

func (r *composeReader) ulimit(name string, v value) {
	soft, hard := v.text(), v.text()
	if v.isMap() {
		soft, hard = v.get("soft").text(), v.get("hard").text()
	}
	mine := map[string]string{"cpu": "cpu_time"}[name]
	if mine == "" {
		mine = name
	}
	known := slices.ContainsFunc(rlimitWords, func(w rlimitWord) bool { return w.mine == mine })
	unlimited := func(text string) string {
		return map[string]string{"-1": "unlimited"}[text] + strings.TrimPrefix(text, "-1")
	}
	if !known || !setRlimit(&r.p, mine, unlimited(soft), unlimited(hard)) {
		r.note("ulimits.%s has no counterpart", name)
	}
}
