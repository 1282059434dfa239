package shell

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// grammar is a command line with one of everything.
type grammar struct {
	Home   string `placeholder:"DIR" help:"Folder."`
	Output string `short:"o" placeholder:"FORM" help:"Form."`
	Quiet  bool   `short:"q" help:"Less."`

	Apply struct {
		File  string   `short:"f" placeholder:"FILE" help:"Spec."`
		Only  []string `placeholder:"NAME" help:"Some."`
		Force bool     `hidden:"" help:"Secret."`
	} `cmd:"" help:"Make it so. And more." examples:"kitt apply"`
	Status struct {
		Names []string `arg:"" optional:"" name:"name" help:"Which."`
	} `cmd:"" aliases:"ls" help:"Look."`
	Signal struct {
		Signal string   `arg:"" help:"Which."`
		Names  []string `arg:"" optional:"" name:"name" help:"Whom."`
	} `cmd:"" help:"Send.\n.Dangerous 'line'"`
	Service struct {
		Install struct {
			When string `enum:"boot,login" default:"boot" help:"When."`
		} `cmd:"" help:"Install."`
	} `cmd:"" help:"Itself."`
	Old struct{} `cmd:"" hidden:"" help:"Gone."`
}

func TestWhatMayStandThere(t *testing.T) {
	app := kong.Must(&grammar{}, kong.Name("kitt")).Model
	rows := []struct {
		name, line, want string
		kind             Kind
	}{
		{"verbs that are not hidden", "kitt ", "apply status signal service", Nothing},
		{"verbs that begin so", "kitt s", "status signal service", Nothing},
		{"verbs of a verb", "kitt service ", "install", Nothing},
		{"nothing twice: a verb has no verb behind it", "kitt apply ap", "", Nothing},
		{"long flags, the verb's own first, none that is hidden", "kitt apply --", "--file --only --help --home --output --quiet", Nothing},
		{"short ones, too", "kitt status -", "--help -h --home --output -o --quiet -q", Nothing},
		{"a flag that stands there is not offered again", "kitt -q apply --q", "", Nothing},
		{"but a list is", "kitt apply --only=a --o", "--only --output", Nothing},
		{"the value of a flag behind it", "kitt status -o j", "json", Nothing},
		{"the value of a flag in its word", "kitt status --output=t", "--output=table", Nothing},
		{"the value of a global flag before the verb", "kitt --home ", "", Folders},
		{"and after it the verbs", "kitt --home /x stat", "status", Nothing},
		{"a flag with its value in the word waits for none", "kitt --home=/x stat", "status", Nothing},
		{"a short flag with its value in the word waits for none", "kitt -ojson stat", "status", Nothing},
		{"short flags in one word: the last may wait", "kitt status -qo y", "yaml", Nothing},
		{"an enum", "kitt service install --when l", "login", Nothing},
		{"files", "kitt apply -f ", "", Files},
		{"processes", "kitt status ", "", Processes},
		{"processes of an alias", "kitt ls web ", "", Processes},
		{"the first argument of two", "kitt signal SIGU", "SIGUSR1 SIGUSR2", Nothing},
		{"the second", "kitt signal HUP ", "", Processes},
		{"the items of a list", "kitt apply --only=web,ap", "", Specced},
		{"behind -- there are no flags", "kitt status -- -", "", Processes},
		{"nothing of a verb that nobody knows", "kitt nonsense ", "", Nothing},
		{"nothing of a flag that nobody knows", "kitt apply --nonsense=", "", Nothing},
		{"words in quotes", `kitt status "a b" 'c`, "", Processes},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			q := Ask([]string{"--line=" + tt.line})
			a := Complete(app, q.Before, q.Word)
			got := []string{}
			for _, c := range a.Choices {
				got = append(got, c.Word)
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("got %q, want %q", strings.Join(got, " "), tt.want)
			}
			if tt.kind == Nothing && len(a.Kinds) != 0 || tt.kind != Nothing && !slices.Equal(a.Kinds, []Kind{tt.kind}) {
				t.Errorf("kinds %v, want %v", a.Kinds, tt.kind)
			}
		})
	}
}

func TestTheItemsOfAListKeepWhatStandsBeforeThem(t *testing.T) {
	app := kong.Must(&grammar{}, kong.Name("kitt")).Model
	a := Complete(app, []string{"apply"}, "--only=web,ap")
	if a.Prefix != "--only=web," || a.Word != "ap" || !slices.Equal(a.Taken, []string{"web"}) {
		t.Errorf("%+v", a)
	}
}

func TestALineIsPartedAsAShellDoes(t *testing.T) {
	for line, want := range map[string]string{
		`kitt `: "|", `kitt a`: "|a", `kitt a b`: "a|b", `kitt 'a b' c\ d`: "a b|c d", `kitt "a'b" "c`: "a'b|c", `kitt '' x`: "|x", ``: "|", `kitt a\`: `|a\`,
	} {
		q := Ask([]string{"--line=" + line})
		if got := strings.Join(q.Before, ",") + "|" + q.Word; got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
	if q := Ask([]string{"--word=x", "--", "a", "--line=b"}); q.Word != "x" || !slices.Equal(q.Before, []string{"a", "--line=b"}) {
		t.Errorf("%+v", q)
	}
}

func TestTheAnswerIsALineEach(t *testing.T) {
	var b strings.Builder
	Tell(&b, Answer{Choices: []Choice{{"web=", "2\trun\nning"}}, Kinds: []Kind{Files}})
	if b.String() != "web=\t2 run ning\n:nospace,files\n" {
		t.Errorf("%q", b.String())
	}
}

func TestEveryShellHasAScriptAndAWayToUseIt(t *testing.T) {
	for _, sh := range Shells {
		if text, ok := Script(sh); !ok || !strings.Contains(text, "__complete") || Loads[sh] == "" {
			t.Errorf("%s: %v", sh, ok)
		}
	}
	if _, ok := Script("../../go"); ok {
		t.Error("what is no shell has a script")
	}
}

func TestTheManualIsSoundRoff(t *testing.T) {
	pages := Manual(kong.Must(&grammar{}, kong.Name("kitt")).Model, "1.0", func(*kong.Node) []string { return []string{".x 'y'", `a\b`} })
	names := []string{}
	for _, p := range pages {
		names = append(names, p.Name)
		for i, line := range strings.Split(p.Text, "\n") {
			if strings.HasPrefix(line, ".x") || strings.HasPrefix(line, "'") || strings.HasPrefix(line, ".Dang") || strings.Contains(line, "Secret") {
				t.Errorf("%s:%d: %s", p.Name, i+1, line)
			}
		}
		lint(t, p)
	}
	if want := "kitt kitt-apply kitt-status kitt-signal kitt-service kitt-service-install"; strings.Join(names, " ") != want {
		t.Errorf("pages %s", names)
	}
}

// lint has mandoc look at a page, where there is one.
func lint(t *testing.T, p Page) {
	t.Helper()
	if _, err := exec.LookPath("mandoc"); err != nil {
		return
	}
	cmd := exec.Command("mandoc", "-T", "lint", "-W", "warning")
	cmd.Stdin = strings.NewReader(p.Text)
	out, _ := cmd.CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if !strings.Contains(line, "missing date") { // a page has none: it would change from build to build
			t.Errorf("%s: %s", p.Name, line)
		}
	}
}
