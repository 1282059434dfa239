package unit

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"
)

// FuzzUnitTexts: nothing that a path or a name holds adds a line to a unit or an element to a plist.
func FuzzUnitTexts(f *testing.F) {
	for _, s := range []string{"/usr/bin/kitt", "/a b/%h/\"x\"", "/x\nExecStart=/bin/evil", "</string><key>x</key>", "\x00\x01\x1b", "\xff", "/a\\b;c$d", "\u2028\ufffe"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		sp := Spec{Exe: "/bin/kitt", Home: "/" + s, PATH: s, UserHome: "/" + s}
		if sp.Check() != nil {
			return
		}
		plain := Spec{Exe: "/bin/kitt", Home: "/x", PATH: "x", UserHome: "/x"}
		if a, b := strings.Count(Unit(sp), "\n"), strings.Count(Unit(plain), "\n"); a != b && s != "" {
			t.Fatalf("%q adds lines:\n%s", s, Unit(sp))
		}
		d, elements := xml.NewDecoder(strings.NewReader(Plist(sp))), 0
		for {
			tok, err := d.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%q: %v\n%s", s, err, Plist(sp))
			}
			if _, ok := tok.(xml.StartElement); ok {
				elements++
			}
		}
		if want := strings.Count(Plist(plain), "<") - strings.Count(Plist(plain), "</") - 2; s != "" && elements != want {
			t.Fatalf("%q adds elements: %d, want %d\n%s", s, elements, want, Plist(sp))
		}
	})
}

// FuzzReason: any cgroup and any list of jobs tell a cause, or that it is not known.
func FuzzReason(f *testing.F) {
	f.Add("0::/user.slice/user-1000.slice/user@1000.service/app.slice/kitt.service\n", "12 kitt.service stop running\n", "kitt.service")
	f.Add("1:name=systemd:/system.slice/kitt.service/x\n", "No jobs listed.\n", "")
	f.Add("", "1\n 2 3\n4 5 6 7 8\n", "x")
	f.Fuzz(func(t *testing.T, cgroup, jobs, name string) {
		if n, _, ok := inside(cgroup); ok && (n == "" || strings.ContainsAny(n, "/\n")) {
			t.Fatalf("%q: the unit is %q", cgroup, n)
		}
		pending(jobs, name)
		difference(cgroup, jobs)
	})
}
