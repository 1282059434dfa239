package faults

import (
	"fmt"
	"strings"
	"testing"
)

// checkHoles adds up what of a writer's bytes is stored and what was counted as dropped, in a log that may drop.
func checkHoles(t *testing.T, id string, text []byte) {
	t.Helper()
	var stored, dropped, holes, ends int
	for line := range strings.Lines(string(text)) {
		var n int
		switch {
		case strings.HasPrefix(line, "kitt: dropped "):
			if _, err := fmt.Sscanf(line, "kitt: dropped %d bytes", &n); err != nil || n == 0 || !strings.Contains(line, "no space left") {
				t.Errorf("the mark of a hole: %q", line)
			}
			dropped, holes = dropped+n, holes+1
			if stored%64 != 0 && (stored+dropped)%64 == 0 {
				stored-- // the end of the line that the full disk tore is the keeper's
			}
		case strings.HasPrefix(line, "@"+id+":END "):
			_, _ = fmt.Sscanf(line, "@"+id+":END %d$", &ends)
			stored += len(line)
		default:
			stored += len(line)
		}
	}
	want := 64*ends + len(fmt.Sprintf("@%s:END %d$\n", id, ends))
	if holes == 0 || ends == 0 || stored+dropped != want {
		t.Errorf("writer %s: %d holes, %d bytes stored, %d dropped, %d written", id, holes, stored, dropped, want)
	}
}
