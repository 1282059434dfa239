package cli

import "testing"

func TestTheGraphIsDrawn(t *testing.T) {
	on := func(pairs ...string) map[string]string {
		m := map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i]] = pairs[i+1]
		}
		return m
	}
	nodes := []node{
		{"db", "service", 1, on(), "running"},
		{"migrate", "task", 1, on("db", "ready"), ""},
		{"web", "service", 3, on("migrate", "completed", "cache", "started"), ""},
		{"mail", "service", 1, on("web", "ready"), ""},
		{"cache", "service", 1, on(), ""},
		{"clean", "job", 1, on(), ""},
	}
	if got, want := tree(false, nodes), `db  running
└─ migrate, a task, once that is ready
   └─ web ×3, once that is completed
      └─ mail, once that is ready
cache
└─ web ×3, once that is started  (see above)
clean, a job
`; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got, want := dot("sh\"op", nodes[:2]), `digraph "sh\"op" {
  rankdir = LR
  node [shape = box]
  "db"
  "migrate" [style = rounded]
  "migrate" -> "db" [label = "ready"]
}
`; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
