package cli

import (
	"maps"
	"slices"
	"strconv"

	"kitt.sh/spec"
)

// bounds lists what a process may use, when it runs and what it is watched for.
func (f *fieldList) bounds(p spec.Process) {
	if p.Nice != 0 {
		f.add("nice", strconv.Itoa(p.Nice))
	}
	for _, name := range slices.Sorted(maps.Keys(p.Rlimits)) {
		f.add("limits."+name, p.Rlimits[name])
	}
	if p.Limits.Memory > 0 {
		f.add("limits.memory", size(p.Limits.Memory))
	}
	if p.Limits.MemoryMax > 0 {
		f.add("limits.memory_max", size(p.Limits.MemoryMax))
	}
	if p.Limits.CPU > 0 {
		f.add("limits.cpu", strconv.FormatFloat(p.Limits.CPU, 'f', -1, 64))
	}
	f.add("watch.paths", commandLine(p.Watch.Paths))
	f.add("watch.ignore", commandLine(p.Watch.Ignore))
	if p.Watch.Delay > 0 {
		f.span("watch.delay", p.Watch.Delay)
	}
	if p.Watch.Depth > 0 {
		f.add("watch.depth", strconv.Itoa(p.Watch.Depth))
	}
	f.schedule(p.Schedule)
}

func (f *fieldList) schedule(s spec.Schedule) {
	f.add("schedule.cron", s.Cron)
	f.add("restart.cron", s.Restart)
	f.add("schedule.timezone", s.Timezone)
	f.add("schedule.overlap", s.Overlap)
	f.add("schedule.catch_up", s.CatchUp)
}
