package spec

import "testing"

func TestAQuestionThatAnyLifeMayAnswer(t *testing.T) {
	held := func(edit func(*Process)) *Process {
		p := Defaults()
		p.Listen = []Socket{{Name: "1", Address: "tcp://127.0.0.1:3000"}, {Name: "2", Address: "unix:/run/web.sock"}}
		p.Reload.Strategy = Overlap
		edit(&p)
		return &p
	}
	for _, tt := range []struct {
		name string
		p    *Process
		want string
	}{
		{"by http", held(func(p *Process) { p.Ready.HTTP = "http://127.0.0.1:3000/health" }), "ready.http"},
		{"without a path", held(func(p *Process) { p.Ready.HTTP = "http://127.0.0.1:3000" }), "ready.http"},
		{"through the file", held(func(p *Process) { p.Ready.HTTP, p.Ready.Socket = "http://x/", "/run/web.sock" }), "ready.http"},
		{"by tcp", held(func(p *Process) { p.Ready.TCP = "3000" }), "ready.tcp"},
		{"of several instances", held(func(p *Process) { p.Ready.TCP, p.Reload.Strategy, p.Instances = "127.0.0.1:3000", "", 2 }), "ready.tcp"},
		{"at an address of its own", held(func(p *Process) { p.Ready.HTTP = "http://127.0.0.1:30001/" }), ""},
		{"it says so itself too", held(func(p *Process) { p.Ready.TCP, p.Ready.Notify = "3000", true }), ""},
		{"there is one life alone", held(func(p *Process) { p.Ready.TCP, p.Reload.Strategy = "3000", "" }), ""},
	} {
		if got := tt.p.sharedProbe("darwin"); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
		if got := tt.p.sharedProbe("linux"); got != "" {
			t.Errorf("%s: Linux tells, and it is warned of", tt.name)
		}
	}
}
