package spec

import (
	"net"
	"slices"
	"strconv"
	"time"
)

// serving is the command of kitt's own static server. The kitt that runs says itself where it lies, also after an upgrade.
func serving(dir, host, port string, spa bool) []string {
	command := []string{"/bin/sh", "-c", `exec "$KITT_EXE" internal serve "$@"`, "kitt", "--dir", dir, "--listen", net.JoinHostPort(host, port)}
	if spa {
		command = append(command, "--spa")
	}
	return command
}

// serveScript is an app whose script is pm2's word for its static server; its settings are variables.
func (a *app) serveScript() bool {
	if script := a.str("script"); script != "serve" || exists(resolve(a.p.Cwd, script)) || a.onPath(script) {
		return false
	}
	setting := func(name, or string) string {
		if v, ok := a.p.Env["PM2_SERVE_"+name]; ok && v != "" {
			return v
		}
		return or
	}
	a.p.Command = serving(resolve(a.p.Cwd, setting("PATH", ".")), setting("HOST", "0.0.0.0"), setting("PORT", "8080"), setting("SPA", "") == "true")
	a.serveUser(a.p.Env, setting("BASIC_AUTH_USERNAME", ""), setting("BASIC_AUTH_PASSWORD", ""))
	return true
}

// serveUser hands a name and a password over by the environment: arguments are seen by everybody.
func (e *ecosystem) serveUser(env map[string]string, name, password string) {
	if name != "" && password != "" {
		env["SERVE_USER"], env["SERVE_PASSWORD"] = name, password
	}
}

var (
	staticWords = []string{"name", "path", "port", "host", "spa", "ftp", "directory", "basic_auth", "monitor"}
	staticLater = map[string]bool{"ftp": true, "directory": true, "monitor": true}
)

// statics makes a process of each entry of the static section: a folder that is served by HTTP.
func (e *ecosystem) statics(known map[string]Pos) {
	section := e.root.get("static")
	if section == nil || section.kind == isNull {
		return
	}
	for i, n := range section.each() {
		path := "static[" + strconv.Itoa(i) + "]"
		if n.kind != isObject {
			e.complain(e.place(n.at, 0, "static"), "write static: [{ path, port }]", "%s: expected an object, got %s", path, n.kind)
			continue
		}
		p := e.static(n, path)
		if first, twice := known[p.Name]; twice {
			e.complain(p.Origin, "", "%s: process %q is already on line %d", path, p.Name, first.Line)
			continue
		}
		known[p.Name] = p.Origin
		e.spec.Processes = append(e.spec.Processes, p)
	}
}

func (e *ecosystem) static(n *node, path string) Process {
	w := deployWord{e, member{"", n.at, n}, path}
	for _, m := range n.members {
		switch {
		case staticLater[m.key] && acts(m.value):
			e.warn(e.place(m.at, 0, m.key), "", "%s: %s is not acted on by this version", path, m.key)
		case !slices.Contains(staticWords, m.key):
			e.warn(e.place(m.at, 0, m.key), didYouMean(m.key, staticWords), "%s: unknown field %q", path, m.key)
		}
	}
	p := Defaults()
	p.Stop.Signal, p.Stop.Timeout, p.Restart.MinUptime = "SIGINT", 1600*time.Millisecond, time.Second
	p.Origin, p.Origins = e.place(n.at, 0, "static"), map[string]Pos{}
	port, host := w.port(), w.text("host")
	if port == 0 {
		port = 8080
	}
	if host == "" {
		host = "0.0.0.0"
	}
	if p.Name = w.text("name"); p.Name == "" {
		p.Name = "static-page-server-" + strconv.Itoa(port)
	}
	p.Cwd, p.Env = e.dir, map[string]string{}
	p.Command = serving(resolve(e.dir, w.text("path")), host, strconv.Itoa(port), w.yes("spa"))
	if auth := n.get("basic_auth"); auth != nil && auth.kind == isObject {
		in := deployWord{e, member{"", auth.at, auth}, path + ".basic_auth"}
		e.serveUser(p.Env, in.text("username"), in.text("password"))
	}
	return p
}
