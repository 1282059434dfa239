package spec

// KindTask is the kind of a process that runs once and ends: a migration, a build. What depends on it being completed waits
// for that; it runs again when its command is edited, when it is asked to, and at the next boot.
const KindTask = "task"

var kinds = []string{"service", KindTask}

// taskTries is how many deaths in a row end a task for good, unless its file says otherwise.
const taskTries = 3

// orderFields say what comes after what.
var orderFields = []field{
	{"kind", func(p *Process, v *hclValue) {
		if p.Kind = v.text(); p.Kind == KindForwarder { // there is one behind each process with expose
			p.Kind = ""
			v.complain("write expose = 8080 in the process that it is to stand for", "%q is none of a file's kinds", KindForwarder)
		}
	}},
	{"cascade", func(p *Process, v *hclValue) { p.Cascade = v.boolean(false) }},
}

// task gives a task its way to end: what is not said about its restart is that it may fail a few times.
func (r *reading) task(p *Process) {
	if p.Kind == "" {
		return
	}
	r.oneOf(p, "kind", p.Kind, kinds)
	if p.Kind != KindTask {
		p.Kind = ""
		return
	}
	if p.Schedule.Job() {
		r.complain(p.at("kind"), "take one of them out", "process %q: a task runs once, and one with a schedule at its times", p.Name)
	}
	if _, said := p.Origins["restart.policy"]; !said && p.Restart.Policy == "always" {
		p.Restart.Policy = "on-failure"
	}
	if _, said := p.Origins["restart.max"]; !said && p.Restart.Max == 0 {
		p.Restart.Max = taskTries
	}
}

// fits complains of a condition that a dependency never comes to.
func (r *reading) fits(p, on *Process, condition string) {
	at := p.at("depends_on." + on.Name)
	switch {
	case on.Kind == KindTask && (condition == "ready" || condition == "healthy"):
		r.complain(at, `depends_on = { `+on.Name+` = "completed" }`, "process %q: depends_on: %s is a task, which is never %s", p.Name, on.Name, condition)
	case condition == "completed" && on.Kind != KindTask && !on.Schedule.Job() && on.Restart.Policy == "always":
		r.complain(at, `kind = "task" for `+on.Name+`, or restart { policy = "on-failure" }`,
			"process %q: depends_on: %s is never completed, as it is started again whenever it ends", p.Name, on.Name)
	}
}
