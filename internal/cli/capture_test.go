package cli

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestCapture(t *testing.T) {
	tests := []struct {
		name, variables string
		kept            bool
	}{
		{"what bots need is kept", "PATH HOME USER LANG LC_ALL OPENAI_API_KEY NODE_ENV TZ TERMS _X PORT XDG_CONFIG_HOME XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS", true},
		{"the ssh agent is kept: git needs it", "SSH_AUTH_SOCK SSH_AGENT_PID", true},
		{"the terminal stays behind", "TERM TERM_PROGRAM TERM_SESSION_ID TERMINFO COLORTERM TMUX TMUX_PANE LINES COLUMNS", false},
		{"the session stays behind", "SSH_CLIENT SSH_CONNECTION SSH_TTY XDG_SESSION_ID XDG_SEAT DISPLAY WAYLAND_DISPLAY", false},
		{"the shell stays behind", "PWD OLDPWD SHLVL _", false},
		{"kitt's own stay behind", "KITT_HOME KITT_LIFE KITT_PROJECT", false},
		{"a service manager's stay behind", "LISTEN_FDS LISTEN_PID NOTIFY_SOCKET INVOCATION_ID JOURNAL_STREAM WATCHDOG_USEC", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for name := range strings.FieldsSeq(tt.variables) {
				if _, kept := capture([]string{name + "=x=y"})[name]; kept != tt.kept {
					t.Errorf("%s: kept is %v", name, kept)
				}
			}
		})
	}
	got := capture([]string{"A=1=2", "B=", "=C:=x", "junk"})
	if want := map[string]string{"A": "1=2", "B": ""}; !maps.Equal(got, want) {
		t.Errorf("got %v", slices.Sorted(maps.Keys(got)))
	}
}
