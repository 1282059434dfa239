package service

import (
	"fmt"
	"strings"
	"testing"
)

func TestAddress(t *testing.T) {
	all := []member{
		{project: "blog", process: "web", n: 1, number: 5},
		{project: "shop", process: "web", n: 1, number: 0},
		{project: "shop", process: "web", n: 2, number: 1},
		{project: "shop", process: "web.2", n: 1, number: 2},
		{project: "shop", process: "api", namespace: "back", n: 1, number: 3},
		{project: "shop", process: "worker", namespace: "back", n: 1, number: 4, deleted: true},
		{project: "shop", process: "worker", namespace: "back", n: 2, number: 7},
		{project: "shop", process: "7", n: 1, number: 8},
		{project: "shop", process: "off", number: -1},
		{project: "shop", process: "gone", n: 1, number: 9, deleted: true},
	}
	for _, row := range []struct{ name, near, word, want string }{
		{"the project of the caller comes first", "blog", "web", "blog/web.0"},
		{"a name that two have is both", "", "web", "blog/web.0 shop/web.0"},
		{"in full it is one", "blog", "shop/web", "shop/web.0"},
		{"an instance", "shop", "web.1", "shop/web.1"},
		{"an instance in full", "", "shop/api.1", "shop/api.1"},
		{"a process's own name comes before an instance's", "shop", "web.2", "shop/web.2.0"},
		{"an instance that is not there", "shop", "web.3", ""},
		{"a process that is scaled to 0", "shop", "off", "shop/off.0"},
		{"what was deleted has its name", "shop", "gone", "shop/gone.0"},
		{"a number is a pm_id", "shop", "1", "shop/web.2"},
		{"a number that is the only one of its process is one instance all the same", "shop", "3", "shop/api.0"},
		{"a name that is a number comes before the number", "shop", "7", "shop/7.0"},
		{"a number that nothing has", "shop", "99", ""},
		{"the number of what was deleted", "shop", "9", ""},
		{"a namespace, but for what was deleted", "", "back", "shop/api.0 shop/worker.2"},
		{"a project", "shop", "blog", "blog/web.0"},
		{"all, but for what was deleted", "shop", "all", "blog/web.0 shop/web.0 shop/web.2.0 shop/api.0 shop/worker.2 shop/7.0 shop/off.0"},
		{"an expression is looked for in all names", "shop", "/^w.*r$/", "shop/worker.2"},
		{"one may find several", "", "/web$/", "blog/web.0 shop/web.0"},
		{"one that finds nothing", "", "/zzz/", ""},
		{"one that is none", "", "/(/", "error: missing closing"},
		{"a pattern", "", "w*r", "shop/worker.2"},
		{"a pattern that several fit", "", "web*", "blog/web.0 shop/web.0 shop/web.2.0"},
		{"a pattern of instances", "", "web.[2-9]", "shop/web.2 shop/web.2.0"},
		{"a pattern of a project", "", "shop/w*", "shop/web.0 shop/web.2.0 shop/worker.2"},
		{"a pattern that nothing fits", "", "z*", ""},
		{"one that is none", "", "web[", "error: no pattern"},
		{"two slashes are no expression", "", "//", ""},
		{"nothing", "shop", "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			hits, err := address(row.word, row.near, all)
			var got []string
			for _, h := range hits {
				got = append(got, fmt.Sprintf("%s/%s.%d", h.project, h.process, h.n))
			}
			if want, bad := strings.CutPrefix(row.want, "error: "); bad {
				if err == nil || !strings.Contains(err.Error(), want) || asFailure(err).Code != 2 {
					t.Errorf("err = %v, want %q with code 2", err, want)
				}
				return
			}
			if text := strings.Join(got, " "); err != nil || text != row.want {
				t.Errorf("got %q, %v, want %q", text, err, row.want)
			}
		})
	}
}

func TestWords(t *testing.T) {
	for _, row := range []struct{ name, query, want string }{
		{"names are parted by commas", "web,api.1", "web|api.1"},
		{"but not those in an expression", "web,/a{1,2}/,api", "web|/a{1,2}/|api"},
		{"one that is not closed is none", "/a,b", "/a|b"},
		{"a name in full is no expression", "shop/web,blog/", "shop/web|blog/"},
		{"nothing", "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := strings.Join(words(row.query), "|"); got != row.want {
				t.Errorf("%q", got)
			}
		})
	}
}

func TestSeveralWordsMeanEachProcessOnce(t *testing.T) {
	a := target{project: "shop", process: &shop("web").Processes[0]}
	one, two := a, a
	one.n, two.n = 1, 2
	for _, row := range []struct {
		name string
		in   []target
		want int
	}{
		{"a process twice", []target{a, a}, 1},
		{"an instance after its process", []target{a, one}, 1},
		{"a process after its instances", []target{one, two, a}, 1},
		{"two instances", []target{one, two, one}, 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := once(row.in); len(got) != row.want {
				t.Errorf("%v", got)
			}
		})
	}
}
