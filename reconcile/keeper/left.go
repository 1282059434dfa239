package keeper

import "os"

// Left tells whether the journal in run names lives of this boot that have not ended: then a keeper that is not there
// has died, and they still run, or ended unseen.
func Left(run string) bool {
	text, err := os.ReadFile(run + "/lives")
	if err != nil {
		return false
	}
	lives, _ := replay(string(text), bootID())
	for _, l := range lives {
		if l.state != Exited {
			return true
		}
	}
	return false
}
