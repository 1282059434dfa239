package spec

// WakeRestart is the on_wake of a process that never comes back well after the machine slept: it is begun anew then.
const WakeRestart = "restart"

// wakeNothing is how a file says that it runs on.
const wakeNothing = "nothing"

var wakeFields = []field{{"on_wake", func(p *Process, v *hclValue) {
	if p.OnWake = v.text(); p.OnWake == wakeNothing {
		p.OnWake = ""
	}
}}}

func (r *reading) validateWake(p *Process) {
	if p.OnWake == "" {
		return
	}
	r.oneOf(p, "on_wake", p.OnWake, []string{WakeRestart, wakeNothing})
	if p.Schedule.Job() || p.Kind == KindTask {
		r.complain(p.at("on_wake"), "take it out; a job's times that were slept through are schedule.catch_up's", "process %q: on_wake: it ends by itself", p.Name)
	}
}
