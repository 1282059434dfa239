package service

import (
	"slices"

	"kitt.sh/service/api"
	"kitt.sh/spec"
)

// sayDiffers tells what of a pm2 file kitt takes otherwise than pm2: each line once in the life of a project, not at
// each apply. before is the spec that it followed until now; nil where it followed none.
func sayDiffers(before, now *spec.Spec, say func(api.Line)) {
	told := toldOf(before, now)
	for _, c := range now.Differs {
		if !slices.Contains(told, c) {
			say(api.Line{Type: "note", Text: c.Error(), Hint: c.Hint})
		}
	}
}

// toldOf are the differences of now that were told of before. A saved edit is nobody's to be told of: what is new in it
// waits for the next apply.
func toldOf(before, now *spec.Spec) (told []spec.Complaint) {
	for _, c := range now.Differs {
		if before != nil && slices.ContainsFunc(before.Differs, func(b spec.Complaint) bool { return b.Text == c.Text }) {
			told = append(told, c)
		}
	}
	return told
}
