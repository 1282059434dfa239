package service

import (
	"context"
	"fmt"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/service/api"
)

// noteSchedules remembers since when each process has the schedule that it has: times before are none of its own.
// The caller holds mu.
func (d *Daemon) noteSchedules() {
	change := func(in *reconcile.Intents, write bool) (differs bool) {
		for name, p := range in.Projects {
			if s := d.specs[name]; s != nil {
				for i := range s.Processes {
					proc := &s.Processes[i]
					text := reconcile.ScheduleText(proc.Schedule)
					if p.Schedules[proc.Name].Text == text {
						continue
					}
					if differs = true; write {
						p.Reschedule(proc, time.Now())
					}
				}
			}
		}
		return differs
	}
	if d.fenced || !change(d.intents, false) {
		return
	}
	if err := d.commit(func(in *reconcile.Intents) error { change(in, true); return nil }); err != nil {
		d.Log.Warn("note schedules", "err", err)
	}
}

// began notes the run of a job, which outlives the boot: by it the next one is due.
func (d *Daemon) began(a reconcile.Action) {
	if a.Verb != reconcile.Start || a.Want.Process == nil || !a.Want.Process.Schedule.Job() {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.intents.Projects[a.ID.Project] == nil || d.fenced {
		return
	}
	err := d.commit(func(in *reconcile.Intents) error {
		in.Projects[a.ID.Project].Began(a.ID, a.Want.Generation, time.Now())
		return nil
	})
	if err != nil {
		d.Log.Warn("note run", "id", a.ID.String(), "err", err)
		return
	}
	d.rewant(nil)
}

// mayRun says why a job cannot be run now. The caller holds mu.
func (d *Daemon) mayRun(targets []target, ids map[reconcile.ID]bool) error {
	for _, t := range targets {
		if !t.process.Schedule.Job() {
			return failure{2, fmt.Sprintf("run %s: it is no job: it runs always", t.process.Name), "kitt restart " + t.process.Name + ", or give it a schedule"}
		}
	}
	for id := range ids {
		in, ok := d.rec.Wants(id)
		switch {
		case ok && in.Hold != "":
			return failure{1, fmt.Sprintf("run %s: it is held: %s", id.Short(), in.Hold), "kitt start " + id.Process + ", then kitt run " + id.Process}
		case ok && in.Process.Schedule.Overlap != "queue" && in.Process.Schedule.Overlap != "kill" && d.runs(id):
			return failure{1, fmt.Sprintf("run %s: it runs already", id.Short()), `overlap = "queue" or "kill" in its schedule lets another follow`}
		}
	}
	return nil
}

func (d *Daemon) runs(id reconcile.ID) bool {
	for _, l := range d.rec.Lives(id) {
		if l.State == reconcile.Running || l.State == reconcile.Stopping {
			return true
		}
	}
	return false
}

// runJob runs jobs now, and waits for their ends if that is asked for: its code is the first that is not 0.
func (d *Daemon) runJob(ctx context.Context, o api.Order, c caller, out *lines) error {
	_, raised, _, err := d.intend(ctx, "run", o, c)
	if err != nil {
		return err
	}
	if !o.Wait {
		out.say(api.Line{Type: "done", Text: plural(len(raised), "run is", "runs are") + " on the way"})
		return nil
	}
	out.say(api.Line{Type: "progress", Total: len(raised)})
	out.flush()
	var late <-chan time.Time
	if o.Timeout > 0 {
		t := time.NewTimer(o.Timeout)
		defer t.Stop()
		late = t.C
	}
	for {
		changed := d.rec.Changed() // before looking
		code, text, over := d.outcome(raised)
		if over {
			out.say(api.Line{Type: "done", Text: text, Code: code})
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-late:
			return failure{5, "run: not over after " + o.Timeout.String(), "it goes on; kitt runs tells how it ends"}
		case <-d.moving.done():
			return failure{1, "run: another kitt takes over meanwhile", "the job goes on; kitt runs tells how it ends"}
		case <-changed:
		}
	}
}

// outcome is how the runs of these generations ended; over is false while one of them has not.
func (d *Daemon) outcome(raised map[reconcile.ID]uint64) (code int, text string, over bool) {
	for id, generation := range raised {
		exit, ok := d.exitOf(id, generation)
		if !ok {
			return 0, "", false
		}
		if text == "" || code == 0 {
			text, code = id.Short()+": "+exit.String(), exitCode(exit)
		}
	}
	return code, text, true
}

// exitOf is how the run of a generation ended. One that was tried again is over with its last try.
func (d *Daemon) exitOf(id reconcile.ID, generation uint64) (reconcile.Exit, bool) {
	in, wanted := d.rec.Wants(id)
	if !wanted {
		return reconcile.Exit{How: "nostart", Text: "it is no longer wanted"}, true
	}
	for _, l := range d.rec.Lives(id) {
		over := l.State == reconcile.Exited || l.State == reconcile.NoStart
		switch {
		case over && l.Generation >= generation && !d.busy(id):
			return l.Exit, true
		case !over && l.Generation > generation:
			return l.History.Last, true
		}
	}
	return reconcile.Exit{How: "nostart", Text: in.Hold}, in.Hold != "" && !d.runs(id)
}

// busy tells whether something more is to come of an instance before its next time.
func (d *Daemon) busy(id reconcile.ID) bool {
	v := d.rec.LookAt(time.Now(), id)
	return len(v.Do) > 0 || v.Phase != reconcile.PhaseWaiting && v.Phase != reconcile.PhaseFailed && v.Phase != reconcile.PhaseHeld || v.Phase == reconcile.PhaseWaiting && !v.Rest
}

// exitCode is the code that a shell would have for an exit.
func exitCode(e reconcile.Exit) int {
	switch e.How {
	case "exit":
		return e.Code
	case "signal":
		return 128 + signalNumber(e.Signal)
	}
	return 1
}
