package notify

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"kitt.sh/spec"
)

// heard is what a server was asked.
type heard struct {
	method, path string
	header       http.Header
	body         map[string]any
}

// service answers each request with a status and a text, and keeps the last.
func service(t *testing.T, status int, text string, header ...string) (string, *heard) {
	h := &heard{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.method, h.path, h.header, h.body = r.Method, r.URL.Path, r.Header, nil
		b, _ := io.ReadAll(r.Body)
		if err := json.Unmarshal(b, &h.body); err != nil {
			t.Errorf("body %q: %v", b, err)
		}
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}))
	t.Cleanup(srv.Close)
	return srv.URL, h
}

// webhook is a target of a form.
func webhook(form string, change func(*spec.Webhook)) spec.Notify {
	n := spec.DefaultNotify("ops")
	n.Webhook = &spec.Webhook{Form: form}
	change(n.Webhook)
	return n
}

// hostile is a message with everything that a chat would act on, and more than any takes.
func hostile() Message {
	a := alertAt("failed", "shop/web_1.1")
	a.Text = "exit 1 <!channel> @everyone *bold* & `code`"
	for range 50 {
		a.Lines = append(a.Lines, "``` <b>line</b> & "+strings.Repeat("é😀", 60))
	}
	return Message{ID: "1-2", Alerts: []Alert{a}}.Written("box")
}

func sent(t *testing.T, n spec.Notify, env map[string]string, m Message) (string, error) {
	t.Helper()
	target, err := Resolve(context.Background(), n, env)
	if err != nil {
		t.Fatal(err)
	}
	return target.Send(context.Background(), m)
}

func TestSlackTakesTextWithItsMarkupEscaped(t *testing.T) {
	at, h := service(t, 200, "ok")
	said, err := sent(t, webhook("slack", func(w *spec.Webhook) { w.URL.Env = "HOOK" }), map[string]string{"HOOK": at + "/services/T0/B0/secretsecret"}, hostile())
	if err != nil || said != "200 OK: ok" {
		t.Fatalf("said %q, %v", said, err)
	}
	text, _ := h.body["text"].(string)
	if h.method != "POST" || h.path != "/services/T0/B0/secretsecret" || len(h.body) != 1 || h.header.Get("Content-Type") != "application/json" {
		t.Errorf("asked %+v", h)
	}
	if units(text) > 4000 || strings.Contains(text, "<!channel>") || !strings.Contains(text, "&lt;!channel&gt;") || strings.Count(text, "```") != 2 {
		t.Errorf("text of %d: %s", units(text), text)
	}
}

func TestDiscordTakesContentAndMentionsNobody(t *testing.T) {
	at, h := service(t, 204, "")
	if _, err := sent(t, webhook("discord", func(w *spec.Webhook) { w.URL.Text = at + "/api/webhooks/1/tokentokentoken" }), nil, hostile()); err != nil {
		t.Fatal(err)
	}
	text, _ := h.body["content"].(string)
	if n := utf8.RuneCountInString(text); n == 0 || n > 2000 || strings.Count(text, "```") != 2 || !strings.Contains(text, `shop/web\_1.1`) {
		t.Errorf("content of %d: %s", n, text)
	}
	if b, _ := json.Marshal(h.body["allowed_mentions"]); string(b) != `{"parse":[]}` {
		t.Errorf("allowed_mentions %s", b)
	}
}

func TestTelegramIsAskedWithTheBotsTokenInThePath(t *testing.T) {
	at, h := service(t, 200, `{"ok":true}`)
	n := webhook("telegram", func(w *spec.Webhook) { w.URL.Text, w.Token.Env, w.Chat = at, "TG", "-100123" })
	if _, err := sent(t, n, map[string]string{"TG": "12345678:AAtokentoken"}, hostile()); err != nil {
		t.Fatal(err)
	}
	text, _ := h.body["text"].(string)
	if h.path != "/bot12345678:AAtokentoken/sendMessage" || h.body["chat_id"] != "-100123" || h.body["parse_mode"] != nil || h.header.Get("Authorization") != "" {
		t.Errorf("asked %+v", h)
	}
	if units(text) > 4096 || !strings.HasPrefix(text, "shop/web_1.1 failed (box)\nexit 1 <!channel>") {
		t.Errorf("text of %d: %s", units(text), text)
	}
}

