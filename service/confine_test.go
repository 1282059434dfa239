package service

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kitt.sh/spec"
)

func TestConfine(t *testing.T) {
	for _, row := range []struct {
		name     string
		files    string // in the life's folder; ../ is kitt's
		limits   spec.Limits
		memory   string
		cpu      string
		complain string
	}{
		{"both", "memory.max cpu.max", spec.Limits{MemoryMax: 1000, CPU: 0.5}, "1000", "50000 100000", ""},
		{"a limit that is gone is taken back", "memory.max cpu.max", spec.Limits{}, "max", "max 100000", ""},
		{"what nobody asks for need not be there", "memory.max", spec.Limits{MemoryMax: 1000}, "1000", "", ""},
		{"a controller that is not there", "memory.max", spec.Limits{MemoryMax: 1000, CPU: 2}, "1000", "", "the cpu controller is not delegated to "},
		{"neither", "../cgroup.subtree_control", spec.Limits{MemoryMax: 1000, CPU: 2}, "", "", "the memory controller is not delegated to "},
		{"almost nothing of a processor is a little", "cpu.max", spec.Limits{CPU: 0.00001}, "", "1000 100000", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "kitt-x", "1")
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			for _, f := range strings.Fields(row.files) {
				if err := os.WriteFile(filepath.Join(dir, f), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			err := confine(dir, row.limits)
			if (err == nil) != (row.complain == "") || err != nil && !strings.Contains(err.Error(), row.complain+filepath.Dir(filepath.Dir(dir))) {
				t.Errorf("said %v", err)
			}
			for name, want := range map[string]string{"memory": row.memory, "cpu": row.cpu} {
				if b, _ := os.ReadFile(filepath.Join(dir, name+".max")); string(b) != want {
					t.Errorf("%s is %q, want %q", name, b, want)
				}
			}
		})
	}
	if err := confine("", spec.Limits{CPU: 1}); err == nil || !strings.Contains(err.Error(), "no cgroups") {
		t.Errorf("without a cgroup: %v", err)
	}
}
