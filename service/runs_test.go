package service

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"kitt.sh/service/api"
)

func TestTheHistoryOfRunsIsBoundedAndOutlivesACrash(t *testing.T) {
	r := &runs{path: filepath.Join(t.TempDir(), "runs.jsonl")}
	all := func(api.Run) bool { return true }
	for i := range 3 {
		if err := r.add(api.Run{ID: "shop/job.1", Life: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.OpenFile(r.path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = f.WriteString(`{"id":"shop/job.1","li`) // a crash in the midst of a line
	_ = f.Close()
	if err := r.add(api.Run{ID: "shop/other.1", Life: "3"}); err != nil {
		t.Fatal(err)
	}
	if got := r.list(10, all); len(got) != 4 || got[0].Life != "0" || got[3].Life != "3" {
		t.Errorf("got %+v", got)
	}
	if got := r.list(2, func(run api.Run) bool { return run.ID == "shop/job.1" }); len(got) != 2 || got[1].Life != "2" {
		t.Errorf("got %+v", got)
	}
	if st, _ := os.Stat(r.path); st.Mode().Perm() != 0o600 {
		t.Errorf("mode %s", st.Mode())
	}
	for range 3 {
		if err := os.WriteFile(r.path, bytes.Repeat([]byte("x\n"), maxRuns), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := r.add(api.Run{ID: "shop/job.1", Life: "new"}); err != nil {
			t.Fatal(err)
		}
	}
	if got := r.list(10, all); len(got) != 1 || got[0].Life != "new" {
		t.Errorf("got %+v", got)
	}
	if files, _ := filepath.Glob(r.path + "*"); len(files) != 2 {
		t.Errorf("there are %q", files)
	}
}

func FuzzRuns(f *testing.F) {
	f.Add([]byte(`{"id":"a/b.1","exit":{"code":1}}` + "\n{"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, run := range parseRuns(b, func(api.Run) bool { return true }) {
			if run.ID == "" {
				t.Error("a run of nobody")
			}
		}
	})
}
