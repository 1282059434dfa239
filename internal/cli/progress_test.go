package cli

import (
	"testing"

	"kitt.sh/service/api"
)

// TestAProgressSaysWhatIsWaitedFor: of a stop, how many are down, and how long the others have.
func TestAProgressSaysWhatIsWaitedFor(t *testing.T) {
	line := api.Line{Up: 1, Total: 3, Pending: []api.Pending{{ID: "web.1", Phase: "stopping", Reason: "stopped by you; SIGKILL in 7s"}}}
	for down, want := range map[bool]string{
		true:  "1/3 down · web.1 stopping: stopped by you; SIGKILL in 7s",
		false: "1/3 up · web.1 stopping: stopped by you; SIGKILL in 7s",
	} {
		if got := (&progress{down: down}).text(line); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
