package spec

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// Limits is what a process, with all of its tree, may use. All of it changes live; 0 means no limit.
type Limits struct {
	Memory    int64   `json:"memory,omitempty"`     // bytes resident; beyond it is restarted (pm2's max_memory_restart)
	MemoryMax int64   `json:"memory_max,omitempty"` // bytes; what the kernel lets it have at all (cgroup v2)
	CPU       float64 `json:"cpu,omitempty"`        // cores; what the kernel lets it have at all (cgroup v2)
}

// Rlimits are the limits that every process of a tree has for itself, by the names of RlimitNames: what setrlimit(2)
// takes, "SOFT:HARD", each a number or "unlimited".
type Rlimits map[string]string

// rlimitSizes are the names of rlimits, with whether a size in bytes is meant.
var rlimitSizes = map[string]bool{"nofile": false, "nproc": false, "core": true, "fsize": true, "data": true, "stack": true,
	"memlock": true, "as": true, "cpu_time": false}

var limitFields = append([]field{
	{"nice", func(p *Process, v *hclValue) { p.Nice = v.integer(0) }},
	{"limits.memory", func(p *Process, v *hclValue) { p.Limits.Memory = v.size(0) }},
	{"limits.memory_max", func(p *Process, v *hclValue) { p.Limits.MemoryMax = v.size(0) }},
	{"limits.cpu", func(p *Process, v *hclValue) { p.Limits.CPU = v.number(0) }},
}, rlimitFields()...)

func rlimitFields() (out []field) {
	for name, size := range rlimitSizes {
		out = append(out, field{"limits." + name, func(p *Process, v *hclValue) { p.setRlimit(name, v.rlimit(size)) }})
	}
	slices.SortFunc(out, func(a, b field) int { return strings.Compare(a.name, b.name) })
	return out
}

func (p *Process) setRlimit(name, value string) {
	if value == "" {
		return
	}
	if p.Rlimits == nil {
		p.Rlimits = Rlimits{}
	}
	p.Rlimits[name] = value
}

// rlimit reads one limit, or "SOFT:HARD".
func (v *hclValue) rlimit(size bool) string {
	soft, hard, two := strings.Cut(v.text(), ":")
	if !two {
		hard = soft
	}
	s, serr := parseRlimit(soft, size)
	h, herr := parseRlimit(hard, size)
	switch {
	case serr != nil || herr != nil:
		hint := `write a number, "unlimited", or "SOFT:HARD"`
		if size {
			hint = `write "10MB", "unlimited", or "SOFT:HARD"`
		}
		v.complain(hint, "%s is not a limit", v.shown())
		return ""
	case s > h:
		v.complain("", "the soft limit %s is above the hard one, %s", soft, hard)
		return ""
	}
	return rlimitText(s) + ":" + rlimitText(h)
}

// parseRlimit reads one of the two numbers; math.MaxUint64 stands for unlimited.
func parseRlimit(text string, size bool) (uint64, error) {
	text = strings.TrimSpace(text)
	if text == "unlimited" {
		return math.MaxUint64, nil
	}
	if size {
		n, err := parseSize(text)
		return uint64(n), err
	}
	return strconv.ParseUint(text, 10, 62)
}

func rlimitText(n uint64) string {
	if n == math.MaxUint64 {
		return "unlimited"
	}
	return strconv.FormatUint(n, 10)
}

func (r *reading) validateLimits(p *Process) {
	if p.Limits.Memory < 0 || p.Limits.MemoryMax < 0 {
		r.complain(p.at("limits.memory"), "", "limits: less memory than nothing")
	}
	if p.Limits.CPU < 0 || math.IsNaN(p.Limits.CPU) || math.IsInf(p.Limits.CPU, 0) {
		r.complain(p.at("limits.cpu"), "write cores: 0.5 is half of one", "limits.cpu: %g is not a number of cores", p.Limits.CPU)
	}
	if p.Nice < -20 || p.Nice > 19 {
		r.complain(p.at("nice"), "", "nice: %d is not between -20 and 19", p.Nice)
	}
	for name, value := range p.Rlimits {
		soft, hard, two := strings.Cut(value, ":")
		_, known := rlimitSizes[name]
		_, serr := parseRlimit(soft, false)
		_, herr := parseRlimit(hard, false)
		if !known || !two || serr != nil || herr != nil {
			r.complain(p.at("limits."+name), "", "limits.%s: %q is not a limit", name, value)
		}
	}
}

func (d *differ) limits(old, new Limits) {
	d.live("limits.memory", bytesText(old.Memory), bytesText(new.Memory))
	d.live("limits.memory_max", bytesText(old.MemoryMax), bytesText(new.MemoryMax))
	d.live("limits.cpu", amount(old.CPU), amount(new.CPU))
}

func (d *differ) rlimits(old, new Rlimits) {
	for _, name := range unionKeys(old, new) {
		d.run("limits."+name, old[name], new[name])
	}
}

func bytesText(n int64) string { return amount(float64(n)) }

func amount(f float64) string {
	if f == 0 {
		return ""
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}
