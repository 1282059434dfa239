package unit

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// xmllint checks a property list against testdata/plist/plist.dtd. It reaches for nothing on the net.
func xmllint(t *testing.T, file string) (string, error) {
	t.Helper()
	tool, err := exec.LookPath("xmllint")
	if err != nil {
		if os.Getenv("KITT_CI") != "" {
			t.Fatal("no xmllint: .ci/run installs it")
		}
		t.Skip("no xmllint here")
	}
	catalog, err := filepath.Abs("testdata/plist/catalog.xml")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(tool, "--nonet", "--noout", "--valid", file)
	cmd.Env = append(os.Environ(), "XML_CATALOG_FILES=file://"+catalog)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestPlistsAreValid(t *testing.T) {
	for _, c := range specs {
		t.Run(c.name, func(t *testing.T) {
			out, err := xmllint(t, filepath.Join("testdata", strings.ReplaceAll(c.name, " ", "-")+".plist"))
			if err != nil || out != "" {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

func TestXmllintHasTheLanguageOfPropertyLists(t *testing.T) {
	for _, c := range []struct{ name, from, to string }{
		{"an element that there is none of", "<true/>", "<yes/>"},
		{"a value without its key", "<key>RunAtLoad</key>", ""},
		{"a key without its value", "<key>RunAtLoad</key>\n\t<true/>", "<key>RunAtLoad</key>"},
		{"no version", ` version="1.0">` + "\n<dict>", ">\n<dict>"},
		{"an element that is not closed", "</array>", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "bent.plist")
			good := Plist(agent())
			bent := strings.Replace(good, c.from, c.to, 1)
			if bent == good {
				t.Fatal("nothing was bent")
			}
			if err := os.WriteFile(file, []byte(bent), 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := xmllint(t, file); err == nil {
				t.Errorf("it passed: %s", out)
			}
		})
	}
}
