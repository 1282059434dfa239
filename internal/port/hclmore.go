package port

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"kitt.sh/spec"
)

func limitFields(p Process) (out []string) {
	l := p.Limits
	if l.Memory > 0 {
		out = append(out, "memory = "+quoted(size(l.Memory)))
	}
	if l.MemoryMax > 0 {
		out = append(out, "memory_max = "+quoted(size(l.MemoryMax)))
	}
	if l.CPU > 0 {
		out = append(out, "cpu = "+strconv.FormatFloat(l.CPU, 'f', -1, 64))
	}
	for _, name := range slices.Sorted(maps.Keys(p.Rlimits)) {
		soft, hard, _ := strings.Cut(p.Rlimits[name], ":")
		value := p.Rlimits[name]
		if soft == hard {
			value = soft
		}
		out = append(out, name+" = "+quoted(value))
	}
	return out
}

func scheduleFields(s spec.Schedule) (out []string) {
	if !s.Job() {
		return nil
	}
	for _, f := range [][2]string{{"cron", s.Cron}, {"timezone", s.Timezone}, {"overlap", s.Overlap}, {"catch_up", s.CatchUp}} {
		if f[1] != "" {
			out = append(out, f[0]+" = "+quoted(f[1]))
		}
	}
	return out
}

// size is a number of bytes with the largest unit that says it exactly.
func size(n int64) string {
	for _, unit := range []struct {
		bytes int64
		name  string
	}{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1e9, "GB"}, {1e6, "MB"}} {
		if n >= unit.bytes && n%unit.bytes == 0 {
			return strconv.FormatInt(n/unit.bytes, 10) + unit.name
		}
	}
	return strconv.FormatInt(n, 10)
}

func (w *hclText) watchFields(v spec.Watch) (out []string) {
	if len(v.Paths) == 0 {
		return nil
	}
	paths := make([]string, len(v.Paths))
	for i, path := range v.Paths {
		if paths[i] = w.path(path); path == w.dir {
			paths[i] = "."
		}
	}
	out = append(out, "paths = "+list(paths))
	if len(v.Ignore) > 0 {
		out = append(out, "ignore = "+list(v.Ignore))
	}
	if v.Delay > 0 {
		out = append(out, "delay = "+quoted(v.Delay.String()))
	}
	if v.Depth > 0 {
		out = append(out, "depth = "+strconv.Itoa(v.Depth))
	}
	return out
}
