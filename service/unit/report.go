package unit

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/go-multierror"
)

// A Step is one thing that was done or found, for people. Mark is ✓ (done), ! (look here) or i (know this).
type Step struct {
	Mark string `json:"mark"`
	What string `json:"what"` // one word: wrote, loaded, linger
	Text string `json:"text"`
}

func (s Step) String() string { return fmt.Sprintf("%s %-9s %s", s.Mark, s.What, s.Text) }

// A Result is what a verb did, and how things stand after it.
type Result struct {
	Verb    string `json:"verb"`
	Changed bool   `json:"changed"` // false: all was as it should be, nothing was touched
	Steps   []Step `json:"steps"`
	Status  Status `json:"status"`
}

// A Status is how the service stands.
type Status struct {
	Manager        string   `json:"manager"` // launchd or systemd
	Scope          string   `json:"scope"`   // user or system
	Name           string   `json:"name"`    // gui/501/sh.kitt.keeper, kitt.service
	Path           string   `json:"path"`    // of its file
	Installed      bool     `json:"installed"`
	Enabled        bool     `json:"enabled"`
	Running        bool     `json:"running"`
	PID            int      `json:"pid"`
	State          string   `json:"state"`           // in the manager's own words
	LastExit       string   `json:"last_exit"`       // in the manager's own words
	Drifted        []string `json:"drifted"`         // what `kitt service install` would mend
	BootPersistent bool     `json:"boot_persistent"` // it comes back after a boot that nobody logs in to
	Why            string   `json:"why"`             // why so, or why not
}

// ExitCode is what `kitt service status` exits with: 0 running, 3 stopped, 4 not installed.
func (s Status) ExitCode() int {
	switch {
	case s.Running:
		return 0
	case s.Installed:
		return 3
	}
	return 4
}

// hinted is an error with a way out.
type hinted struct {
	error
	hint string
}

// Hint is the way out, for `hint: ...`.
func (h hinted) Hint() string  { return h.hint }
func (h hinted) Unwrap() error { return h.error }

func hint(err error, way string) error { return hinted{err, way} }

// orHint is hint where err knows no way out of its own.
func orHint(err error, way string) error {
	if its, ok := errors.AsType[hinted](err); ok {
		way = its.hint
	}
	return hint(err, way)
}

func wrap(what string, err error) error { return fmt.Errorf("%s: %w", what, err) }

func wrapf(format string, args ...any) error { return fmt.Errorf(format, args...) }

// joined is what errs amounts to: nil, its only error, or all of them in one line.
func joined(errs *multierror.Error) error {
	if errs == nil || len(errs.Errors) == 0 {
		return nil
	}
	if len(errs.Errors) == 1 {
		return errs.Errors[0]
	}
	errs.ErrorFormat = func(list []error) string {
		var texts []string
		for _, err := range list {
			texts = append(texts, err.Error())
		}
		return strings.Join(texts, "; ")
	}
	return errs
}

// shell quotes a word for a line that a person pastes.
func shell(s string) string {
	if s != "" && !strings.ContainsAny(s, " \t'\"$\\&;|<>()*?[]{}#~`!") {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
