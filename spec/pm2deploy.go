package spec

import (
	"context"
	"path/filepath"
	"slices"
	"strconv"
)

// A Deploy is one environment of a pm2 file's deploy section: where a repository is brought to, and what is run there.
// Host, Repo, Path and Ref are never empty. The commands are lines for a shell; empty ones were not given.
type Deploy struct {
	User           string            `json:"user,omitempty"`        // logs in on each host; "" leaves it to ssh
	Host           []string          `json:"host"`                  // one after the other; an entry may be user@host. localhost means here, without ssh, as in pm2
	Port           int               `json:"port,omitempty"`        // of ssh; 0 leaves it to ssh
	Key            string            `json:"key,omitempty"`         // private key file; a leading ~ is HOME already, the rest as written
	SSHOptions     []string          `json:"ssh_options,omitempty"` // each for one -o of ssh
	ForwardAgent   bool              `json:"forward_agent,omitempty"`
	TTY            bool              `json:"tty,omitempty"`
	Ref            string            `json:"ref"`  // origin/main, a tag, a commit
	Repo           string            `json:"repo"` // for git clone
	Path           string            `json:"path"` // on the host: holds source, shared and current
	Fast           bool              `json:"fast,omitempty"`
	PreSetup       string            `json:"pre_setup,omitempty"`        // on the host, before the clone
	PostSetup      string            `json:"post_setup,omitempty"`       // on the host, in PATH/source
	PreDeployLocal string            `json:"pre_deploy_local,omitempty"` // here
	PreDeploy      string            `json:"pre_deploy,omitempty"`       // on the host, in PATH/source
	PostDeploy     string            `json:"post_deploy,omitempty"`      // on the host, in PATH/source
	Env            map[string]string `json:"env,omitempty"`              // of PostDeploy; and of the apps under --env NAME
	Origin         Pos               `json:"origin"`
}

// LoadDeploy reads the deploy section of the pm2 file that req names, by the names of its environments. Without such a
// section the map is empty. The error is as of Load: a *multierror.Error of Complaint, all at once; warnings are what
// was understood, but perhaps not as meant. eval may be nil as for Load.
func LoadDeploy(ctx context.Context, req Request, eval Eval) (all map[string]Deploy, warnings []Complaint, err error) {
	r := newReading(req)
	file, text, ok := r.open()
	if ok && formatOf(filepath.Base(file)) < formatJSON {
		r.complain(Pos{File: file, Line: 1}, "a deploy section stands in a pm2 file: ecosystem.config.js and the like", "%s has no deploy section", filepath.Base(file))
		ok = false
	}
	all = map[string]Deploy{}
	if ok {
		if root := r.pm2Root(ctx, eval, file, text); root != nil {
			all = newEcosystem(r, file, text, root).deploys()
		}
	}
	s, err := r.finish()
	return all, s.Warnings, err
}

// deployWords are the fields of an environment of deploy.
var deployWords = []string{"user", "host", "port", "key", "ssh_options", "forward-agent", "needs_tty", "ref", "repo", "path", "fetch",
	"pre-setup", "post-setup", "pre-deploy-local", "pre-deploy", "post-deploy", "env"}

func (e *ecosystem) deploys() map[string]Deploy {
	out := map[string]Deploy{}
	section := e.root.get("deploy")
	if section == nil || section.kind == isNull {
		return out
	}
	if section.kind != isObject {
		e.complain(e.place(section.at, 0, "deploy"), `write deploy: { production: { host, repo, ref, path } }`, "deploy: expected an object, got %s", section.kind)
		return out
	}
	for _, m := range section.members {
		w := deployWord{e, m, "deploy." + m.key}
		if m.value.kind != isObject {
			w.wrong(m, "", "expected an object, got %s", m.value.kind)
			continue
		}
		out[m.key] = w.deploy()
	}
	return out
}

// deployWord is one environment on its way to a Deploy.
type deployWord struct {
	*ecosystem
	member
	path string
}

