package port

import (
	"fmt"
	"maps"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"kitt.sh/spec"
)

// healthcheck reads compose's: what is not healthy is waited for there, and never restarted, so it says when it is ready.
func (r *composeReader) healthcheck(v value) {
	test := v.get("test")
	words := test.texts()
	switch {
	case v.get("disable").yes() || len(words) == 0 || words[0] == "NONE":
		return
	case !test.isList():
		r.p.Ready.Exec = spec.ShellCommand(r.expand(test.text()))
	case words[0] == "CMD-SHELL" && len(words) == 2:
		r.p.Ready.Exec = spec.ShellCommand(r.expand(words[1]))
	case words[0] == "CMD" && len(words) > 1:
		for _, w := range words[1:] {
			r.p.Ready.Exec = append(r.p.Ready.Exec, r.expand(w))
		}
	default:
		r.note("healthcheck: %s is no test", words[0])
		return
	}
	span := func(word string) time.Duration {
		d, _ := time.ParseDuration(r.expand(v.get(word).text()))
		return max(d, 0)
	}
	r.p.Ready.Period, r.p.Ready.Timeout = span("interval"), span("timeout")
	if retries, ok := v.get("retries").number(); ok && retries > 0 && retries < 1000 {
		r.p.Ready.Within = span("start_period") + time.Duration(retries)*max(r.p.Ready.Period, time.Second)
	}
}

// probe reads a readiness_probe or a liveness_probe of process-compose.
func (r *pcReader) probe(word string, b *spec.Probe, v value) {
	if line := v.get("exec").get("command").text(); line != "" {
		b.Exec = spec.ShellCommand(r.dollars(line))
	}
	if get := v.get("http_get"); get.isMap() {
		b.HTTP = r.address(get)
	}
	for name, d := range map[string]*time.Duration{"initial_delay_seconds": &b.InitialDelay, "period_seconds": &b.Period, "timeout_seconds": &b.Timeout} {
		if n, ok := v.get(name).number(); ok && n > 0 && n < 1<<20 {
			*d = seconds(n)
		}
	}
	for name, n := range map[string]*int{"success_threshold": &b.SuccessThreshold, "failure_threshold": &b.FailureThreshold} {
		if k, ok := v.get(name).number(); ok && k > 0 && k < 1<<20 {
			*n = k
		}
	}
	if !b.Asks() {
		r.note("%s: it asks nothing that is known here", word)
	}
}

func (r *pcReader) address(get value) string {
	or := func(word, usual string) string {
		if text := r.dollars(get.get(word).text()); text != "" {
			return text
		}
		return usual
	}
	host := or("host", "127.0.0.1")
	if port := or("num_port", or("port", "")); port != "" {
		host = net.JoinHostPort(host, port)
	}
	return or("scheme", "http") + "://" + host + "/" + strings.TrimPrefix(or("path", "/"), "/")
}

// logLine reads ready_log_line, which is a text and no pattern.
func (r *pcReader) logLine(v value) { r.p.Ready.Log = regexp.QuoteMeta(r.dollars(v.text())) }

// probeFields are the words of a probe.
func probeFields(b spec.Probe) (out []string) {
	add := func(word, value string, given bool) {
		if given {
			out = append(out, word+" = "+value)
		}
	}
	span := func(word string, d time.Duration) { add(word, quoted(d.String()), d != 0) }
	number := func(word string, n int) { add(word, strconv.Itoa(n), n != 0) }
	add("http", quoted(b.HTTP), b.HTTP != "")
	add("socket", quoted(b.Socket), b.Socket != "")
	add("status", strings.ReplaceAll(fmt.Sprint(b.Status), " ", ", "), len(b.Status) > 0)
	add("headers", named(b.Headers), len(b.Headers) > 0)
	add("header", named(b.Header), len(b.Header) > 0)
	add("body", quoted(b.Body), b.Body != "")
	add("tcp", quoted(b.TCP), b.TCP != "")
	add("exec", commandValue(b.Exec), len(b.Exec) > 0)
	add("file", quoted(b.File), b.File != "")
	span("max_age", b.MaxAge)
	span("initial_delay", b.InitialDelay)
	span("period", b.Period)
	span("timeout", b.Timeout)
	number("success_threshold", b.SuccessThreshold)
	number("failure_threshold", b.FailureThreshold)
	return out
}

func named(m map[string]string) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		out = append(out, quoted(name)+" = "+quoted(m[name]))
	}
	return "{ " + strings.Join(out, ", ") + " }"
}

func readyFields(r spec.Ready) []string {
	out := probeFields(r.Probe)
	for _, f := range []struct {
		text  string
		given bool
	}{{"message = true", r.Message}, {"notify = true", r.Notify}, {"fd = " + strconv.Itoa(r.FD), r.FD != 0}, {"log = " + quoted(r.Log), r.Log != ""},
		{"stable = " + quoted(r.Stable.String()), r.Stable != 0}, {"within = " + quoted(r.Within.String()), r.Within != 0}} {
		if f.given {
			out = append(out, f.text)
		}
	}
	return out
}

func aliveFields(a spec.Alive) []string {
	out := probeFields(a.Probe)
	for _, f := range []struct {
		text  string
		given bool
	}{{"watchdog = " + quoted(a.Watchdog.String()), a.Watchdog != 0}, {"stalled_after = " + quoted(a.StalledAfter.String()), a.StalledAfter != 0},
		{"dump = " + quoted(a.Dump), a.Dump != ""}} {
		if f.given {
			out = append(out, f.text)
		}
	}
	return out
}

// soundProbes leaves out what kitt.hcl would be refused for.
func (p *Project) soundProbes(q *Process) {
	if q.Schedule.Job() && (q.Ready.Message || q.Ready.Probes()) {
		p.note(q.Name, "when it is ready: what has a schedule is not waited for, it ends")
		q.Ready = spec.Ready{}
	}
	for _, b := range []*spec.Probe{&q.Ready.Probe, &q.Alive.Probe} {
		if u, err := url.Parse(b.HTTP); b.HTTP != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
			p.note(q.Name, "%s is no address to ask: left out", b.HTTP)
			b.HTTP = ""
		}
	}
}
