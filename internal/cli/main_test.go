package cli

import (
	"errors"
	"strings"
	"testing"
)

func TestMisuseNamesTheWayOut(t *testing.T) {
	tests := []struct{ name, line, text, hint string }{
		{"a verb of pm2's is answered with kitt's", "cleardump", "there is no kitt cleardump", "kitt delete --all"},
		{"also behind flags", "--home /h -o json slist", "there is no kitt slist", "kitt report"},
		{"a process that has the name of a verb is none", "restart save", "odd", "kitt --help"},
		{"any other is kong's to explain", "--home /h odd", "odd", "kitt --help"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := misuse(strings.Fields(tt.line), errors.New("odd"))
			var told *trouble
			if !errors.As(err, &told) || told.text != tt.text || !strings.HasPrefix(told.hint, tt.hint) || told.code != codeUsage {
				t.Errorf("got %+v", told)
			}
		})
	}
}

func TestInternalProcessesAreFoundByTheirWords(t *testing.T) {
	was := internalVerbs
	defer func() { internalVerbs = was }()
	got := ""
	note := func(name string, code int) func([]string) int {
		return func(args []string) int { got = name + " " + strings.Join(args, " "); return code }
	}
	internalVerbs = map[string]func([]string) int{"daemon": note("daemon", 3), "internal eval": note("eval", 4)}
	tests := []struct {
		line, got string
		code      int
		ok        bool
	}{
		{"kitt daemon --service", "daemon --service", 3, true},
		{"kitt internal eval a b", "eval a b", 4, true},
		{"kitt internal", "", 0, false},
		{"kitt status daemon", "", 0, false},
		{"kitt", "", 0, false},
	}
	for _, tt := range tests {
		got = ""
		if code, ok := Internal(strings.Fields(tt.line)); code != tt.code || ok != tt.ok || got != tt.got {
			t.Errorf("%s: %d %v %q", tt.line, code, ok, got)
		}
	}
}
