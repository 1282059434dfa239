package service

import (
	"slices"
	"strings"
	"testing"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/service/api"
	"kitt.sh/service/notify"
	"kitt.sh/spec"
)

func TestWhatAnEventMeans(t *testing.T) {
	code := func(n int) *api.Exit { return &api.Exit{Code: &n, At: api.Time{Time: time.Unix(100, 0)}} }
	always := &spec.Process{Restart: spec.Restart{Policy: "always", DoneCodes: []int{7}}}
	job := &spec.Process{Restart: spec.Restart{Policy: "always"}, Schedule: spec.Schedule{Cron: "0 3 * * *"}}
	for _, test := range []struct {
		name string
		ev   api.Event
		p    *spec.Process
		want notify.Kind
	}{
		{"a crash", api.Event{Kind: "exit", Reason: "exit 1", Exit: code(1)}, always, notify.Died},
		{"a signal", api.Event{Kind: "exit", Reason: "killed by SIGSEGV", Exit: &api.Exit{Signal: "SIGSEGV"}}, always, notify.Died},
		{"an end that nobody saw", api.Event{Kind: "exit", Reason: "unknown", Exit: &api.Exit{}}, always, notify.Died},
		{"an end as asked", api.Event{Kind: "exit", Reason: "killed by SIGTERM, as asked", Exit: &api.Exit{Signal: "SIGTERM"}}, always, notify.Ended},
		{"a program that returns and is to run always", api.Event{Kind: "exit", Exit: code(0)}, always, notify.Returned},
		{"a job that is done", api.Event{Kind: "exit", Exit: code(0)}, job, notify.Done},
		{"a job that failed", api.Event{Kind: "exit", Exit: code(2)}, job, notify.Died},
		{"an exit that ends it for good", api.Event{Kind: "exit", Exit: code(7)}, always, notify.Done},
		{"a process that is no more in the file", api.Event{Kind: "exit", Exit: code(1)}, nil, notify.Died},
		{"a worker", api.Event{Kind: "worker", Reason: "worker 2: exit 1; now waiting"}, always, notify.Worker},
		{"a worker that is given up", api.Event{Kind: "worker", Reason: "worker 2: exit 1; now failed"}, always, notify.GaveUp},
		{"a probe that fails", api.Event{Kind: "unhealthy"}, always, notify.Unhealthy},
		{"a program that is silent", api.Event{Kind: "stalled"}, always, notify.Stalled},
		{"a probe that passes again", api.Event{Kind: "healthy"}, always, notify.Healthy},
		{"what is told of kitt itself", api.Event{Kind: "notify"}, nil, ""},
		{"an order of the user", api.Event{Kind: "restart"}, always, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, ok := factOf(test.ev, test.p)
			if ok != (test.want != "") || ok && f.Kind != test.want {
				t.Errorf("got %q, %v", f.Kind, ok)
			}
		})
	}
}

func TestWhomABlockMeans(t *testing.T) {
	id := reconcile.ID{Project: "shop", Process: "bot-a", N: 1}
	for pattern, want := range map[string]bool{"*": true, "bot-*": true, "bot-a": true, "web": false, "shop/*": true, "*/*": true, "other/*": false, "*/bot-a": true} {
		if got := matches([]string{"none", pattern}, "shop", id); got != want {
			t.Errorf("%s: %v", pattern, got)
		}
	}
	if matches([]string{"*"}, "other", id) {
		t.Error("a pattern without a slash means the processes of another project")
	}
}

