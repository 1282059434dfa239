package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/hashicorp/go-multierror"

	"kitt.sh/service/api"
	"kitt.sh/spec"
)

// The exit codes, as docs/cli.md promises them.
const (
	codeFailed    = 1
	codeUsage     = 2
	codeNoDaemon  = 3
	codeNoProcess = 4
	codeNotReady  = 5
	codeBadSpec   = 6
	codeStopped   = 130 // by Ctrl-C, as shells say it
)

// trouble is an error with an exit code and perhaps a way out. An empty text was already told.
type trouble struct {
	text, hint string
	code       int
	err        error
}

func (t *trouble) Error() string { return t.text }
func (t *trouble) Unwrap() error { return t.err }
func (t *trouble) Hint() string  { return t.hint }
func (t *trouble) ExitCode() int { return t.code }

func usage(text, hint string) error { return &trouble{text: text, hint: hint, code: codeUsage} }

// told ends a verb with a code when all has been said.
func told(code int) error {
	if code == 0 {
		return nil
	}
	return &trouble{code: code}
}

func exitCode(err error) int {
	var coded interface{ ExitCode() int }
	switch {
	case err == nil:
		return 0
	case errors.As(err, &coded):
		return coded.ExitCode()
	case errors.Is(err, api.ErrNotRunning):
		return codeNoDaemon
	case len(complaints(err)) > 0:
		return codeBadSpec
	case errors.Is(err, context.Canceled):
		return codeStopped
	}
	return codeFailed
}

// fail tells a person what went wrong and returns the exit code.
func (k *Kitt) fail(err error) int {
	code := exitCode(err)
	if list := complaints(err); len(list) > 1 || len(list) == 1 && list[0].Line > 0 {
		k.complain(list, red)
		return code
	}
	text, hint := "", ""
	var hinted interface{ Hint() string }
	var one spec.Complaint
	switch {
	case errors.As(err, &hinted):
		hint = hinted.Hint()
	case errors.As(err, &one):
		hint = one.Hint
	}
	switch {
	case err == nil, code == codeStopped && !errors.As(err, &hinted):
	case errors.Is(err, api.ErrNotRunning) && hint == "":
		text, hint = err.Error(), "kitt apply starts it, with the spec of this folder"
	case errors.Is(err, api.ErrGone) && hint == "":
		text, hint = err.Error(), "the same again in a moment; why it went stands in "+filepath.Join(k.Dirs.Own(), "daemon.log")
	default:
		text = err.Error()
	}
	k.say(text, hint)
	return code
}

// say writes `kitt: text` and `hint: hint` to stderr; each is left out when empty.
func (k *Kitt) say(text, hint string) {
	if text != "" {
		fmt.Fprintf(k.Err, "%s %s\n", k.Talk.in(red, "kitt:"), indentLines(text))
	}
	k.hint(hint)
}

func (k *Kitt) hint(hint string) {
	if hint != "" {
		fmt.Fprintf(k.Err, "%s %s\n", k.Talk.in(cyan, "hint:"), indentLines(hint))
	}
}

// note tells what is worth knowing, unless -q.
func (k *Kitt) note(format string, args ...any) {
	if !k.Quiet {
		fmt.Fprintf(k.Err, "kitt: %s\n", indentLines(fmt.Sprintf(format, args...)))
	}
}

// indentLines keeps the line breaks that kitt itself put into a text; every other control character is escaped.
func indentLines(s string) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	for i := range lines {
		lines[i] = clean(strings.TrimSpace(lines[i]))
	}
	return strings.Join(lines, "\n  ")
}

// complaints are what a spec's reader found, if err is of that kind.
func complaints(err error) []spec.Complaint {
	var many *multierror.Error
	var one spec.Complaint
	switch {
	case errors.As(err, &many):
		var list []spec.Complaint
		for _, err := range many.Errors {
			list = append(list, complaints(err)...)
		}
		return list
	case errors.As(err, &one):
		return []spec.Complaint{one}
	}
	return nil
}
