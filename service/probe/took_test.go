package probe

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"kitt.sh/spec"
)

func TestOnlyWhatTheLifeItselfTookCounts(t *testing.T) {
	s := program(t)
	address := strings.TrimPrefix(s.URL, "http://")
	for _, tt := range []struct {
		name string
		took []Owner // of one look after the other; the last one stays
		says string  // "" is well
	}{
		{"it took it", []Owner{Mine}, ""},
		{"after a while in the queue", []Owner{Nobody, Nobody, Mine}, ""},
		{"others took some", []Owner{Other, Nobody, Other, Mine}, ""},
		{"nobody can tell", []Owner{Unknown}, ""},
		{"others take all", []Owner{Other}, "another life took each of"},
		{"nobody takes it", []Owner{Nobody}, "it took no connection within"},
		{"others, and then nobody", []Owner{Other, Nobody}, "another life took each of 1 connections within"},
	} {
		for kind, p := range map[string]spec.Probe{"tcp": {TCP: address}, "http": {HTTP: s.URL + "/fine"}} {
			t.Run(tt.name+" by "+kind, func(t *testing.T) {
				p.Timeout = 5 * time.Second
				if tt.says != "" {
					p.Timeout = 300 * time.Millisecond
				}
				n := 0
				target := Target{Env: func(string) string { return "" }, Now: time.Now, Took: func(net.Conn) Owner {
					n++
					return tt.took[min(n, len(tt.took))-1]
				}}
				err := Ask(context.Background(), &p, target)
				switch {
				case tt.says == "" && err != nil:
					t.Error(err)
				case tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says)):
					t.Errorf("got %v, want %q", err, tt.says)
				}
			})
		}
	}
}
