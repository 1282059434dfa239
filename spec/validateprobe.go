package spec

import (
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// minPeriod keeps a slip of the finger from asking without a pause.
const minPeriod = 10 * time.Millisecond

// validateProbes complains of probes that could never be asked, or never answered.
func (r *reading) validateProbes(p *Process) {
	r.validateProbe(p, "ready", &p.Ready.Probe)
	r.validateProbe(p, "alive", &p.Alive.Probe)
	say := func(field, hint, format string, args ...any) {
		r.complain(p.at(field), hint, "process %q: "+field+": "+format, append([]any{p.Name}, args...)...)
	}
	switch {
	case p.Ready.FD != 0 && p.Ready.FD != 3:
		say("ready.fd", "fd = 3", "the program is given descriptor 3, not %d", p.Ready.FD)
	case p.Ready.FD > 0 && p.Channel():
		say("ready.fd", "message = true, and process.send(\"ready\")", "mode %s has Node's channel on descriptor 3", p.Mode)
	case p.Notifies() && p.Mode == ModeCluster:
		say("ready.notify", "message = true, and process.send(\"ready\")", "the workers of a cluster have no notify socket")
	}
	r.pattern(p, "ready.log", p.Ready.Log)
	if p.Ready.Log != "" && p.Log.Off {
		say("ready.log", "take log { off = true } out", "its output is not kept")
	}
	if p.Alive.StalledAfter > 0 && p.Log.Off {
		say("alive.stalled_after", "take log { off = true } out", "its output is not kept")
	}
	if p.Alive.Dump != "" && p.Alive.StalledAfter == 0 {
		say("alive.dump", `stalled_after = "5m"`, "it is sent to a stalled program, and nothing says when it is that")
	}
	if p.Schedule.Job() && (p.Ready.Message || p.Ready.Probes()) {
		say("ready", "take it out", "a job is not waited for, it ends")
	}
}

func (r *reading) validateProbe(p *Process, block string, b *Probe) {
	at := func(word string) (Pos, string) { return p.at(block + "." + word), block + "." + word }
	say := func(word, hint, format string, args ...any) {
		pos, field := at(word)
		r.complain(pos, hint, "process %q: "+field+": "+format, append([]any{p.Name}, args...)...)
	}
	if b.HTTP != "" {
		if why := badURL(b.HTTP); why != "" {
			say("http", `http = "http://127.0.0.1:3000/health"; with socket = "run/x.sock" it is asked there`, "%q %s", b.HTTP, why)
		}
	}
	for _, word := range []struct {
		name string
		used bool
	}{{"socket", b.Socket != ""}, {"status", len(b.Status) > 0}, {"headers", len(b.Headers) > 0}, {"header", len(b.Header) > 0}, {"body", b.Body != ""}} {
		if word.used && b.HTTP == "" {
			say(word.name, `http = "http://127.0.0.1:3000/health"`, "it is about an answer to http, and there is none")
		}
	}
	if why := badTCP(b.TCP); why != "" {
		say("tcp", `tcp = "127.0.0.1:3000", or tcp = 3000`, "%q %s", b.TCP, why)
	}
	for _, status := range b.Status {
		if status < 100 || status > 599 {
			say("status", "status = [200, 204]", "%d is no status of HTTP", status)
		}
	}
	r.pattern(p, block+".body", b.Body)
	for name, pattern := range b.Header {
		r.pattern(p, block+".header", pattern)
		_ = name
	}
	if b.Period > 0 && b.Period < minPeriod {
		say("period", "", "%s is shorter than %s", b.Period, minPeriod)
	}
	if b.MaxAge > 0 && b.File == "" {
		say("max_age", `file = "run/alive"`, "it is the age of a file, and none is named")
	}
	for word, n := range map[string]int{"success_threshold": b.SuccessThreshold, "failure_threshold": b.FailureThreshold} {
		if n < 0 {
			say(word, "", "%d is less than 1", n)
		}
	}
}

// pattern complains of one that cannot be read.
func (r *reading) pattern(p *Process, field, text string) {
	if _, err := regexp.Compile(text); err != nil {
		r.complain(p.at(field), `a dot, a bracket or a star for itself is written \\. \\[ \\*`, "process %q: %s: %s", p.Name, field, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
}

// badURL says what is wrong with the address of an http probe; a $NAME in it is filled in later.
func badURL(text string) string {
	u, err := url.Parse(variables.ReplaceAllString(text, "1"))
	switch {
	case !strings.HasPrefix(text, "http://") && !strings.HasPrefix(text, "https://"):
		return "is no http:// or https:// address"
	case err != nil:
		return "cannot be read"
	case u.Host == "":
		return "names no host"
	}
	return ""
}

var variables = regexp.MustCompile(`\$\{?[A-Za-z_][A-Za-z0-9_]*\}?`)

// badTCP says what is wrong with HOST:PORT, or a port.
func badTCP(text string) string {
	text = variables.ReplaceAllString(text, "1")
	if text == "" {
		return ""
	}
	if _, port, err := net.SplitHostPort(text); err == nil {
		text = port
	} else if strings.Contains(text, ":") {
		return "is no HOST:PORT"
	}
	if n, err := strconv.Atoi(text); err != nil || n < 1 || n > 65535 {
		return "names no port of 1 to 65535"
	}
	return ""
}
