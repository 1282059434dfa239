package unit

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
)

func TestStablePath(t *testing.T) {
	const keg = "/opt/homebrew/Cellar/kitt/1.2.0/bin/kitt"
	for _, c := range []struct {
		name, exe string
		links     map[string]string
		onPATH    string
		want      string // or the error's text
	}{
		{"a plain binary stays where it is", "/usr/local/bin/kitt", nil, "", "/usr/local/bin/kitt"},
		{"Homebrew's link rather than its versioned folder", keg, map[string]string{"/opt/homebrew/bin/kitt": keg}, "", "/opt/homebrew/bin/kitt"},
		{"also when started through that link", "/opt/homebrew/bin/kitt", map[string]string{"/opt/homebrew/bin/kitt": keg}, "", "/opt/homebrew/bin/kitt"},
		{"a keg-only formula by its opt link", keg, map[string]string{"/opt/homebrew/opt/kitt/bin/kitt": keg}, "", "/opt/homebrew/opt/kitt/bin/kitt"},
		{"a link that leads to another version is no help", keg, map[string]string{"/opt/homebrew/bin/kitt": "/opt/homebrew/Cellar/kitt/1.1.0/bin/kitt"}, "", "goes away with the next brew upgrade"},
		{"no link at all", keg, nil, "", "goes away with the next brew upgrade"},
		{"the kitt on PATH if it is the same file", "/srv/kitt-1.2/kitt", map[string]string{"/usr/local/bin/kitt": "/srv/kitt-1.2/kitt"}, "/usr/local/bin/kitt", "/usr/local/bin/kitt"},
		{"not if it is another one", "/srv/kitt-1.2/kitt", map[string]string{"/usr/local/bin/kitt": "/srv/old/kitt"}, "/usr/local/bin/kitt", "/srv/kitt-1.2/kitt"},
		{"go run's binary is gone in a minute", "/root/.cache/go-build123/b001/exe/kitt", nil, "", "temporary"},
		{"so is one in /tmp", "/tmp/kitt", nil, "", "temporary"},
		{"and in macOS' temporary folder", "/private/var/folders/x/T/kitt", nil, "", "temporary"},
		{"and in $TMPDIR", "/scratch/kitt", nil, "", "temporary"},
		{"a link to a temporary file is one", "/usr/local/bin/kitt", map[string]string{"/usr/local/bin/kitt": "/tmp/x/kitt"}, "", "temporary"},
		{"a download is tidied away some day", "/Users/me/Downloads/kitt", nil, "", "temporary"},
		{"a folder that only begins like /tmp is fine", "/tmpfoo/kitt", nil, "", "/tmpfoo/kitt"},
		{"one that is not there", "/gone/kitt", map[string]string{"/gone/kitt": ""}, "", "find program"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := Lookup{OnPATH: func() string { return c.onPATH }, Temp: "/scratch/"}
			m.Real = func(p string) (string, error) {
				to, link := c.links[p]
				switch {
				case link && to == "":
					return "", errors.Join(fs.ErrNotExist)
				case link:
					return to, nil
				case strings.Contains(p, "homebrew/bin/") || strings.Contains(p, "homebrew/opt/"):
					return "", fs.ErrNotExist
				}
				return p, nil
			}
			got, why, err := StablePath(c.exe, m)
			if err != nil {
				got = err.Error()
				if _, ok := err.(interface{ Hint() string }); !ok {
					t.Error("no hint")
				}
			} else if why == "" {
				t.Error("no reason")
			}
			if err == nil && got != c.want || err != nil && !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
