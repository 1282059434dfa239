package spec_test

import (
	"maps"
	"strconv"
	"strings"
	"testing"

	"kitt.sh/spec"
)

const autoFile = `
project = "shop"
process "web" {
  command   = ["x", process.db.port]
  port      = "auto"
  instances = 2
}
process "db" {
  command = "x"
  port    = "auto"
  env     = { NEXT = process.db.port + 1 }
}
process "many" {
  command   = ["node", "x.js"]
  mode      = "cluster"
  instances = 4
  port      = "auto"
}
`

func TestAPortThatKittChooses(t *testing.T) {
	path := folder(t, "kitt.hcl", autoFile)
	guess := func(key string) string {
		return strconv.Itoa(spec.FreePort("shop/"+key, func(int) bool { return false }))
	}
	for _, tt := range []struct {
		name  string
		req   spec.Request
		ports map[string]string // process.n -> PORT
		named string
	}{
		{"nobody has been given one yet", spec.Request{}, map[string]string{"web.1": guess("web.1"), "web.2": guess("web.2"), "db.1": guess("db.1"), "many.1": guess("many.1")}, guess("db.1")},
		{"what was given stays", spec.Request{Ports: map[string]int{"db.1": 21000, "web.2": 21001}}, map[string]string{"web.1": guess("web.1"), "web.2": "21001", "db.1": "21000"}, "21000"},
		{"a scaled one has as many as it needs", spec.Request{Scale: map[string]int{"web": 3}}, map[string]string{"web.2": guess("web.2"), "web.3": guess("web.3")}, guess("db.1")},
		{"what is no port counts for nothing", spec.Request{Ports: map[string]int{"db.1": -1, "web.1": 70000}}, map[string]string{"web.1": guess("web.1")}, guess("db.1")},
		{"what another was given is not guessed", spec.Request{Ports: map[string]int{"web.1": number(t, guess("db.1"))}}, map[string]string{"web.1": guess("db.1"), "db.1": strconv.Itoa(number(t, guess("db.1")) + 1)}, strconv.Itoa(number(t, guess("db.1")) + 1)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.req.Path = path
			s, said := load(t, tt.req)
			if said != nil || len(s.Warnings) > 0 {
				t.Fatal(said, s.Warnings)
			}
			for key, want := range tt.ports {
				name, n, _ := strings.Cut(key, ".")
				p := process(t, s, name)
				_, _, env := p.For(number(t, n))
				if env["PORT"] != want || strconv.Itoa(p.Port(number(t, n))) != want {
					t.Errorf("%s: PORT %s, port %d, want %s", key, env["PORT"], p.Port(number(t, n)), want)
				}
			}
			if got := process(t, s, "web").Command[1]; got != tt.named {
				t.Errorf("process.db.port is %s, want %s", got, tt.named)
			}
			if db, many := process(t, s, "db"), process(t, s, "many"); db.Ready.TCP != "127.0.0.1:$PORT" || len(many.Ports) != 1 {
				t.Errorf("db is ready by %q, the cluster has %v", db.Ready.TCP, many.Ports)
			}
			again, _ := load(t, spec.Request{Path: path, Scale: tt.req.Scale, Ports: spec.PortsOf(s)})
			if !maps.Equal(spec.PortsOf(again), spec.PortsOf(s)) {
				t.Errorf("read again: %v, before: %v", spec.PortsOf(again), spec.PortsOf(s))
			}
		})
	}
}

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Another port replaces; that one more instance has one does not.
func TestAnEditOfGivenPorts(t *testing.T) {
	path := folder(t, "kitt.hcl", autoFile)
	was, _ := load(t, spec.Request{Path: path, Ports: map[string]int{"web.1": 21000}})
	for _, tt := range []struct {
		name   string
		req    spec.Request
		fields string
	}{
		{"the same", spec.Request{Ports: map[string]int{"web.1": 21000}}, ""},
		{"one more", spec.Request{Ports: map[string]int{"web.1": 21000}, Scale: map[string]int{"web": 3}}, ""},
		{"another", spec.Request{Ports: map[string]int{"web.1": 21001}}, "env.PORT"},
		{"a number", spec.Request{Path: folder(t, "kitt.hcl", strings.Replace(autoFile, `"auto"`, "3000", 1))}, "env.PORT"},
	} {
		if tt.req.Path == "" {
			tt.req.Path = path
		}
		is, _ := load(t, tt.req)
		fields, web := "", process(t, is, "web")
		web.Cwd, web.Command = process(t, was, "web").Cwd, process(t, was, "web").Command
		for _, c := range spec.Diff(process(t, was, "web"), web) {
			fields += c.Field
		}
		if fields != tt.fields {
			t.Errorf("%s: %q, want %q", tt.name, fields, tt.fields)
		}
	}
}

