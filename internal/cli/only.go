package cli

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"kitt.sh/spec"
)

// pick gives the processes that --only a,b names; parted by spaces too, as pm2's users type them. A name that the
// file does not have is refused.
func pick(s *spec.Spec, given []string) (picked []string, err error) {
	names := make([]string, len(s.Processes))
	for i, p := range s.Processes {
		names[i] = p.Name
	}
	for _, text := range given {
		words := []string{text}
		if !slices.Contains(names, text) {
			words = strings.Fields(text)
		}
		for _, name := range words {
			if !slices.Contains(names, name) {
				return nil, &trouble{text: fmt.Sprintf("%s has no process %q", filepath.Base(s.File), name), hint: "it has " + strings.Join(names, ", "), code: codeNoProcess}
			}
			picked = append(picked, name)
		}
	}
	return picked, nil
}
