package cli

import (
	"fmt"
	"strings"
	"testing"
)

func TestQuickKnowsOnlyWhatItIsSureOf(t *testing.T) {
	tests := []struct{ line, want string }{
		{"status", "{Home: Output:} {Watch:false Names:[]}"},
		{"ls web api.1", "{Home: Output:} {Watch:false Names:[web api.1]}"},
		{"--home /h status -o json", "{Home:/h Output:json} {Watch:false Names:[]}"},
		{"status --home=/h --output=name", "{Home:/h Output:name} {Watch:false Names:[]}"},
		{"restart web", "{Home: Output:} {All:false UpdateEnv:false NoWait:false Timeout:1m0s Names:[web]}"},
		{"apply", "{Home: Output:} {File: Profile: Formation:[] Port:0 Only:[] NoWait:false Timeout:1m0s Name:}"},
		{"apply -f x.hcl", "{Home: Output:} {File:x.hcl Profile: Formation:[] Port:0 Only:[] NoWait:false Timeout:1m0s Name:}"},
		{"apply x.hcl", ""},
		{"restart", ""},
		{"restart --all", ""},
		{"status --watch", ""},
		{"status -f x", ""},
		{"status -o nonsense", ""},
		{"status -o", ""},
		{"--home", ""},
		{"--home -q status", ""},
		{"logs -f", ""},
		{"logs -f web", ""},
		{"status --", ""},
		{"", ""},
	}
	for _, tt := range tests {
		t.Run(tt.line, func(t *testing.T) {
			got := ""
			if g, v, ok := quickVerb(append([]string{"kitt"}, strings.Fields(tt.line)...)); ok {
				got = fmt.Sprintf("{Home:%s Output:%s} %+v", g.Home, g.Output, v)
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
