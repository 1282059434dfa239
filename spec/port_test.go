package spec_test

import (
	"path/filepath"
	"strings"
	"testing"

	"kitt.sh/spec"
)

func TestAPortIsPORTAndReadiness(t *testing.T) {
	s, said := load(t, spec.Request{Path: folder(t, "kitt.hcl", `
process "web" {
  command   = "x"
  instances = 2
  port      = 3000
}
process "own" {
  command = "x"
  port    = 3100
  ready { stable = "1s" }
}
process "held" {
  command = "x"
  port    = 3300
  listen  = ["tcp://127.0.0.1:3300"]
}
process "once" {
  command = "x"
  port    = 3200
  kind    = "task"
}`)})
	if said != nil || len(s.Warnings) > 0 {
		t.Fatal(said, s.Warnings)
	}
	for n, want := range map[int]string{1: "3000", 2: "3001"} {
		if _, _, env := process(t, s, "web").For(n); env["PORT"] != want {
			t.Errorf("web.%d: PORT %q", n, env["PORT"])
		}
	}
	for name, want := range map[string]string{"web": "127.0.0.1:$PORT", "own": "", "once": "", "held": ""} {
		if got := process(t, s, name).Ready.TCP; got != want {
			t.Errorf("%s: ready.tcp %q, want %q", name, got, want)
		}
	}
}

func TestAPortIsNamedByOthers(t *testing.T) {
	read := func(port string) spec.Process {
		s, said := load(t, spec.Request{Path: folder(t, "kitt.hcl", `
process "web" {
  command = ["x", "--db", process.db.port]
  env     = { URL = "http://localhost:${process["my-api"].port}/" }
  ready { tcp = process.db.port }
}
process "db" {
  command = "x"
  port    = `+port+`
}
process "my-api" {
  command = "x"
  port    = 4000
}`)})
		if said != nil {
			t.Fatal(said)
		}
		return process(t, s, "web")
	}
	web, edited := read("5432"), read("5433")
	command, _, env := web.For(1)
	if command[2] != "5432" || env["URL"] != "http://localhost:4000/" || web.Ready.TCP != "5432" {
		t.Errorf("%q %q %q", command, env, web.Ready.TCP)
	}
	if edited.Cwd = web.Cwd; web.RunDigest(1) == edited.RunDigest(1) {
		t.Error("an edit of db's port does not replace web")
	}
	if c := spec.Diff(web, edited); len(c) == 0 || c[0].Field != "command" || c[0].Live {
		t.Errorf("%+v", c)
	}
}

func TestBadPorts(t *testing.T) {
	for lines, want := range map[string]string{
		`port = 0`:                      `kitt.hcl:3:9: port: 0 is not a port`,
		`port = 65536`:                  `port: 65536 is not a port`,
		`port = "http"`:                 `port: "http" is not a port`,
		`port = [1]`:                    `port: expected a number`,
		`port = process.web.port`:       `process.NAME.port is not known here`,
		"port = 65535\n instances = 2":  `process "web": the port of its last instance would be 65536`,
		"port = 1\n env = { PORT = 2 }": `kitt.hcl:4:10: process "web": PORT is set here, and by port = 1`,
		"port = 3000\n env = { PORT = 3000 + instance.n }": `PORT is set here, and by port = 3000`,
		"port = 3000\n reload { strategy = \"overlap\" }":  `nothing says when its successor is ready`,
		`env = { A = process.dbs.port }`:                   `kitt.hcl:3:21: no process "dbs" in this file`,
		`env = { A = process["dbs"].port }`:                `no process "dbs" in this file`,
		`env = { A = process.db.port }`:                    `process "db" has no port`,
		`env = { A = process.web.ports }`:                  `process "web" has no port`,
		"port = 3000\n env = { A = process.web.host }":     `all that others may name of a process is its port`,
	} {
		_, said := load(t, spec.Request{Path: folder(t, "kitt.hcl", "process \"web\" {\n command = \"x\"\n "+lines+"\n}\nprocess \"db\" { command = \"x\" }\n")})
		if len(said) != 1 || !strings.Contains(said[0], want) {
			t.Errorf("%s: %q, want %q", lines, said, want)
		}
	}
}

func TestOnePortOfTwoIsSaid(t *testing.T) {
	s, said := load(t, spec.Request{Path: folder(t, "kitt.hcl", "process \"a\" {\n command = \"x\"\n port = 3000\n instances = 3\n}\nprocess \"b\" {\n command = \"x\"\n port = 3002\n}\n")})
	if said != nil || len(s.Warnings) != 1 || s.Warnings[0].Text != `process "b": port 3002 is that of process "a" too` || filepath.Base(s.Warnings[0].File) != "kitt.hcl" {
		t.Errorf("%q %+v", said, s.Warnings)
	}
}