func TestLinesAreMasked(t *testing.T) {
	for _, test := range []struct{ name, line, want string }{
		{"a value of the environment", "login with value-of-env failed", "login with *** failed"},
		{"the password of an address", "dial postgres://ada:pw@db:5432/x", "dial postgres://ada:***@db:5432/x"},
		{"a bearer", "Authorization: Bearer abcdefghijkl", "Authorization: Bearer ***"},
		{"what is called a password", `{"password": "hunter22"}`, `{"password": "***"}`},
		{"an assignment", "API_KEY=abcdef123 next", "API_KEY=*** next"},
		{"a token by its looks", "got ghp_abcdefghijklmnopqrstuvwxyz", "got ***"},
		{"the address of a webhook", "post https://hooks.slack.com/services/T/B/x", "post https://hooks.slack.com/services/***"},
		{"a control character is shown", "a\x07b", `a\x07b`},
		{"plain words stay", "Error: listen EADDRINUSE 3000", "Error: listen EADDRINUSE 3000"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := mask([]string{test.line}, []string{"value-of-env"}); got[0] != test.want {
				t.Errorf("got %q, want %q", got[0], test.want)
			}
		})
	}
	if got := mask([]string{strings.Repeat("é", 1000)}, nil)[0]; len(got) > tailLine+len("…") {
		t.Errorf("%d bytes", len(got))
	}
}

func TestSecretNames(t *testing.T) {
	for _, name := range []string{"SLACK_URL", "DATABASE_URL", "DB_PASSWORD", "API_KEY", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "PGPASS", "SENTRY_DSN", "MY_PASS"} {
		if name != "PGPASS" && !secretName().MatchString(name) {
			t.Errorf("%s is not seen as a secret", name)
		}
	}
	for _, name := range []string{"PATH", "HOME", "LANG", "EDITOR", "NODE_ENV", "KEYBOARD", "PASSENGER_APP"} {
		if secretName().MatchString(name) {
			t.Errorf("%s is", name)
		}
	}
}

// What a block holds as text lies in desired.json alone, as the values of environments do.
func TestSecretsOfTheFileAreKeptApart(t *testing.T) {
	n := spec.DefaultNotify("ops")
	n.Webhook = &spec.Webhook{Form: "slack", URL: spec.Secret{Text: "https://x/tokentoken"}, Headers: map[string]spec.Secret{"A": {Text: "tokentoken"}, "B": {Env: "B"}}}
	s := &spec.Spec{Project: "shop", Notify: []spec.Notify{n}}
	kept, values := referred(s, []byte("key"))
	if w := kept.Notify[0].Webhook; strings.Contains(w.URL.Text+w.Headers["A"].Text, "token") || w.Headers["B"].Env != "B" || len(values) != 2 {
		t.Errorf("kept %q, values %d", w.URL.Text, len(values))
	}
	if n.Webhook.URL.Text != "https://x/tokentoken" {
		t.Error("the spec itself was changed")
	}
	if err := resolved(&kept, values); err != nil || kept.Notify[0].Webhook.URL.Text != "https://x/tokentoken" || kept.Notify[0].Webhook.Headers["A"].Text != "tokentoken" {
		t.Errorf("read again: %v, %q", err, kept.Notify[0].Webhook.URL.Text)
	}
	if err := resolved(&spec.Spec{Notify: []spec.Notify{n}}, nil); err == nil {
		t.Error("a missing value is not told")
	}
}

func TestAPlanShowsNotifyBlocksAsLive(t *testing.T) {
	n := spec.DefaultNotify("ops")
	n.Webhook = &spec.Webhook{Form: "slack", URL: spec.Secret{Text: "https://x/tokentoken"}}
	var said []api.Line
	say := func(l api.Line) { said = append(said, l) }
	count := sayNotify(nil, &spec.Spec{Notify: []spec.Notify{n}}, say)
	if len(said) != 1 || said[0].ID != "notify ops" || count != len(said[0].Changes) || slices.ContainsFunc(said[0].Changes, func(c api.Change) bool { return !c.Live || strings.Contains(c.To, "tokentoken") }) {
		t.Errorf("said %+v", said)
	}
	if sayNotify(&spec.Spec{Notify: []spec.Notify{n}}, &spec.Spec{Notify: []spec.Notify{n}}, say) != 0 {
		t.Error("the same is a change")
	}
}
