package main

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"kitt.sh/internal/cli"
)

// parse reads a command line into the verb that main would run.
func parse(t *testing.T, line string) (cli.Globals, cli.Verb, error) {
	t.Helper()
	var k kitt
	p := kong.Must(&k, kong.Name("kitt"), kong.Vars{"version": "x"})
	found, err := p.Parse(strings.Fields(line))
	if err != nil {
		return cli.Globals{}, nil, err
	}
	g, verbs := k.verbs()
	for words, verb := range verbs {
		if strings.HasPrefix(found.Command()+" ", words+" ") {
			return g, verb, nil
		}
	}
	t.Fatalf("%s: no verb for %q", line, found.Command())
	return g, nil, nil
}

func TestTheCommandLine(t *testing.T) {
	const minute = time.Minute
	tests := []struct {
		line string
		want cli.Verb
	}{
		{"apply", cli.Apply{Timeout: minute}},
		{"apply -f x.hcl --env production --no-wait --timeout 5s --port 8000", cli.Apply{File: "x.hcl", Profile: "production", NoWait: true, Timeout: 5 * time.Second, Port: 8000}},
		{"apply eco.config.cjs --formation web=2,api=1", cli.Apply{Name: "eco.config.cjs", Formation: []string{"web=2", "api=1"}, Timeout: minute}},
		{"apply --only web,api", cli.Apply{Only: []string{"web", "api"}, Timeout: minute}},
		{"plan --only web --reveal --json", cli.Plan{Only: []string{"web"}, Reveal: true}},
		{"plan --detailed-exitcode", cli.Plan{DetailedExitcode: true}},
		{"check Procfile", cli.Check{Name: "Procfile"}},
		{"up", cli.Up{}},
		{"up web=2 worker=0 --restart -f P --port 1 --profile x", cli.Up{File: "P", Profile: "x", Port: 1, Restart: true, Names: []string{"web=2", "worker=0"}}},
		{"l", cli.Status{}},
		{"start app.js -n web -i max --max-memory-restart 200M --no-autorestart -f", cli.Start{Names: []string{"app.js"}, Force: true, Timeout: minute,
			App: cli.AppFlags{Name: "web", Instances: "max", MaxMemoryRestart: "200M", NoAutorestart: true}}},
		{"start eco.json --env production", cli.Start{Names: []string{"eco.json"}, Profile: "production", Timeout: minute}},
		{"sendSignal SIGUSR2 web", cli.SignalVerb{Signal: "SIGUSR2", Names: []string{"web"}}},
		{"startup systemd -u ada --hp /home/ada", cli.Startup{User: "ada", HomePath: "/home/ada", Platform: "systemd"}},
		{"startOrReload eco.json --env x", cli.StartOr{File: "eco.json", Profile: "x"}},
		{"serve dist 3000 --spa", cli.Serve{Host: "127.0.0.1", SPA: true, Words: []string{"dist", "3000"}}},
		{"dump --force", cli.Save{Force: true}},
		{"ls", cli.Status{}},
		{"list web", cli.Status{Names: []string{"web"}}},
		{"ps --watch", cli.Status{Watch: true}},
		{"describe web", cli.Show{Name: "web"}},
		{"show web --env --reveal", cli.Show{Name: "web", Env: true, Reveal: true}},
		{"explain web env", cli.Explain{Name: "web", Field: "env"}},
		{"logs", cli.Logs{Lines: "15"}},
		{"log web -f --lines 100 --err --raw", cli.Logs{Follow: true, Lines: "100", Err: true, Raw: true, Names: []string{"web"}}},
		{"logs -n all --out --since 10m --grep x.y", cli.Logs{Lines: "all", Out: true, Since: "10m", Grep: "x.y"}},
		{"events -f -n 3 web", cli.Events{Follow: true, Lines: 3, Names: []string{"web"}}},
		{"restart a b", cli.Restart{Names: []string{"a", "b"}, Timeout: minute}},
		{"restart --all", cli.Restart{All: true, Timeout: minute}},
		{"reload a", cli.Reload{Names: []string{"a"}, Timeout: minute}},
		{"start a", cli.Start{Names: []string{"a"}, Timeout: minute}},
		{"stop a --for 2h -m why", cli.Stop{Names: []string{"a"}, For: 2 * time.Hour, Message: "why"}},
		{"scale web=3", cli.Scale{Counts: []string{"web=3"}, Timeout: minute}},
		{"rm a", cli.Delete{Names: []string{"a"}}},
		{"del a", cli.Delete{Names: []string{"a"}}},
		{"down", cli.Down{}},
		{"down shop", cli.Down{Project: "shop"}},
		{"down --wait --timeout 5s", cli.Down{Wait: true, Timeout: 5 * time.Second}},
		{"kill", cli.Shutdown{Timeout: minute}},
		{"version", cli.VersionCmd{}},
		{"import pm2 --take-over --timeout 5s", cli.Import{TakeOver: true, Timeout: 5 * time.Second, What: []string{"pm2"}}},
		{"import a.service b.service --as systemd --force", cli.Import{As: "systemd", Force: true, Timeout: minute, What: []string{"a.service", "b.service"}}},
		{"export systemd -f x.hcl -o units", cli.Export{Format: "systemd", File: "x.hcl"}},
		{"export procfile kitt.hcl", cli.Export{Format: "procfile", Name: "kitt.hcl"}},
		{"deploy production revert 1 --force", cli.Deploy{Force: true, Words: []string{"production", "revert", "1"}}},
		{"service install --system", cli.ServiceInstall{System: true}},
		{"service status", cli.ServiceStatus{}},
		{"service print", cli.ServicePrint{}},
	}
	for _, tt := range tests {
		t.Run(tt.line, func(t *testing.T) {
			_, got, err := parse(t, tt.line)
			if err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %#v, %v\nwant %#v", got, err, tt.want)
			}
		})
	}
}

