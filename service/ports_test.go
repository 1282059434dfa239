package service

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"kitt.sh/reconcile"
	"kitt.sh/spec"
)

// autos are processes with port = "auto", read with these ports: "db 21000 21001".
func autos(list ...string) *spec.Spec {
	s := &spec.Spec{Project: "shop", File: "/shop/kitt.hcl"}
	for _, text := range list {
		words := strings.Fields(text)
		p := spec.Defaults()
		p.Name, p.Origins, p.Instances = words[0], map[string]spec.Pos{"port": {File: "kitt.hcl", Line: 3}}, len(words)-1
		for _, word := range words[1:] {
			var port int
			if n, _ := fmt.Sscanf(word, "=%d", &port); n == 1 {
				p.Step, p.Instances = map[string]int{"PORT": port}, 1
				continue
			}
			fmt.Sscan(word, &port)
			p.Ports = append(p.Ports, port)
		}
		s.Processes = append(s.Processes, p)
	}
	return s
}

func TestGivingPorts(t *testing.T) {
	next := func(key string, but ...int) int {
		return spec.FreePort("shop/"+key, func(port int) bool {
			for _, b := range but {
				if b == port {
					return true
				}
			}
			return false
		})
	}
	for _, tt := range []struct {
		name  string
		spec  *spec.Spec
		g     giving
		busy  []int
		gives map[string]int
		anew  string
		again bool
	}{
		{"a guess that is free is given", autos("db 21000"), giving{}, nil, map[string]int{"db.1": 21000}, "[db.1]", false},
		{"what was given stays, whoever listens there", autos("db 21000"), giving{has: map[string]int{"db.1": 21000}}, []int{21000}, map[string]int{"db.1": 21000}, "[]", false},
		{"it stays though the file was read with another", autos("db 21000"), giving{has: map[string]int{"db.1": 21005}}, nil, map[string]int{"db.1": 21005}, "[]", true},
		{"that of a further instance is nobody's to name", autos("db 21000 21001"), giving{has: map[string]int{"db.1": 21000, "db.2": 21005}}, nil, map[string]int{"db.1": 21000, "db.2": 21005}, "[]", false},
		{"a stranger listens at the guess", autos("db 21000"), giving{}, []int{21000}, map[string]int{"db.1": next("db.1")}, "[db.1]", true},
		{"and at what would be next", autos("db 21000"), giving{}, []int{21000, next("db.1")}, map[string]int{"db.1": next("db.1", next("db.1"))}, "[db.1]", true},
		{"another project has the guess", autos("db 21000"), giving{taken: map[int]bool{21000: true}}, nil, map[string]int{"db.1": next("db.1")}, "[db.1]", true},
		{"the file says it for another", autos("db 21000", "web =21000"), giving{}, nil, map[string]int{"db.1": next("db.1")}, "[db.1]", true},
		{"another of the project has it", autos("db 21000", "api 21000"), giving{has: map[string]int{"api.1": 21000}}, nil, map[string]int{"db.1": next("db.1"), "api.1": 21000}, "[db.1]", true},
		{"two read with the same", autos("db 21000", "api 21000"), giving{}, nil, map[string]int{"db.1": 21000, "api.1": next("api.1")}, "[db.1 api.1]", true},
		{"a scale adds one", autos("db 21000"), giving{has: map[string]int{"db.1": 21000}, scale: map[string]reconcile.Scaled{"db": {N: 2, File: 1}}}, nil, map[string]int{"db.1": 21000, "db.2": next("db.2")}, "[db.2]", false},
		{"a scale of a number that the file no longer says does not", autos("db 21000"), giving{has: map[string]int{"db.1": 21000}, scale: map[string]reconcile.Scaled{"db": {N: 2, File: 5}}}, nil, map[string]int{"db.1": 21000}, "[]", false},
		{"what left the file is given back", autos("db 21000"), giving{has: map[string]int{"db.1": 21000, "gone.1": 21001}}, nil, map[string]int{"db.1": 21000}, "[]", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.g.taken == nil {
				tt.g.taken = map[int]bool{}
			}
			busy := map[int]bool{}
			for _, port := range tt.busy {
				busy[port] = true
			}
			tt.g.bindable = func(port int) bool { return !busy[port] }
			anew, err := tt.g.give(tt.spec)
			got := spec.PortsOf(tt.spec)
			if other := (otherPorts{}); errors.As(err, &other) != tt.again || tt.again && !maps.Equal(other.ports, tt.gives) || !maps.Equal(got, tt.gives) || fmt.Sprint(anew) != tt.anew {
				t.Errorf("gives %v (%v), anew %v, want %v, anew %v, again %v", got, err, anew, tt.gives, tt.anew, tt.again)
			}
		})
	}
}

func TestNoPortIsFree(t *testing.T) {
	g := giving{taken: map[int]bool{}, bindable: func(int) bool { return false }}
	_, err := g.give(autos("db 21000"))
	if f := asFailure(err); err == nil || f.Error != `kitt.hcl:3: process "db": port: none that kitt gives is free for db.1` || f.Hint == "" {
		t.Errorf("%+v", f)
	}
}

// What other projects name, were given, or have kitt listen at is not given to another.
func TestWhatIsTaken(t *testing.T) {
	s := autos("fixed =3000", "db 21000 21001")
	s.Processes[0].Instances = 2
	web := spec.Defaults()
	web.Name, web.Env = "web", map[string]string{"PORT": "3100"}
	sockets := spec.Defaults()
	sockets.Name, sockets.Listen = "sockets", []spec.Socket{{Address: "tcp://[::1]:3200"}, {Address: "unix:/x"}, {Address: "tcp://127.0.0.1:3201"}}
	s.Processes = append(s.Processes, web, sockets)
	d := &Daemon{specs: map[string]*spec.Spec{"shop": s}, intents: &reconcile.Intents{Projects: map[string]*reconcile.Project{"shop": {Scale: map[string]reconcile.Scaled{"fixed": {N: 3, File: 2}}}}}}
	want := map[int]bool{3000: true, 3001: true, 3002: true, 3100: true, 3200: true, 3201: true, 21000: true, 21001: true}
	if got := d.takenPorts(nil); !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := d.takenPorts([]string{"shop"}); len(got) != 0 {
		t.Errorf("but for shop: %v", got)
	}
}
