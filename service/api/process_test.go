package api

import (
	"encoding/json"
	"reflect"
	"regexp"
	"testing"
	"time"

	"kitt.sh/spec"
)

func TestDurationsOfAProcessAreText(t *testing.T) {
	p := Process{spec.Defaults()}
	p.Ready.Within = 3 * time.Second
	p.Name, p.Restart.MinUptime, p.Restart.Within, p.Stop.Timeout = "web", 90*time.Second, 2*time.Hour, 1500*time.Millisecond
	b, err := json.Marshal(Show{Process: p})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"min_uptime":"1m30s"`, `"within":"2h"`, `"timeout":"1.5s"`, `"backoff_min":"100ms"`, `"name":"web"`, `"signal":"SIGTERM"`} {
		if !regexp.MustCompile(regexp.QuoteMeta(want)).Match(b) {
			t.Errorf("no %s in %s", want, b)
		}
	}
	if found := regexp.MustCompile(`[0-9]{7,}[^0-9]`).FindAllString(string(b), -1); len(found) > 1 { // max_size
		t.Errorf("nanoseconds? %q", found)
	}
	var back Show
	if err := json.Unmarshal(b, &back); err != nil || !reflect.DeepEqual(back.Process, p) {
		t.Errorf("%v\n%+v\n%+v", err, back.Process, p)
	}
	old, _ := json.Marshal(p.Process)
	if err := json.Unmarshal(old, &back.Process); err != nil || !reflect.DeepEqual(back.Process, p) {
		t.Errorf("an older daemon's: %v\n%+v", err, back.Process)
	}
}

// Every duration of a process must be known here: a new one would be told in nanoseconds.
func TestNoDurationIsForgotten(t *testing.T) {
	var p spec.Process
	n := 0
	var fill func(reflect.Value)
	fill = func(v reflect.Value) {
		switch {
		case v.Type() == reflect.TypeFor[time.Duration]():
			n++
			v.SetInt(int64(n) * int64(time.Hour))
		case v.Kind() == reflect.Struct:
			for i := range v.NumField() {
				fill(v.Field(i))
			}
		}
	}
	fill(reflect.ValueOf(&p).Elem())
	b, err := json.Marshal(Process{p})
	if found := regexp.MustCompile(`[0-9]{7,}[^0-9]`).FindAllString(string(b), -1); err != nil || len(found) > 0 || n < 19 {
		t.Errorf("%d durations, %v, nanoseconds: %q in %s", n, err, found, b)
	}
	var back Process
	if err := json.Unmarshal(b, &back); err != nil || !reflect.DeepEqual(back.Process, p) {
		t.Errorf("%v\n%+v\n%+v", err, back.Process, p)
	}
}
