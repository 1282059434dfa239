package port

import (
	"strings"
	"testing"

	"kitt.sh/spec"
)

// A port that kitt chose goes along as the PORT that it is.
func TestAPortThatKittChoseIsWritten(t *testing.T) {
	p := spec.Defaults()
	p.Name, p.Command, p.Cwd, p.Instances, p.Ports = "web", []string{"x"}, "/srv", 1, []int{21000}
	for _, format := range []string{"systemd", "launchd", "compose", "supervisor"} {
		files, notes, err := Write(format, &spec.Spec{Project: "shop", File: "/srv/kitt.hcl", Processes: []spec.Process{p}})
		all := ""
		for _, f := range files {
			all += string(f.Text)
		}
		said := ""
		for _, n := range notes {
			said += n.String() + "\n"
		}
		if err != nil || !strings.Contains(all, "21000") || !strings.Contains(said, `port = "auto": PORT is 21000 here`) || strings.Contains(said, "differ") {
			t.Errorf("%s: %v, %s\n%s", format, err, said, all)
		}
	}
}
