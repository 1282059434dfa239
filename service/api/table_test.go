package api

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"kitt.sh/spec"
)

func at(ms int64) Time { return Time{time.UnixMilli(ms).UTC()} }

func worldly() *Status {
	three := 3
	return &Status{
		Keeper: Keeper{PID: 7}, Daemon: Daemon{PID: 8, Version: "1.2.3", Replaced: "/usr/bin/kitt"},
		Specs: []Spec{
			{Project: "shop", File: "/a\tb\nc\\n/kitt.hcl", Alerts: []string{"ops: a\tb", "mail: no"}},
			{Project: "bad", File: "/bad/Procfile", Error: &Trouble{Text: "Procfile:2: no",
				Complaints: []spec.Complaint{{Pos: spec.Pos{File: "/bad/Procfile", Line: 2}, Text: "no", Source: "\tx"}}, Hint: "fix it"}},
		},
		Instances: []Instance{
			{ID: "web.1", Project: "shop", Phase: "running", Ready: true, PID: 812, Since: at(1700000000123),
				Generation: 4, Restarts: 2, CPU: 0.25, Memory: 12_300_000, Number: &three, Says: "tab\tand 1"},
			{ID: "api.1", Project: "shop", Phase: "failed", Reason: "gave up:\t10 deaths\\", Exit: &Exit{Code: &three, At: at(5)}},
			{ID: "a b.1", Project: "shop", Phase: "waiting", Exit: &Exit{Signal: "SIGKILL", At: at(6)}},
			{ID: "c.1", Project: "shop", Phase: "waiting", Exit: &Exit{}},
		},
	}
}

func TestTheTableFormHoldsWhatItIsGiven(t *testing.T) {
	want := worldly()
	got, err := ParseTable(AppendTable(nil, want))
	if err != nil {
		t.Fatal(err)
	}
	got.Specs[1].Error.Since = want.Specs[1].Error.Since
	if !reflect.DeepEqual(got, want) {
		a, _ := json.MarshalIndent(got, "", " ")
		b, _ := json.MarshalIndent(want, "", " ")
		t.Fatalf("got %s\nwant %s", a, b)
	}
}

func TestParseTable(t *testing.T) {
	full := string(AppendTable(nil, worldly()))
	tests := []struct {
		name, in string
		rows     int
		err      string
	}{
		{"nothing is an empty status", "", 0, ""},
		{"a newer kitt's further rows are skipped", "zz\tnew\n" + full, 4, ""},
		{"and its further columns", strings.Replace(full, "12300000\t\t\t\t3\n", "12300000\t\t\t\t3\tmore\n", 1), 4, ""},
		{"a row that lost columns is told", "i\tweb.1\n", 0, "has 2 columns"},
		{"a number that is none is told", "k\tx\t8\t1\n", 0, "invalid syntax"},
		{"half an answer is told", full[:len(full)-3], 0, "torn"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := ParseTable([]byte(tt.in))
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("error %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil || len(s.Instances) != tt.rows {
				t.Fatalf("%d rows, %v; want %d", len(s.Instances), err, tt.rows)
			}
		})
	}
}

func FuzzParseTable(f *testing.F) {
	f.Add(AppendTable(nil, worldly()))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ParseTable(b)
		if err != nil {
			return
		}
		again, err := ParseTable(AppendTable(nil, s))
		if err != nil || len(again.Instances) != len(s.Instances) {
			t.Fatalf("%d rows became %d: %v", len(s.Instances), len(again.Instances), err)
		}
	})
}

func crowd(n int) *Status {
	s := &Status{}
	for i := range n {
		s.Instances = append(s.Instances, Instance{ID: fmt.Sprintf("process-%d.1", i), Project: "bench", Process: fmt.Sprintf("process-%d", i),
			N: 1, Phase: "running", Ready: true, PID: 1000 + i, Since: at(1700000000000), Generation: 1, CPU: 0.01, Memory: 9_000_000,
			Log: Log{Out: "/home/ada/.local/state/kitt/logs/bench/process/out", Err: "/home/ada/.local/state/kitt/logs/bench/process/err"}})
	}
	return s
}

func BenchmarkParse500(b *testing.B) {
	table, text := AppendTable(nil, crowd(500)), []byte(nil)
	text, _ = json.Marshal(crowd(500))
	b.Run("table", func(b *testing.B) {
		b.SetBytes(int64(len(table)))
		for b.Loop() {
			if _, err := ParseTable(table); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("json", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			var s Status
			if err := json.Unmarshal(text, &s); err != nil {
				b.Fatal(err)
			}
		}
	})
}