func (w deployWord) deploy() Deploy {
	for _, m := range w.value.members {
		if !slices.Contains(deployWords, m.key) {
			w.warn(w.place(m.at, 0, m.key), didYouMean(m.key, deployWords), "%s: unknown field %q", w.path, m.key)
		}
	}
	d := Deploy{Origin: w.place(w.at, 0, w.key), User: w.text("user"), Host: w.hosts(), Port: w.port(), Key: w.homed(w.text("key")),
		SSHOptions: w.texts("ssh_options"), ForwardAgent: w.yes("forward-agent"), TTY: w.yes("needs_tty"), Fast: w.text("fetch") == "fast",
		Ref: w.text("ref"), Repo: w.text("repo"), Path: w.text("path"), PreSetup: w.text("pre-setup"), PostSetup: w.text("post-setup"),
		PreDeployLocal: w.text("pre-deploy-local"), PreDeploy: w.text("pre-deploy"), PostDeploy: w.text("post-deploy"), Env: w.env()}
	for _, need := range []string{"host", "repo", "path", "ref"} {
		if v := w.value.get(need); v == nil || v.kind == isNull || v.text == "" && len(v.list) == 0 && v.kind != isObject {
			w.complain(d.Origin, "", "%s: no %s", w.path, need)
		}
	}
	return d
}

func (w deployWord) wrong(m member, hint, format string, args ...any) {
	name := w.path
	if m.key != w.key {
		name += "." + m.key
	}
	w.complain(w.place(m.at, 0, m.key), hint, name+": "+format, args...)
}

// given is a field that is there and not null.
func (w deployWord) given(key string) (member, bool) {
	for _, m := range w.value.members {
		if m.key == key && m.value.kind != isNull {
			return m, true
		}
	}
	return member{}, false
}

func (w deployWord) text(key string) string {
	m, ok := w.given(key)
	if !ok {
		return ""
	}
	if m.value.kind != isText {
		w.wrong(m, "", "expected text, got %s", m.value.kind)
		return ""
	}
	return m.value.text
}

// texts is one text or a list of them.
func (w deployWord) texts(key string) (out []string) {
	m, ok := w.given(key)
	if !ok {
		return nil
	}
	for _, n := range m.value.each() {
		if n.kind != isText {
			w.wrong(m, "", "expected text or a list of texts, got %s", n.kind)
			return nil
		}
		out = append(out, n.text)
	}
	return out
}

// hosts are texts, or objects that name a host and perhaps its user.
func (w deployWord) hosts() (out []string) {
	m, ok := w.given("host")
	if !ok {
		return nil
	}
	for _, n := range m.value.each() {
		host, user := n, n.get("user")
		if n.kind == isObject {
			host = n.get("host")
		}
		switch {
		case host == nil || host.kind != isText || host.text == "":
			w.wrong(m, "", "expected the name of a host or a list of them, got %s", n.shown())
		case user != nil && user.kind == isText:
			out = append(out, user.text+"@"+host.text)
		default:
			out = append(out, host.text)
		}
	}
	return out
}

func (w deployWord) port() int {
	m, ok := w.given("port")
	if !ok {
		return 0
	}
	n, err := strconv.Atoi(m.value.text)
	if err != nil || n < 1 || n > 65535 || m.value.kind != isNumber && m.value.kind != isText {
		w.wrong(m, "", "expected a port from 1 to 65535, got %s", m.value.shown())
		return 0
	}
	return n
}

// yes is a switch; pm2 takes any text for yes.
func (w deployWord) yes(key string) bool {
	m, ok := w.given(key)
	if !ok {
		return false
	}
	if m.value.kind != isBool && m.value.kind != isText {
		w.wrong(m, "", "expected true or false, got %s", m.value.shown())
	}
	return m.value.text != "" && m.value.text != "false" && m.value.text != "no"
}

func (w deployWord) env() map[string]string {
	m, ok := w.given("env")
	if !ok {
		return nil
	}
	if m.value.kind != isObject {
		w.wrong(m, envHint, "expected an object, got %s", m.value.kind)
		return nil
	}
	out := map[string]string{}
	for _, v := range m.value.members {
		if v.value.kind != isNull {
			out[v.key] = v.value.asEnv()
		}
	}
	return out
}