// A line of a Procfile that is refined so counts no further.
func TestAPortThatKittChoosesForALineOfAProcfile(t *testing.T) {
	path := folder(t, "kitt.hcl", "procfile = \"Procfile\"\nprocess \"web\" { port = \"auto\" }\n", "Procfile", "web: x\nworker: y\n")
	s, said := load(t, spec.Request{Path: path})
	if web := process(t, s, "web"); said != nil || len(web.Ports) != 1 || len(web.Step) > 0 || process(t, s, "worker").Step["PORT"] == 0 {
		t.Errorf("%v %+v", said, web)
	}
}

func TestBadAutoPorts(t *testing.T) {
	for lines, want := range map[string]string{
		`port = "automatic"`:                                      `kitt.hcl:3:9: port: "automatic" is not a port`,
		`port = "Auto"`:                                           `port: "Auto" is not a port`,
		"port = \"auto\"\n env = { PORT = 2 }":                    `kitt.hcl:4:10: process "web": PORT is set here, and by port = "auto"`,
		"port = \"auto\"\n env = { PORT = 2 + instance.n }":       `PORT is set here, and by port = "auto"`,
		"port = \"auto\"\n listen = [\"tcp://127.0.0.1:4000\"]":   `kitt.hcl:3:2: process "web": port = "auto" is for it to listen at, and with listen kitt listens for it`,
		"port = \"auto\"\n expose = 8080":                         `process "web": its port is set here, and is kitt's choice by expose`,
		"port = \"auto\"\n env = { A = process.db.port }":         `process "db" has no port`,
		"port = \"auto\"\n env = { A = process.web.port + \"x\"}": `kitt.hcl:4:`,
		"port = \"auto${process.web.port}\"":                      `process.NAME.port is not known here`,
	} {
		_, said := load(t, spec.Request{Path: folder(t, "kitt.hcl", "process \"web\" {\n command = \"x\"\n "+lines+"\n}\nprocess \"db\" { command = \"x\" }\n")})
		if len(said) != 1 || !strings.Contains(said[0], want) {
			t.Errorf("%s: %q, want %q", lines, said, want)
		}
	}
}

func TestAGivenPortThatTheFileNowSaysForAnother(t *testing.T) {
	s, said := load(t, spec.Request{Path: folder(t, "kitt.hcl", "process \"b\" {\n command = \"x\"\n port = 21000\n}\nprocess \"a\" {\n command = \"x\"\n port = \"auto\"\n}\n"), Ports: map[string]int{"a.1": 21000}})
	if said != nil || len(s.Warnings) != 1 || s.Warnings[0].Text != `process "a": port 21000, which kitt gave to a.1, is that of process "b" too` {
		t.Errorf("%q %+v", said, s.Warnings)
	}
}

func TestThePortThatASpecNames(t *testing.T) {
	s, _ := load(t, spec.Request{Path: folder(t, "kitt.hcl", "process \"a\" {\n command = \"x\"\n port = 3000\n instances = 2\n}\nprocess \"b\" {\n command = \"x\"\n listen = [\"unix:x.sock\", \"tcp://[::1]:3100\"]\n}\nprocess \"c\" {\n command = \"x\"\n env = { PORT = 3200 }\n}\nprocess \"d\" {\n command = [\"node\", \"x.js\"]\n mode = \"cluster\"\n port = 3300\n}\nprocess \"e\" {\n command = \"x\"\n expose = 3400\n}\n")})
	for key, want := range map[string]int{"a.1": 3000, "a.2": 3001, "b.1": 3100, "c.1": 0, "d.1": 3300, "e.1": 0, "e@expose.1": 3400} {
		name, n, _ := strings.Cut(key, ".")
		p := process(t, s, name)
		if got := p.Port(number(t, n)); got != want {
			t.Errorf("%s: %d, want %d", key, got, want)
		}
	}
}
