package unit

import (
	"fmt"
	"hash/crc32"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/go-multierror"
)

const label = "sh.kitt.keeper"

// A Spec says what the service must be. The zero value of a field marked optional leaves its line out.
type Spec struct {
	Exe      string // the program, by a path that outlives an upgrade (see StablePath)
	Home     string // optional: KITT_HOME, where it is not the default
	Label    string // optional: the service's name, where it is not sh.kitt.keeper (in systemd: kitt.service)
	System   bool   // of the machine (starts at boot) rather than of one user
	UserName string // whose processes they are; a system service runs as this user, or as root if it is ""
	UID, GID int    // of that user
	UserHome string // the home folder of that user
	PATH     string // optional: the fallback PATH of processes that bring none of their own
	Lang     string // optional: LANG
	LogDir   string // optional, launchd: where words go that come before kitt's own log, such as a panic
}

// Name is the service's name in launchd. Two homes have two names, so that neither replaces the other.
func (s Spec) Name() string {
	switch {
	case s.Label != "":
		return s.Label
	case s.Home != "":
		return fmt.Sprintf("%s.%08x", label, crc32.ChecksumIEEE([]byte(s.Home)))
	}
	return label
}

// UnitName is the service's name in systemd.
func (s Spec) UnitName() string {
	if rest, ours := strings.CutPrefix(s.Name(), label); ours {
		return "kitt" + strings.ReplaceAll(rest, ".", "-") + ".service"
	}
	return s.Name() + ".service"
}

// Command is what the service manager starts.
func (s Spec) Command() []string {
	c := []string{s.Exe, "keeper", "--service"}
	if s.Home != "" {
		c = append(c, "--home", s.Home)
	}
	return c
}

// Check returns every reason why s cannot be written as a plist or a unit. Plist and Unit want a checked Spec.
func (s Spec) Check() error {
	var errs *multierror.Error
	complain := func(format string, args ...any) { errs = multierror.Append(errs, fmt.Errorf(format, args...)) }

	for _, f := range []struct{ name, text string }{
		{"program", s.Exe}, {"home", s.Home}, {"label", s.Label}, {"user", s.UserName},
		{"user's home", s.UserHome}, {"PATH", s.PATH}, {"LANG", s.Lang}, {"log folder", s.LogDir},
	} {
		if !utf8.ValidString(f.text) || strings.ContainsFunc(f.text, unwritable) {
			complain("%s %q: control characters and broken UTF-8 cannot stand in a service file", f.name, f.text)
		}
	}
	for _, f := range []struct{ name, path string }{
		{"program", s.Exe}, {"home", s.Home}, {"user's home", s.UserHome}, {"log folder", s.LogDir},
	} {
		if f.path != "" && !filepath.IsAbs(f.path) {
			complain("%s %q: not an absolute path", f.name, f.path)
		}
	}
	if s.Exe == "" {
		complain("program: none given")
	}
	if strings.ContainsFunc(s.Name(), notInNames) || strings.HasPrefix(s.Name(), ".") {
		complain("label %q: letters, digits, dots, dashes and underscores only", s.Name())
	}
	if strings.ContainsAny(s.UserName, " %:/{}\"'\\") {
		complain("user %q: not a user name", s.UserName)
	}
	return joined(errs)
}

// unwritable is what no quoting carries into both files.
func unwritable(r rune) bool { return unicode.IsControl(r) || r == 0xfffe || r == 0xffff }

func notInNames(r rune) bool {
	return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(".-_", r)
}

// setting is one variable of the service's environment.
type setting struct{ name, value string }

// environment is all that the service gets from its file: no secrets, for every user can read it.
func (s Spec) environment() []setting {
	var list []setting
	for _, e := range []setting{{"PATH", s.PATH}, {"KITT_HOME", s.Home}, {"LANG", s.Lang}} {
		if e.value != "" {
			list = append(list, e)
		}
	}
	return list
}
