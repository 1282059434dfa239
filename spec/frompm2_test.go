package spec

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

var fieldSpan = regexp.MustCompile("`([a-z0-9_]+)`")

// TestEveryFieldIsOnThePage: docs/from-pm2.md lists every field of pm2 that is known, none that is not, and says of
// those that are not acted on that they are not.
func TestEveryFieldIsOnThePage(t *testing.T) {
	b, err := os.ReadFile("../docs/from-pm2.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(b), "\n## Field by field\n")
	listed := map[string]bool{}
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) < 5 || strings.HasPrefix(line, "|---") || strings.TrimSpace(cells[1]) == "pm2" {
			continue
		}
		later := strings.Contains(cells[3], "not acted on by this version")
		for _, m := range fieldSpan.FindAllStringSubmatch(cells[1], -1) {
			name := pm2Canonical(m[1])
			if name == "" {
				t.Errorf("%s is no field of pm2's", m[1])
			}
			if pm2Later[name] != later {
				t.Errorf("%s: the page says that it is not acted on: %v", name, later)
			}
			listed[name] = true
		}
	}
	for name := range pm2Aliases {
		if !listed[name] {
			t.Errorf("%s is not on the page", name)
		}
	}
}
