package api

import (
	"encoding/json"
	"testing"
	"time"
)

func TestDurationsAreTextOrNanoseconds(t *testing.T) {
	for _, row := range []struct {
		name, text   string
		hold, within time.Duration
		bad          bool
	}{
		{"as people write them", `{"for":"2h","timeout":"1m30s","targets":["web"]}`, 2 * time.Hour, 90 * time.Second, false},
		{"as a client of ours does", `{"for":7,"timeout":5,"targets":["web"]}`, 7, 5, false},
		{"none", `{"targets":["web"]}`, 0, 0, false},
		{"no duration", `{"timeout":"soon"}`, 0, 0, true},
		{"another kind", `{"timeout":[]}`, 0, 0, true},
	} {
		var o Order
		err := json.Unmarshal([]byte(row.text), &o)
		if (err != nil) != row.bad || o.For != row.hold || o.Timeout != row.within || !row.bad && o.Targets[0] != "web" {
			t.Errorf("%s: %+v %v", row.name, o, err)
		}
		var l Load
		if err := json.Unmarshal([]byte(row.text), &l); (err != nil) != row.bad || l.Timeout != row.within {
			t.Errorf("%s, of a load: %+v %v", row.name, l, err)
		}
		var r Rollback
		if err := json.Unmarshal([]byte(row.text), &r); (err != nil) != row.bad || r.Timeout != row.within {
			t.Errorf("%s, of a rollback: %+v %v", row.name, r, err)
		}
	}
	b, err := json.Marshal(Order{Targets: []string{"web"}, Timeout: 5})
	if err != nil || string(b) != `{"targets":["web"],"wait":false,"timeout":5}` {
		t.Errorf("an older daemon is sent %s, %v", b, err)
	}
}
