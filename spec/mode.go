package spec

import (
	"path/filepath"
	"slices"
	"strings"
)

// Modes of a process: how its program is run.
const (
	ModeFork    = ""        // as it is
	ModeNode    = "node"    // with Node's channel for messages: process.send reaches kitt
	ModeCluster = "cluster" // Node's cluster: one primary, which kitt runs, and Instances workers that share its ports
)

var modes = []string{"fork", ModeNode, ModeCluster}

// ExitGaveUp is how the primary of a cluster ends whose workers have died too often.
const ExitGaveUp = 122

// Channel tells whether the process has a channel.
func (p *Process) Channel() bool { return p.Mode != ModeFork }

// apart are Node's options whose value is a word of its own.
var apart = []string{"-r", "--require", "--import", "--loader", "--experimental-loader", "-C", "--conditions", "--env-file", "--title"}

// ScriptAt is where in argv, which begins with node, the script stands; 0 if there is none.
func ScriptAt(argv []string) int {
	for i := 1; i < len(argv); i++ {
		if !strings.HasPrefix(argv[i], "-") {
			return i
		}
		if slices.Contains(apart, argv[i]) {
			i++
		}
	}
	return 0
}

// byNode tells whether argv is a script that node runs.
func byNode(argv []string) bool {
	return len(argv) > 1 && filepath.Base(argv[0]) == "node" && ScriptAt(argv) > 0
}

// validateMode complains of a mode that the command does not allow.
func (r *reading) validateMode(p *Process) {
	if p.Mode == "fork" {
		p.Mode = ModeFork
	}
	switch {
	case p.Mode != ModeFork && !slices.Contains(modes, p.Mode):
		r.oneOf(p, "mode", p.Mode, modes)
	case p.Mode == ModeCluster && !byNode(p.Command):
		r.complain(p.at("mode"), "write command = [\"node\", \"app.js\"], or leave mode out", "process %q: mode cluster is for a script that node runs", p.Name)
	case p.Mode == ModeCluster && len(p.Each) > 0:
		r.complain(p.at("mode"), "", "process %q: mode cluster: the workers share one command and environment, nothing may depend on instance.n", p.Name)
	case p.Ready.Message && !p.Channel():
		r.complain(p.at("ready.message"), "add mode = \"node\"", "process %q: ready.message needs a channel", p.Name)
	case p.Stop.Message != "" && !p.Channel():
		r.complain(p.at("stop.message"), "add mode = \"node\"", "process %q: stop.message needs a channel", p.Name)
	}
}

// nodeMode reads what pm2 does with Node's channel: exec_mode, wait_ready, listen_timeout, shutdown_with_message.
// pm2 gives every program a channel; here those have one that node runs, or that ask for it.
func (a *app) nodeMode() {
	a.p.Ready.Message = a.flag("wait_ready", false)
	a.p.Origins["ready.message"] = a.at("wait_ready")
	if d, ok := a.millis("listen_timeout"); ok {
		a.p.Ready.Within = d
		a.p.Origins["ready.within"] = a.at("listen_timeout")
	}
	if a.flag("shutdown_with_message", false) {
		a.p.Stop.Message = "shutdown"
		a.p.Origins["stop.message"] = a.at("shutdown_with_message")
	}
	a.p.Stdin = true // as under pm2
	node := byNode(a.p.Command)
	mode := a.str("exec_mode")
	a.p.Origins["mode"] = a.at("exec_mode")
	switch {
	case mode != "" && !slices.Contains([]string{"cluster", "cluster_mode", "fork", "fork_mode"}, mode):
		a.wrong("exec_mode", "write fork or cluster", "%q is not a mode", mode)
	case node && (strings.HasPrefix(mode, "cluster") || mode == "" && a.p.Instances > 1):
		a.p.Mode = ModeCluster
	case node && mode == "" && a.words["instances"].text() == "1":
		a.differs(a.at("instances"), a.path, "", "instances: 1 is one plain process; pm2 would run it in cluster mode")
	case strings.HasPrefix(mode, "cluster"):
		a.warn(a.at("exec_mode"), "interpreter: \"node\"", "%s: exec_mode %s is for a script that node runs: it runs as in fork mode", a.path, mode)
	}
	if a.p.Mode == ModeFork && (node || a.p.Ready.Message || a.p.Stop.Message != "") {
		a.p.Mode = ModeNode
	}
}

// shareLogs gives the workers of a cluster one file each for stdout and stderr: they write to what their primary has.
func (a *app) shareLogs() {
	if a.p.Mode != ModeCluster {
		return
	}
	for _, path := range []*string{&a.p.Log.Out, &a.p.Log.Err, &a.p.Log.Combined} {
		*path = strings.ReplaceAll(*path, "{n}", "")
	}
}
