package service

import (
	"fmt"
	"testing"

	"kitt.sh/reconcile"
	"kitt.sh/spec"
)

// named are intents of projects that follow /shop/kitt.hcl, each with its former names.
func named(projects map[string][]string) *reconcile.Intents {
	in := &reconcile.Intents{Version: 1, Projects: map[string]*reconcile.Project{
		"other": {File: "/other/kitt.hcl"}}}
	for name, was := range projects {
		in.Projects[name] = &reconcile.Project{File: "/shop/kitt.hcl", Was: was}
	}
	return in
}

func TestAFileThatHasAnotherNameIsTheSameProject(t *testing.T) {
	for _, row := range []struct {
		name string
		now  map[string][]string
		to   string
		want string // the new project's former names, and who became whom
	}{
		{"the first name", nil, "a", "[] map[]"},
		{"the same name", map[string][]string{"a": nil}, "a", "[] map[]"},
		{"another name", map[string][]string{"a": nil}, "b", "[a] map[a:b]"},
		{"a third name", map[string][]string{"b": {"a"}}, "c", "[a b] map[a:c b:c]"},
		{"and back", map[string][]string{"b": {"a"}}, "a", "[b] map[b:a]"},
		{"two that ran side by side become one", map[string][]string{"a": nil, "b": nil}, "b", "[a] map[a:b]"},
	} {
		t.Run(row.name, func(t *testing.T) {
			in := named(row.now)
			old := formerly(in, &spec.Spec{Project: row.to, File: "/shop/kitt.hcl"})
			if rename(in, old, row.to); in.Projects[row.to] == nil {
				in.Projects[row.to] = &reconcile.Project{}
			}
			if got := fmt.Sprint(in.Projects[row.to].Was, " ", renamed(in)); got != row.want || len(in.Projects) != 2 {
				t.Errorf("got %s in %d projects, want %s", got, len(in.Projects), row.want)
			}
		})
	}
}

func TestANameThatAnotherProjectTookIsNoFormerOne(t *testing.T) {
	in := named(map[string][]string{"b": {"a"}})
	rename(in, nil, "a")
	in.Projects["a"] = &reconcile.Project{File: "/new/kitt.hcl"}
	if got := renamed(in); len(got) != 0 || len(in.Projects["b"].Was) != 0 {
		t.Errorf("a is taken for b still: %v", got)
	}
}
