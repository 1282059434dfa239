package local

import (
	"fmt"
	"net/netip"
	"testing"
)

func TestWhatLsofTells(t *testing.T) {
	const text = "p812\ncnode\nf20\nn*:3000\nf21\nn*:3000\np813\ncControlCe\nf9\nn127.0.0.1:3000\np814\ncmy server\nf3\nn[::1]:3000\np815\ncother\nf3\nn127.0.0.1:30001\n"
	for at, want := range map[string]string{
		"127.0.0.1:3000": "[{812 node} {813 ControlCe}]",
		"[::1]:3000":     "[{812 node} {814 my server}]",
		"0.0.0.0:3000":   "[{812 node} {813 ControlCe} {814 my server}]",
		"127.0.0.1:1":    "[]",
	} {
		if got := fmt.Sprint(lsofHolders(text, netip.MustParseAddrPort(at))); got != want {
			t.Errorf("%s: %s, want %s", at, got, want)
		}
	}
	if got := lsofHolders("\nn*:3000\nx\npx\nn*:3000\n", netip.MustParseAddrPort("127.0.0.1:3000")); len(got) != 0 {
		t.Errorf("garbage: %v", got)
	}
}
