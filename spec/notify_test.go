package spec_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kitt.sh/spec"
)

const oneProcess = "process \"web\" {\n  command = \"x\"\n}\n"

func TestNotifyBlocks(t *testing.T) {
	for _, test := range []struct {
		name, block string
		says        []string // parts of complaints and warnings, in their order
	}{
		{"slack by reference", `webhook {
			url  = { env = "SLACK_URL" }
			form = "slack"
		}`, nil},
		{"telegram needs a token and a chat", "webhook {\n form = \"telegram\"\n }", []string{"no token of the bot", "no chat"}},
		{"telegram with both", "webhook {\n form = \"telegram\"\n token = { exec = [\"pass\", \"show\", \"tg\"] }\n chat = \"-100\"\n }", nil},
		{"an unknown form is corrected", "webhook {\n url = \"https://x.org/h\"\n form = \"slak\"\n }", []string{`"slak" is not one of json, slack, discord, telegram and ntfy`}},
		{"no url", "webhook { form = \"json\" }", []string{`notify "ops": no url`}},
		{"no http url", "webhook { url = \"ftp://tokentoken/x\" }", []string{"notify.webhook.url: it is no http or https address"}},
		{"a literal secret is taken, with a warning", "webhook {\n url = \"https://hooks.slack.com/services/tokentoken\"\n form = \"slack\"\n }",
			[]string{"warning: notify.webhook.url: a secret stands in the file"}},
		{"a literal address that is no secret is not warned of", "webhook { url = \"https://example.org/hook\" }", nil},
		{"a literal token", "webhook {\n url = \"https://ntfy.sh/x\"\n form = \"ntfy\"\n token = \"tokentoken\"\n }", []string{"warning: notify.webhook.token: a secret stands in the file"}},
		{"a variable that is not set", "webhook { url = { env = \"NOPE\" } }", []string{"warning: notify.webhook.url: NOPE is not set"}},
		{"a file that is not there", "webhook { url = { file = \"nope\" } }", []string{"warning: notify.webhook.url: read "}},
		{"a file that others can read", "webhook { url = { file = \"open\" } }", []string{"warning: notify.webhook.url: ", "can be read by others"}},
		{"a file that they cannot", "webhook { url = { file = \"shut\" } }", nil},
		{"a reference of an unknown kind", "webhook { url = { vault = \"x\" } }", []string{`no reference is called "vault"`}},
		{"two references at once", "webhook { url = { env = \"A\", file = \"tokentoken\" } }", []string{"text or one reference is expected"}},
		{"an empty reference", "webhook { url = { env = \"\" } }", []string{"the reference is empty"}},
		{"a header that may not be set", "webhook {\n url = \"https://x.org\"\n headers = { \"a b\" = \"x\" }\n }", []string{`"a b" is no name of a header`}},
		{"a command", "exec { command = [\"./alert.sh\"] }", nil},
		{"an empty command", "exec { command = \"\" }", []string{`no command`}},
		{"the desktop", "desktop {}", nil},
		{"mail", "mail {\n host = \"smtp.example.org\"\n user = \"ada\"\n password = { env = \"SLACK_URL\" }\n from = \"a@example.org\"\n to = [\"b@example.org\"]\n }", nil},
		{"mail with everything wrong", "mail {\n host = \"smtp.example.org:25\"\n tls = \"ssl\"\n from = \"ada\"\n }",
			[]string{"mail to nobody", "no mail server", "is not one of starttls, tls and none", `"ada" is no mail address`}},
		{"a password in the clear", "mail {\n host = \"smtp.example.org\"\n tls = \"none\"\n user = \"a\"\n password = { env = \"SLACK_URL\" }\n from = \"a@example.org\"\n to = [\"b@example.org\"]\n }",
			[]string{"it would cross the network unencrypted"}},
		{"nobody to tell", "every = \"1m\"", []string{"it is to tell exactly one, and has none"}},
		{"two at once", "desktop {}\n exec { command = \"x\" }", []string{"has desktop and exec"}},
		{"an unknown event", "on = [\"crashed\"]\n desktop {}", []string{`notify.on: "crashed" is not one of failed, flapping, gave-up, recovered and hung`}},
		{"no event", "on = []\n desktop {}", []string{"notify.on: it names nothing"}},
		{"a process that is none", "processes = [\"web\", \"wbe\"]\n desktop {}", []string{`warning: notify.processes: "wbe" is no process of this file`}},
		{"processes of others are not known here", "processes = [\"shop/*\", \"*/*\"]\n desktop {}", nil},
		{"no pattern", "processes = [\"[\"]\n desktop {}", []string{`"[" is not a pattern`}},
		{"times that are none", "every = \"1y\"\n timeout = \"1ms\"\n desktop {}", []string{`"1y" is not a duration`}},
		{"times too long and too short", "every = \"999h\"\n timeout = \"1ms\"\n lines = 1000\n desktop {}",
			[]string{"999h0m0s is not between", "1ms is not between 1s and 5m", "1000 is not between 0 and 50"}},
		{"an unknown word", "evry = \"1m\"\n desktop {}", []string{`unknown field "evry"`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := folder(t, "kitt.hcl", oneProcess+"notify \"ops\" {\n"+test.block+"\n}\n", "open", "x", "shut", "x")
			if err := os.Chmod(filepath.Join(dir, "shut"), 0o600); err != nil {
				t.Fatal(err)
			}
			s, said := load(t, spec.Request{Path: dir, Env: map[string]string{"SLACK_URL": "https://hooks.slack.com/x"}})
			for _, w := range s.Warnings {
				said = append(said, "warning: "+w.Text)
				if strings.Contains(fmt.Sprint(w), "tokentoken") {
					t.Errorf("the secret is shown: %+v", w)
				}
			}
			all := strings.Join(said, "\n")
			rest := all
			for _, part := range test.says {
				_, after, ok := strings.Cut(rest, part)
				if !ok {
					t.Errorf("said\n%s\nwant %q", all, part)
				}
				rest = after
			}
			if len(test.says) == 0 && all != "" || strings.Contains(all, "tokentoken") {
				t.Errorf("said %s", all)
			}
		})
	}
}

