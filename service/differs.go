package service

import (
	"kitt.sh/service/api"
	"kitt.sh/spec"
)

// sayDiffers tells what of a pm2 file kitt takes otherwise than pm2: each line once in the life of a project, not at
// each apply. before is the spec that it followed until now; nil where it followed none.
func sayDiffers(before, now *spec.Spec, say func(api.Line)) {
	told := map[string]bool{}
	if before != nil {
		for _, c := range before.Differs {
			told[c.Text] = true
		}
	}
	for _, c := range now.Differs {
		if !told[c.Text] {
			say(api.Line{Type: "note", Text: c.Error(), Hint: c.Hint})
		}
	}
}
