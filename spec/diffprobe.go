package spec

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// probes compares how two readings of a process ask how it is. What the program itself must be given is no live edit.
func (d *differ) probes(old, new Process) {
	d.run("ready.notify", strconv.FormatBool(old.Ready.Notify), strconv.FormatBool(new.Ready.Notify))
	d.run("ready.fd", strconv.Itoa(old.Ready.FD), strconv.Itoa(new.Ready.FD))
	d.run("alive.watchdog", old.Alive.Watchdog.String(), new.Alive.Watchdog.String())
	d.live("ready.message", strconv.FormatBool(old.Ready.Message), strconv.FormatBool(new.Ready.Message))
	d.live("ready.log", old.Ready.Log, new.Ready.Log)
	d.live("ready.stable", old.Ready.Stable.String(), new.Ready.Stable.String())
	d.live("ready.within", old.Ready.Within.String(), new.Ready.Within.String())
	d.live("alive.stalled_after", old.Alive.StalledAfter.String(), new.Alive.StalledAfter.String())
	d.live("alive.dump", old.Alive.Dump, new.Alive.Dump)
	d.probe("ready.", &old.Ready.Probe, &new.Ready.Probe)
	d.probe("alive.", &old.Alive.Probe, &new.Alive.Probe)
}

func (d *differ) probe(block string, old, new *Probe) {
	d.live(block+"http", old.HTTP, new.HTTP)
	d.live(block+"socket", old.Socket, new.Socket)
	d.live(block+"status", fmt.Sprint(old.Status), fmt.Sprint(new.Status))
	d.secret(block+"headers", old.Headers, new.Headers)
	d.live(block+"header", pairs(old.Header), pairs(new.Header))
	d.live(block+"body", old.Body, new.Body)
	d.live(block+"tcp", old.TCP, new.TCP)
	d.live(block+"exec", quoteWords(old.Exec), quoteWords(new.Exec))
	d.live(block+"file", old.File, new.File)
	d.live(block+"max_age", old.MaxAge.String(), new.MaxAge.String())
	d.live(block+"initial_delay", old.InitialDelay.String(), new.InitialDelay.String())
	d.live(block+"period", old.Period.String(), new.Period.String())
	d.live(block+"timeout", old.Timeout.String(), new.Timeout.String())
	d.live(block+"success_threshold", strconv.Itoa(old.SuccessThreshold), strconv.Itoa(new.SuccessThreshold))
	d.live(block+"failure_threshold", strconv.Itoa(old.FailureThreshold), strconv.Itoa(new.FailureThreshold))
}

// secret tells that something changed and not what: a header may hold a token.
func (d *differ) secret(field string, old, new map[string]string) {
	if !maps.Equal(old, new) {
		d.changes = append(d.changes, Change{Field: field, Live: true})
	}
}

func pairs(m map[string]string) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		out = append(out, name+"="+m[name])
	}
	return strings.Join(out, " ")
}
