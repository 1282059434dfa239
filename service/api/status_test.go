package api

import (
	"encoding/json"
	"testing"
	"time"

	"kitt.sh/spec"
)

func TestStatusIsWhatEncodingJSONMakesOfIt(t *testing.T) {
	code, at := 3, Time{time.UnixMilli(1790000000123)}
	full := Status{Keeper: Keeper{7}, Daemon: Daemon{8, "1.0", "it is not installed", "/usr/bin/kitt"},
		Specs: []Spec{{"shop", "/a b/kitt.hcl", nil, []string{"alerts of ops do not arrive"}}, {"é", "/x", &Trouble{Text: "x:1:2: \"bad\"", Since: at,
			Complaints: []spec.Complaint{{Text: "bad"}}}, nil}},
		Instances: []Instance{
			{ID: "web.1", Project: "shop", Process: "web", N: 1, Number: &code, Phase: "running", Ready: true, PID: 9, Since: at, Generation: 2,
				Restarts: 1, Exit: &Exit{Code: &code, At: at}, CPU: 0.125, Memory: 1 << 33, Log: Log{"/o", "/e"}, Adopted: true, Port: 3000},
			{ID: "a<&>\"\\\n.1", Reason: "wörter\x01", Exit: &Exit{Signal: "SIGKILL", At: at}},
			{ID: "never.1", Says: "serving", Hint: "kitt restart never"},
		}}
	for name, s := range map[string]Status{"full": full, "empty": {Specs: []Spec{}, Instances: []Instance{}}} {
		want, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if got := AppendStatus(nil, &s); string(got) != string(want) {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, want)
		}
	}
}
