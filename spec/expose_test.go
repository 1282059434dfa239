package spec_test

import (
	"strings"
	"testing"

	"kitt.sh/spec"
)

// A process with expose has a forwarder behind it in the row, a port of its own for each life, which is when it is ready, and
// gives way only once its successor is.
func TestExpose(t *testing.T) {
	s, said := load(t, spec.Request{Path: folder(t, "kitt.hcl", `
process "web" {
  command   = "x"
  expose    = 8080
  instances = 2
}
process "own" {
  command = "x"
  expose  = "0.0.0.0:8081"
  ready { stable = "1s" }
  reload { strategy = "one-by-one" }
  stop { drain = "1m" }
}
process "sock" {
  command = "x"
  expose  = "unix:run/web.sock?mode=0660"
}
process "uses" {
  command = ["x", process.web.port, process.own.port]
}`)})
	if said != nil || len(s.Warnings) > 0 {
		t.Fatal(said, s.Warnings)
	}
	var names []string
	for _, p := range s.Processes {
		names = append(names, p.Name)
	}
	if got := strings.Join(names, " "); got != "web web@expose own own@expose sock sock@expose uses" {
		t.Errorf("processes: %s", got)
	}
	web, own, front := process(t, s, "web"), process(t, s, "own"), process(t, s, "web@expose")
	if web.Expose != "tcp://127.0.0.1:8080" || web.Ready.TCP != "127.0.0.1:$PORT" || web.Replacing() != spec.Overlap || web.Stop.Drain.String() != "5s" {
		t.Errorf("web: %q %q %q %s", web.Expose, web.Ready.TCP, web.Replacing(), web.Stop.Drain)
	}
	if own.Expose != "tcp://0.0.0.0:8081" || own.Ready.TCP != "" || own.Replacing() != spec.ByTurns || own.Stop.Drain.String() != "1m0s" {
		t.Errorf("own: %q %q %q %s", own.Expose, own.Ready.TCP, own.Replacing(), own.Stop.Drain)
	}
	if front.Fronts() != "web" || len(front.Listen) != 1 || front.Listen[0].Address != "tcp://127.0.0.1:8080" || front.Replacing() != spec.Overlap {
		t.Errorf("forwarder: %q %v", front.Fronts(), front.Listen)
	}
	if got := process(t, s, "sock@expose").Listen[0].String(); !strings.HasSuffix(got, "/run/web.sock?mode=0660") {
		t.Errorf("unix: %s", got)
	}
	if got := strings.Join(process(t, s, "uses").Command, " "); got != "x 8080 8081" {
		t.Errorf("process.web.port: %s", got)
	}
	if _, _, env := web.For(1); env["PORT"] != "" {
		t.Errorf("PORT is the life's own, not %s", env["PORT"])
	}
	if err := spec.Validate(s); err != nil { // as a client sends it
		t.Errorf("read again: %v", err)
	}
}

// Another address replaces the forwarder alone; expose itself, the program.
func TestExposeElsewhereReplacesNoProgram(t *testing.T) {
	at := func(expose string) (web, front spec.Process) {
		s, said := load(t, spec.Request{Path: folder(t, "kitt.hcl", "defaults {\n cwd = \"/\"\n}\nprocess \"web\" {\n command = \"x\"\n expose = "+expose+"\n}")})
		if said != nil {
			t.Fatal(said)
		}
		return process(t, s, "web"), process(t, s, "web@expose")
	}
	web, front := at("8080")
	moved, movedFront := at("8081")
	if c := spec.Diff(web, moved); len(c) != 1 || c[0].Field != "expose" || !c[0].Live || web.RunDigest(1) != moved.RunDigest(1) {
		t.Errorf("another port: %+v", c)
	}
	if front.RunDigest(1) == movedFront.RunDigest(1) {
		t.Error("its forwarder is not replaced")
	}
	plain := web
	plain.Expose = ""
	if c := spec.Diff(plain, web); len(c) != 1 || c[0].Live || plain.RunDigest(1) == web.RunDigest(1) {
		t.Errorf("none before: %+v", c)
	}
}

func TestExposeSaysWhatCannotBe(t *testing.T) {
	for lines, want := range map[string]string{
		"expose = 70000":      "a port is a number from 1 to 65535",
		"expose = \"web\"":    "names no port",
		"expose = \"web:80\"": `"web" is not the number of an address`,
		"expose = [8080]":     "expected a port or an address",
		"expose = 8080\n listen = [\"tcp://127.0.0.1:1\"]":                "expose passes connections on, and listen gives it the socket itself",
		"expose = 8080\n port = 3000":                                     "its port is set here, and is kitt's choice by expose",
		"expose = 8080\n env = { PORT = 3000 }":                           "PORT is set here, and by expose",
		"expose = 8080\n kind = \"task\"":                                 "what ends by itself takes no connections",
		"expose = 8080\n command = [\"node\",\"a\"]\n mode = \"cluster\"": "the workers of a cluster share a port by themselves",
		"expose = 8080\n stop { drain = \"-1s\" }":                        "is less than nothing",
		"stop { drain = \"1s\" }":                                         "stop.drain: it has no expose",
		"expose = 8080\n}\nprocess \"b\" {\n expose = 8080":               "tcp://127.0.0.1:8080 is listened on for \"web\" already",
		"kind = \"forwarder\"":                                            "is none of a file's kinds",
	} {
		text := "process \"web\" {\n" + lines + "\n"
		if !strings.Contains(lines, "command") {
			text = "defaults {\n command = \"x\"\n}\n" + text
		}
		_, said := load(t, spec.Request{Path: folder(t, "kitt.hcl", text+"}")})
		found := false
		for _, c := range said {
			found = found || strings.Contains(c, want) && strings.Contains(c, "kitt.hcl:")
		}
		if !found {
			t.Errorf("%q: no complaint with a place says %q: %v", lines, want, said)
		}
	}
}