func TestNtfyIsPublishedAsJSON(t *testing.T) {
	at, h := service(t, 200, "{}")
	n := webhook("ntfy", func(w *spec.Webhook) { w.URL.Text, w.Token.Text = at+"/sub/my-topic", "tk_abcdefgh" })
	if _, err := sent(t, n, nil, hostile()); err != nil {
		t.Fatal(err)
	}
	text, _ := h.body["message"].(string)
	if h.path != "/sub" || h.body["topic"] != "my-topic" || h.body["title"] != "shop/web_1.1 failed (box)" || h.header.Get("Authorization") != "Bearer tk_abcdefgh" {
		t.Errorf("asked %+v", h)
	}
	if p, _ := h.body["priority"].(float64); p != 4 || len(text) > 4096 {
		t.Errorf("priority %v, message of %d bytes", p, len(text))
	}
	if tags, _ := h.body["tags"].([]any); len(tags) != 1 {
		t.Errorf("tags %v", h.body["tags"])
	}
}

func TestJSONIsTheMessageItself(t *testing.T) {
	at, h := service(t, 202, "")
	n := webhook("json", func(w *spec.Webhook) {
		w.URL.Text, w.Headers = at+"/hook", map[string]spec.Secret{"X-Api-Key": {Env: "KEY"}}
	})
	if _, err := sent(t, n, map[string]string{"KEY": "k-123456"}, hostile()); err != nil {
		t.Fatal(err)
	}
	alerts, _ := h.body["alerts"].([]any)
	first, _ := alerts[0].(map[string]any)
	if h.body["id"] != "1-2" || h.body["host"] != "box" || first["event"] != "failed" || first["id"] != "shop/web_1.1" || h.header.Get("X-Api-Key") != "k-123456" {
		t.Errorf("asked %+v", h)
	}
}

func TestAnswers(t *testing.T) {
	for _, test := range []struct {
		name   string
		status int
		text   string
		header []string
		words  string
		final  bool
		after  time.Duration
	}{
		{"a server in trouble is asked again", 500, "oh", nil, "answered 500 Internal Server Error: oh", false, 0},
		{"a bad message is not sent twice", 400, "invalid_payload", nil, "400 Bad Request: invalid_payload", true, 0},
		{"a webhook that is no more may come back", 404, "no_service", nil, "404 Not Found: no_service", false, 0},
		{"too many say when", 429, "", []string{"Retry-After", "30"}, "429", false, 30 * time.Second},
		{"Discord says it in the body", 429, `{"message":"slow","retry_after":1.5}`, nil, "429", false, 1500 * time.Millisecond},
		{"Telegram too", 429, `{"ok":false,"parameters":{"retry_after":7}}`, nil, "429", false, 7 * time.Second},
		{"nobody is sent elsewhere", 302, "", []string{"Location", "http://127.0.0.1:1/steal"}, "302 Found", false, 0},
		{"what it says is short, in one line and shown", 403, "no\x1b[31m\nway " + strings.Repeat("x", 5000), nil, `no\x1b[31m way xxx`, false, 0},
		{"and without the secret", 403, "unknown hook /services/secretsecretsecret", nil, "unknown hook ***", false, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			at, _ := service(t, test.status, test.text, test.header...)
			_, err := sent(t, webhook("slack", func(w *spec.Webhook) { w.URL.Text = at + "/services/secretsecretsecret" }), nil, hostile())
			if err == nil {
				t.Fatal("it arrived")
			}
			f := asFault(err)
			if !strings.Contains(f.Text, test.words) || f.Final != test.final || f.After != test.after || len(f.Text) > 500 || strings.Contains(f.Text, "secretsecret") {
				t.Errorf("got %+v", f)
			}
		})
	}
}

func TestAnErrorOfTheNetworkHasNoSecret(t *testing.T) {
	n := webhook("json", func(w *spec.Webhook) { w.URL.Text = "http://127.0.0.1:1/secretsecretsecret?token=alsosecret" })
	_, err := sent(t, n, nil, hostile())
	if err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("got %v", err)
	}
}

func TestAServerThatSaysNothingIsLeft(t *testing.T) {
	over := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { <-over }))
	defer srv.Close()
	defer close(over)
	n := webhook("json", func(w *spec.Webhook) { w.URL.Text = srv.URL + "/hook" })
	n.Timeout = 50 * time.Millisecond
	if _, err := sent(t, n, nil, hostile()); err == nil || !strings.Contains(err.Error(), "no answer in time") {
		t.Errorf("got %v", err)
	}
}

func TestALineThatHoldsTheTargetsSecretIsMasked(t *testing.T) {
	at, h := service(t, 200, "")
	m := hostile()
	m.Alerts[0].Lines = []string{"posting to tokentokentoken now"}
	if _, err := sent(t, webhook("json", func(w *spec.Webhook) { w.URL.Text, w.Token.Text = at+"/hook", "tokentokentoken" }), nil, m); err != nil {
		t.Fatal(err)
	}
	if b, _ := json.Marshal(h.body); strings.Contains(string(b), "tokentoken") {
		t.Errorf("sent %s", b)
	}
	if m.Alerts[0].Lines[0] != "posting to tokentokentoken now" {
		t.Error("the message itself was changed")
	}
}
