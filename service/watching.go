package service

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"sync"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/service/api"
	"kitt.sh/service/filewatch"
	"kitt.sh/spec"
)

// A process whose own start changes a file that it is watched for would restart for ever. After loopLaps changes in a row
// that each came within loopAge of a start, watching pauses.
const (
	loopLaps = 8
	loopAge  = 2 * time.Second
)

// watching restarts processes whose files change.
type watching struct {
	d *Daemon
	w *filewatch.Watcher

	mu     sync.Mutex
	laps   map[string]int            // project/process -> changes in a row that came right after a start
	paused map[string]filewatch.Rule // those that went in circles, with the rule that they did it by
	notes  map[string]string         // what is to be known of a process's watch
}

func newWatching(d *Daemon) *watching {
	w := &watching{d: d, laps: map[string]int{}, paused: map[string]filewatch.Rule{}, notes: map[string]string{}}
	w.w = filewatch.New(w.changed, w.failed)
	return w
}

func (w *watching) run(ctx context.Context) error { return w.w.Run(ctx) }

// key is that of a process's watch.
func watchKey(id reconcile.ID) string { return id.Project + "/" + id.Process }

// note puts what is to be known of its watch into an instance.
func (w *watching) note(list []reconcile.Instance) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.notes) == 0 {
		return
	}
	for i := range list {
		list[i].Note = w.notes[watchKey(list[i].ID)]
	}
}

// want watches for these instances, and no others: what is held is not watched, nor what is paused.
func (w *watching) want(list []reconcile.Instance, specs map[string]*spec.Spec) {
	rules := map[string]filewatch.Rule{}
	for _, in := range list {
		if key := watchKey(in.ID); len(in.Process.Watch.Paths) > 0 && in.Hold == "" && !in.Process.Schedule.Job() && rules[key].Paths == nil {
			rules[key] = w.rule(in.Process.Watch)
		}
	}
	if len(rules) > 0 {
		own := w.own(specs)
		for key, r := range rules {
			r.Never = own
			rules[key] = r
		}
	}
	w.mu.Lock()
	for key, r := range w.paused {
		now, wanted := rules[key]
		now.Never, r.Never = nil, nil
		if wanted && reflect.DeepEqual(now, r) {
			delete(rules, key)
			continue
		}
		delete(w.paused, key)
		delete(w.laps, key)
		delete(w.notes, key)
	}
	maps.DeleteFunc(w.notes, func(key, _ string) bool { return rules[key].Paths == nil && w.paused[key].Paths == nil })
	maps.DeleteFunc(w.laps, func(key string, _ int) bool { return rules[key].Paths == nil })
	w.mu.Unlock()
	w.w.Set(rules)
}

func (w *watching) rule(s spec.Watch) filewatch.Rule {
	delay := s.Delay
	if delay == 0 {
		delay = spec.WatchDelay
	}
	return filewatch.Rule{Paths: s.Paths, Ignore: s.Ignore, Base: s.Base, Delay: delay, Depth: s.Depth}
}

// own are the files that kitt itself writes: its home, its logs, and the copies of logs that specs ask for.
func (w *watching) own(specs map[string]*spec.Spec) []string {
	out := []string{w.d.Dirs.Home, w.d.Dirs.Logs, w.d.Dirs.State, w.d.Dirs.Run}
	for _, s := range specs {
		for i := range s.Processes {
			l := s.Processes[i].Log
			for _, path := range []string{l.Out, l.Err, l.Combined} {
				if path != "" {
					out = append(out, path, path+".{n}") // and the older ones
				}
			}
			if l.Dir != "" {
				out = append(out, l.Dir)
			}
		}
	}
	return filewatch.Real(out)
}

// changed restarts the instances of a process whose files have changed, unless that goes in circles.
func (w *watching) changed(c filewatch.Change) {
	project, process, _ := strings.Cut(c.Key, "/")
	var ids []reconcile.ID
	young := false
	for _, in := range w.d.rec.Wanted() {
		if in.ID.Project != project || in.ID.Process != process || in.Hold != "" {
			continue
		}
		start, pending := w.d.lastStart(in)
		young = young || time.Since(start) < loopAge
		if !pending {
			ids = append(ids, in.ID)
		}
	}
	if len(ids) == 0 {
		return // all of them begin only now, and see the new files
	}
	if w.lap(c.Key, young) >= loopLaps {
		w.pause(c)
		return
	}
	reason := reconcile.ReasonWatch + c.File + " changed"
	if c.More > 0 {
		reason = fmt.Sprintf("%s%s and %s changed", reconcile.ReasonWatch, c.File, plural(c.More, "other file", "other files"))
	}
	w.d.again(ids, "watch", reason)
}

// lap counts the changes in a row that came right after a start.
func (w *watching) lap(key string, young bool) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !young {
		w.laps[key] = 0
	}
	w.laps[key]++
	return w.laps[key]
}

// pause watches a process no more until somebody does something about it.
func (w *watching) pause(c filewatch.Change) {
	process := c.Key[strings.Index(c.Key, "/")+1:]
	text := fmt.Sprintf("watching paused: %s changed %d times in a row right after a start; put it into watch.ignore, or kitt restart %s to go on", c.File, loopLaps, process)
	w.d.mu.Lock()
	defer w.d.mu.Unlock()
	project := c.Key[:strings.Index(c.Key, "/")]
	p := process1(w.d.specs[project], process)
	if p == nil {
		return
	}
	w.mu.Lock()
	w.paused[c.Key], w.notes[c.Key] = w.rule(p.Watch), text
	w.mu.Unlock()
	w.d.events.add(api.Event{Kind: "watch", ID: c.Key, Reason: text})
	w.d.rewant(nil)
}

func process1(s *spec.Spec, name string) *spec.Process {
	if s == nil {
		return nil
	}
	return process(s, name)
}

// resume watches again what was paused, since a user has said so.
func (w *watching) resume(ids map[reconcile.ID]bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id := range ids {
		key := watchKey(id)
		delete(w.laps, key)
		if _, ok := w.paused[key]; ok {
			delete(w.paused, key)
			delete(w.notes, key)
		}
	}
}

// failed notes why not all files of a process are watched; it runs on.
func (w *watching) failed(key, text string) {
	w.d.mu.Lock()
	defer w.d.mu.Unlock()
	w.mu.Lock()
	if text == "" {
		delete(w.notes, key)
	} else {
		w.notes[key] = text
	}
	w.mu.Unlock()
	if text != "" {
		w.d.events.add(api.Event{Kind: "watch", ID: key, Reason: text})
		w.d.Log.Warn("watch", "process", key, "err", text)
	}
	w.d.rewant(nil)
}

// instancesOf are those of a project that are wanted now.
func (d *Daemon) instancesOf(project string) map[reconcile.ID]bool {
	ids := map[reconcile.ID]bool{}
	for _, in := range d.rec.Wanted() {
		if in.ID.Project == project {
			ids[in.ID] = true
		}
	}
	return ids
}

// lastStart is when an instance last began, and whether the life that is wanted is still to begin.
func (d *Daemon) lastStart(in reconcile.Instance) (at time.Time, pending bool) {
	newest := uint64(0)
	for _, l := range d.rec.Lives(in.ID) {
		newest = max(newest, l.Generation)
		if l.Started.After(at) {
			at = l.Started
		}
	}
	return at, newest < in.Generation && newest > 0
}
