package reconcile

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"kitt.sh/spec"
)

// FuzzIntents: any bytes as desired.json are intents or an error; intents can be looked at, and come back as saved.
func FuzzIntents(f *testing.F) {
	f.Add([]byte(`{"version":1,"projects":{"shop":{"file":"/s/kitt.hcl","request":{"path":"/s"},"holds":{"web":{"since":"2026-01-01T00:00:00Z"}},"scale":{"web":{"n":2,"file":1}},"generations":{"web.1":3}}}}`))
	f.Add([]byte(`{"version":1,"projects":{"shop":null}}`))
	f.Add([]byte(`{"version":1,"projects":{"shop":{"scale":{"web":{"n":-1,"file":1}},"generations":{"web.1":18446744073709551615}}}}`))
	f.Add([]byte(`{"version":2,"projects":{}}`))
	f.Add([]byte(`{"version":1,"projects":{},"value_key":"AAAA","values":{"shop":{"00":"x"}}}`))
	f.Add([]byte(`{"version":1,"proj`))
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "desired.json")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		in, err := LoadIntents(path)
		if in == nil || in.Projects == nil {
			t.Fatal("no intents at all: ", err)
		}
		now := time.Unix(1_800_000_000, 0)
		for name, p := range in.Projects {
			s := &spec.Spec{Project: name, Processes: []spec.Process{{Name: "web", Command: []string{"x"}, Instances: 1}}}
			if n := len(Expand(now, s, p, Digests{})); n > 1000 {
				t.Fatalf("%d instances", n)
			}
			p.Expire(now)
		}
		if err != nil {
			return
		}
		if in.Clone().Save(path, true) != nil {
			return // a time that JSON has no form for
		}
		again, err := LoadIntents(path)
		if err != nil || !reflect.DeepEqual(in.Clone(), again.Clone()) && len(again.Projects) != len(in.Projects) {
			t.Fatalf("%v: %+v became %+v", err, in, again)
		}
	})
}

// FuzzLifeName: any text as the name of a life is refused or means one thing.
func FuzzLifeName(f *testing.F) {
	for _, s := range []string{"shop/web.1#1.abc", "shop/web.1", "a/b/c.1#2.x", "/.1#1.", "shop/web.01#1.x", "shop/web.-1#1.x", "shop/web.1#18446744073709551616.x", "", "#", "shop/we#b.1#1.x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if id, err := ParseID(s); err == nil && id.String() != s {
			t.Fatalf("%q means %q", s, id)
		}
		id, gen, err := ParseLife(s)
		if err != nil {
			return
		}
		if again, g, err := ParseLife(LifeName(id, gen, "n")); err != nil || again != id || g != gen {
			t.Fatalf("%q: %v %d, then %v %d, %v", s, id, gen, again, g, err)
		}
	})
}
