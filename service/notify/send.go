package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// mostSaid is how much is shown of what the other side says.
const mostSaid = 200

// Send takes a written message to t. said is what the other side answered, without a secret. An error is a *Fault.
func (t Target) Send(ctx context.Context, m Message) (said string, err error) {
	ctx, cancel := context.WithTimeout(ctx, t.Notify.Timeout)
	defer cancel()
	m = t.censored(m)
	switch t.Notify.Kind() {
	case "webhook":
		said, err = t.post(ctx, m)
	case "exec":
		said, err = t.exec(ctx, m)
	case "mail":
		said, err = t.mail(ctx, m)
	default:
		said, err = t.desktop(ctx, m)
	}
	if err != nil {
		f := *asFault(err)
		f.Text = t.clean(f.Text)
		return "", &f
	}
	return t.clean(said), nil
}

// censored is m without the target's own secrets, should a line hold one.
func (t Target) censored(m Message) Message {
	m.Title, m.Text, m.Alerts = Hide(m.Title, t.secrets), Hide(m.Text, t.secrets), slices.Clone(m.Alerts)
	for i := range m.Alerts {
		a := &m.Alerts[i]
		a.Text, a.Lines = Hide(a.Text, t.secrets), slices.Clone(a.Lines)
		for n := range a.Lines {
			a.Lines[n] = Hide(a.Lines[n], t.secrets)
		}
	}
	return m
}

// clean is text of elsewhere in one short line without a secret.
func (t Target) clean(text string) string {
	text = Hide(text, t.secrets)
	return cut(Visible(strings.Join(strings.Fields(wellFormed(text)), " ")), 2*mostSaid, units)
}

// client goes where it is told and nowhere else: no proxy, no redirect, no connection that stays.
func client() *http.Client {
	return &http.Client{
		Transport: &http.Transport{DialContext: (&net.Dialer{}).DialContext, DisableKeepAlives: true, ForceAttemptHTTP2: true,
			TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// post sends a webhook.
func (t Target) post(ctx context.Context, m Message) (string, error) {
	body, where, err := t.body(m)
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, where, bytes.NewReader(body))
	if err != nil {
		return "", fault("webhook.url is no address that can be asked")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "kitt")
	if t.token != "" && t.Notify.Webhook.Form != "telegram" {
		req.Header.Set("Authorization", "Bearer "+t.token)
	}
	for name, v := range t.headers {
		req.Header.Set(name, v)
	}
	resp, err := client().Do(req)
	if err != nil {
		return "", unsent(err, req.URL.Host)
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 4*mostSaid))
	return answered(resp, string(text))
}

// unsent says why a request had no answer; the address it names may hold a secret.
func unsent(err error, host string) error {
	var e *url.Error
	if errors.As(err, &e) {
		if e.Timeout() {
			return fault("ask " + host + ": no answer in time")
		}
		err = e.Err
	}
	return fault("ask " + host + ": " + err.Error())
}

// answered judges an answer. What is the message's own fault is not tried again.
func answered(resp *http.Response, text string) (string, error) {
	said := resp.Status
	if text = cut(strings.Join(strings.Fields(wellFormed(text)), " "), mostSaid, units); text != "" {
		said += ": " + text
	}
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		return said, nil
	}
	f := &Fault{Text: resp.Request.URL.Host + " answered " + said}
	switch resp.StatusCode {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity, http.StatusUnsupportedMediaType:
		f.Final = true
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		f.After = pauseOf(resp.Header.Get("Retry-After"), text)
	}
	return "", f
}

// pauseOf is how long the other side asks to wait: in its header, or as Discord and Telegram say it in the body.
func pauseOf(header, body string) time.Duration {
	if s, err := strconv.ParseFloat(header, 64); err == nil && s > 0 && s < 1e6 {
		return time.Duration(s * float64(time.Second))
	}
	var said struct {
		After      float64 `json:"retry_after"`
		Parameters struct {
			After float64 `json:"retry_after"`
		} `json:"parameters"`
	}
	_ = json.Unmarshal([]byte(body), &said)
	s := max(said.After, said.Parameters.After, 0)
	return time.Duration(min(s, 1e6) * float64(time.Second))
}

// exec runs a command: the message is JSON on its stdin, and in its environment.
func (t Target) exec(ctx context.Context, m Message) (string, error) {
	in, err := json.Marshal(m)
	if err != nil {
		return "", fault(err.Error())
	}
	out, err := run(ctx, command{argv: t.Notify.Exec, env: append(t.env, variables(m)...), dir: t.Notify.Dir, in: append(in, '\n')})
	if err != nil {
		return "", fault("run " + t.Notify.Exec[0] + ": " + err.Error())
	}
	return "exit 0" + lastLine(out), nil
}

// variables are those of a command that is told of m; of a digest they are its latest alert's.
func variables(m Message) []string {
	var a Alert
	if len(m.Alerts) > 0 {
		a = m.Alerts[len(m.Alerts)-1]
	}
	project, instance, _ := strings.Cut(a.ID, "/")
	process := instance
	if i := strings.LastIndexByte(instance, '.'); i > 0 {
		process = instance[:i]
	}
	_, lines := m.tail()
	var out []string
	for _, kv := range [][2]string{{"EVENT", a.Event}, {"ID", a.ID}, {"PROJECT", project}, {"PROCESS", process}, {"TEXT", a.Text},
		{"AT", a.At.UTC().Format(time.RFC3339Nano)}, {"TITLE", m.Title}, {"MESSAGE", m.Text}, {"COUNT", strconv.Itoa(len(m.Alerts) + m.More)},
		{"LINES", strings.Join(lines, "\n")}, {"HOST", m.Host}, {"MESSAGE_ID", m.ID}} {
		out = append(out, "KITT_ALERT_"+kv[0]+"="+strings.ReplaceAll(kv[1], "\x00", `\x00`))
	}
	return out
}

// desktop shows a notification to who is logged in as this user.
func (t Target) desktop(ctx context.Context, m Message) (string, error) {
	argv := notification(m)
	if _, err := run(ctx, command{argv: argv, env: session(t.env), dir: "/"}); err != nil {
		return "", fault("run " + argv[0] + ": " + err.Error())
	}
	return fmt.Sprintf("%s took it", argv[0]), nil
}