func TestAComplaintDoesNotQuoteASecret(t *testing.T) {
	dir := folder(t, "kitt.hcl", oneProcess+"notify \"ops\" {\n  webhook {\n    url = \"ftp://tokentoken/x\"\n    token = \"othertoken\"\n    headers = {\n      Authorization = \"Bearer thirdtoken\"\n    }\n  }\n}\n")
	ref := folder(t, "kitt.hcl", oneProcess+"notify \"ops\" {\n  webhook {\n    url = { env = \"NOPE\" } # of Slack\n  }\n}\n")
	if s, _ := load(t, spec.Request{Path: ref}); len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0].Source, `{ env = "NOPE" }`) {
		t.Errorf("a reference is no secret: %+v", s.Warnings)
	}
	s, err := spec.Load(t.Context(), spec.Request{Path: dir}, eval)
	list := append(complaints(t, err), s.Warnings...)
	if len(list) < 3 {
		t.Fatalf("got %v", list)
	}
	for _, c := range list {
		if strings.Contains(fmt.Sprintf("%+v", c), "tokentoken") || strings.Contains(c.Source, "othertoken") || strings.Contains(c.Source, "thirdtoken") {
			t.Errorf("shown: %+v", c)
		}
	}
}

func TestNotifyBesideAProcfile(t *testing.T) {
	dir := folder(t, "kitt.hcl", "procfile = \"Procfile\"\nnotify \"ops\" {\n  desktop {}\n}\n", "Procfile", "web: x\n")
	s, said := load(t, spec.Request{Path: dir})
	if len(said) > 0 || len(s.Notify) != 1 || len(s.Processes) != 1 {
		t.Errorf("got %v, %+v", said, s)
	}
}

func TestAFileOfAlertsAloneIsOne(t *testing.T) {
	dir := folder(t, "kitt.hcl", "notify \"all\" {\n  processes = [\"*/*\"]\n  desktop {}\n}\n")
	s, said := load(t, spec.Request{Path: dir})
	if len(said)+len(s.Warnings) > 0 || len(s.Notify) != 1 {
		t.Errorf("got %v, %+v", said, s)
	}
}

func TestTwoBlocksOfOneName(t *testing.T) {
	dir := folder(t, "kitt.hcl", oneProcess+strings.Repeat("notify \"ops\" {\n  desktop {}\n}\n", 2))
	_, said := load(t, spec.Request{Path: dir})
	if len(said) != 1 || !strings.Contains(said[0], `notify "ops" is already on line 4`) {
		t.Errorf("got %v", said)
	}
}

func TestDiffNotify(t *testing.T) {
	a, b := spec.DefaultNotify("ops"), spec.DefaultNotify("ops")
	a.Webhook = &spec.Webhook{Form: "slack", URL: spec.Secret{Text: "https://x/one"}}
	b.Webhook = &spec.Webhook{Form: "discord", URL: spec.Secret{Text: "https://x/two"}, Token: spec.Secret{Env: "T"}}
	got := fmt.Sprint(spec.DiffNotify([]spec.Notify{a}, []spec.Notify{b}))
	want := "map[ops:[{webhook.form slack discord true} {webhook.token  env T true} {webhook.url   true}]]"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := spec.DiffNotify([]spec.Notify{a}, []spec.Notify{a}); len(got) != 0 {
		t.Errorf("the same differs: %v", got)
	}
	if got := fmt.Sprintf("%v %+v %#v", a.Webhook, a.Webhook, a.Webhook); strings.Contains(got, "one") {
		t.Errorf("printed: %s", got)
	}
}
