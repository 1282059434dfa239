package port

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"kitt.sh/spec"
)

// reread writes p as a kitt.hcl, and reads that as kitt does, which must have nothing to complain of.
func reread(t *testing.T, p Project, dir string) *spec.Spec {
	t.Helper()
	text := WriteHCL(p, dir)
	file := filepath.Join(dir, "kitt.hcl")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := spec.Load(context.Background(), spec.Request{Path: file, Cwd: dir, Env: map[string]string{"HOME": "/h"}}, nil)
	if err != nil || len(s.Warnings) > 0 {
		t.Fatalf("kitt's own reader: %v %v\n%s", err, s.Warnings, text)
	}
	return s
}

// bare is a process without what is not compared, and with nil for what is empty.
func bare(p spec.Process) spec.Process {
	p.Origin, p.Origins, p.Each, p.Step, p.Watch.Base = spec.Pos{}, nil, nil, nil, ""
	if len(p.Env) == 0 {
		p.Env = nil
	}
	if len(p.DependsOn) == 0 {
		p.DependsOn = nil
	}
	if len(p.Unset) == 0 {
		p.Unset = nil
	}
	if len(p.Restart.DoneCodes) == 0 {
		p.Restart.DoneCodes = nil
	}
	if len(p.Stop.Command) == 0 {
		p.Stop.Command = nil
	}
	return p
}

func same(t *testing.T, got, want spec.Process) {
	t.Helper()
	if g, w := bare(got), bare(want); !reflect.DeepEqual(g, w) {
		t.Errorf("got  %+v\nwant %+v", g, w)
	}
}