func TestGlobalFlagsStandBeforeOrAfterTheVerb(t *testing.T) {
	for _, line := range []string{"--home /k -q -o json status web", "status web --home /k -q -o json", "status --home=/k -q web --output json"} {
		g, verb, err := parse(t, line)
		want := cli.Globals{Home: "/k", Output: "json", Quiet: true, Color: "auto"}
		if err != nil || g != want || !reflect.DeepEqual(verb, cli.Status{Names: []string{"web"}}) {
			t.Errorf("%s: %+v %+v %v", line, g, verb, err)
		}
	}
}

func TestMisuse(t *testing.T) {
	for _, line := range []string{"status -o nonsense", "apply --timeout soon", "scale", "nonsense", "apply --nonsense", "service", "show", "restart --color=sometimes x"} {
		if _, _, err := parse(t, line); err == nil {
			t.Errorf("%s: no error", line)
		}
	}
}

func TestEveryVerbHasHelpAndIsRun(t *testing.T) {
	var k kitt
	_, verbs := k.verbs()
	seen := 0
	for _, leaf := range kong.Must(&k, kong.Vars{"version": "x"}).Model.Leaves(false) {
		words := leaf.Name
		if leaf.Parent.Type == kong.CommandNode {
			words = leaf.Parent.Name + " " + words
		}
		if verbs[words] == nil || leaf.Help == "" {
			t.Errorf("%s: no verb, or no help", words)
		}
		if !leaf.Hidden {
			examplesOf(t, leaf, words)
		}
		seen++
	}
	if seen != len(verbs) {
		t.Errorf("%d commands, %d verbs", seen, len(verbs))
	}
}

// examplesOf holds the examples in a verb's help: there are some, and each can be read as that verb.
func examplesOf(t *testing.T, leaf *kong.Node, words string) {
	t.Helper()
	list := cli.Examples(leaf)
	if len(list) == 0 {
		t.Errorf("%s: no examples", words)
	}
	for _, line := range list {
		_, at, _ := strings.Cut(line, "kitt ")
		at, _, _ = strings.Cut(strings.TrimSuffix(at, ")"), " >") // not what the shell does with it
		at, _, _ = strings.Cut(at, " -- ")
		var k kitt
		found, err := kong.Must(&k, kong.Name("kitt"), kong.Vars{"version": "x"}).Parse(fieldsOf(at))
		if err != nil || !strings.HasPrefix(found.Command()+" ", words+" ") {
			t.Errorf("%s: the example %q: %v", words, line, err)
		}
	}
}

// fieldsOf parts a command line at blanks, but for those in single quotes.
func fieldsOf(line string) (out []string) {
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			out = append(out, part)
			continue
		}
		out = append(out, strings.Fields(part)...)
	}
	return out
}
