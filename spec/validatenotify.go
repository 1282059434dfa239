package spec

import (
	"net"
	"net/mail"
	"net/url"
	"os"
	"path"
	"slices"
	"strings"
	"time"
)

var (
	notifyForms = []string{"json", "slack", "discord", "telegram", "ntfy"}
	mailTLS     = []string{"starttls", "tls", "none"}
	mailAuths   = []string{"auto", "plain", "login"}
)

// Bounds of a notify block.
const (
	maxNotify = 50 // blocks, lines
	maxWait   = 7 * 24 * time.Hour
)

func (n *Notify) at(field string) Pos {
	if at, ok := n.Origins[field]; ok {
		return at
	}
	kind, _, _ := strings.Cut(field, ".")
	if at, ok := n.Origins[kind]; ok {
		return at
	}
	return n.Origin
}

func (r *reading) validateNotify() {
	if len(r.spec.Notify) > maxNotify {
		r.complain(r.spec.Notify[maxNotify].Origin, "", "notify: %d blocks are more than %d", len(r.spec.Notify), maxNotify)
	}
	for i := range r.spec.Notify {
		n := &r.spec.Notify[i]
		if text := nameFault(n.Name, false); text != "" {
			r.complain(n.Origin, "", "notify %q: %s", n.Name, text)
		}
		r.validateWhen(n)
		r.validatePatterns(n)
		switch {
		case n.Webhook != nil:
			r.validateWebhook(n, n.Webhook)
		case n.Mail != nil:
			r.validateMail(n, n.Mail)
		case !n.Desktop && (len(n.Exec) == 0 || n.Exec[0] == ""):
			r.complain(n.at("exec.command"), `exec { command = ["./alert.sh"] }`, "notify %q: no command", n.Name)
		}
	}
}

// validateWhen looks at what is told, and how often.
func (r *reading) validateWhen(n *Notify) {
	if len(n.On) == 0 {
		r.complain(n.at("on"), "leave it out for all of "+listed(Alerts), "notify.on: it names nothing")
	}
	for _, word := range n.On {
		r.wordOf(n.at("on"), "notify.on", word, Alerts)
	}
	for field, d := range map[string]time.Duration{"every": n.Every, "repeat": n.Repeat, "stable": n.Stable, "flapping.within": n.Within, "timeout": n.Timeout} {
		if d < 0 || d > maxWait {
			r.complain(n.at(field), "", "notify.%s: %s is not between 0 and 7 days", field, d)
		}
	}
	if n.Timeout < time.Second || n.Timeout > 5*time.Minute {
		r.complain(n.at("timeout"), "", "notify.timeout: %s is not between 1s and 5m", n.Timeout)
	}
	if n.Deaths < 2 || n.Deaths > 100 || n.Within <= 0 {
		r.complain(n.at("flapping.deaths"), "", "notify.flapping: %d deaths within %s are not 2 to 100 in some time", n.Deaths, n.Within)
	}
	if n.Lines < 0 || n.Lines > maxNotify {
		r.complain(n.at("lines"), "", "notify.lines: %d is not between 0 and %d", n.Lines, maxNotify)
	}
}

// wordOf complains of a word that is not one of words.
func (r *reading) wordOf(at Pos, field, got string, words []string) {
	if slices.Contains(words, got) {
		return
	}
	hint := didYouMean(got, words)
	if hint == "" {
		hint = "write " + strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
	}
	r.complain(at, hint, "%s: %q is not one of %s", field, got, listed(words))
}

func (r *reading) validatePatterns(n *Notify) {
	if len(n.Processes) == 0 {
		r.complain(n.at("processes"), "leave it out for all processes of this file", "notify.processes: it names nothing")
	}
	for _, pattern := range n.Processes {
		_, err := path.Match(pattern, "")
		switch {
		case err != nil || pattern == "" || strings.Count(pattern, "/") > 1:
			r.complain(n.at("processes"), `write "web", "bot-*", or "shop/*" for another project`, "notify.processes: %q is not a pattern", pattern)
		case strings.Contains(pattern, "/"), pattern == "*":
		case !slices.ContainsFunc(r.spec.Processes, func(p Process) bool { ok, _ := path.Match(pattern, p.Name); return ok }):
			r.warn(n.at("processes"), `"shop/*" means the processes of another project`, "notify.processes: %q is no process of this file", pattern)
		}
	}
}

func (r *reading) validateWebhook(n *Notify, w *Webhook) {
	r.wordOf(n.at("webhook.form"), "notify.webhook.form", w.Form, notifyForms)
	telegram := w.Form == "telegram"
	switch {
	case telegram && w.URL.IsZero() && w.Token.IsZero():
		r.complain(n.at("webhook.token"), `token = { env = "TELEGRAM_TOKEN" }: what @BotFather gave you`, "notify %q: no token of the bot", n.Name)
	case !telegram && w.URL.IsZero():
		r.complain(n.at("webhook.url"), `url = { env = "SLACK_URL" }`, "notify %q: no url", n.Name)
	}
	if telegram && w.Chat == "" {
		r.complain(n.at("webhook.chat"), `chat = "-1001234567890", or "@channel"`, "notify %q: no chat", n.Name)
	}
	if text := w.URL.Text; text != "" {
		u, err := url.Parse(text)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			r.complain(n.at("webhook.url"), `write "https://…", or a reference: `+secretHint, "notify.webhook.url: it is no http or https address")
		} else if w.Form == "slack" || w.Form == "discord" || telegram || u.User != nil || u.RawQuery != "" {
			r.literal(n, "webhook.url", w.URL)
		}
	}
	r.literal(n, "webhook.token", w.Token)
	for _, f := range []struct {
		field string
		s     Secret
	}{{"webhook.url", w.URL}, {"webhook.token", w.Token}} {
		r.reachable(n, f.field, f.s)
	}
	for name, s := range w.Headers {
		if name == "" || strings.Trim(strings.ToLower(name), "abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+.^_|~-") != "" || strings.EqualFold(name, "host") || strings.EqualFold(name, "content-length") {
			r.complain(n.at("webhook.headers"), "", "notify.webhook.headers: %q is no name of a header that may be set", name)
		}
		if strings.EqualFold(name, "authorization") || strings.Contains(strings.ToLower(name), "token") {
			r.literal(n, "webhook.headers", s)
		}
		r.reachable(n, "webhook.headers", s)
	}
}

// literal warns of a secret that stands in the file.
func (r *reading) literal(n *Notify, field string, s Secret) {
	if s.Text != "" {
		r.warn(n.at(field), secretHint, "notify.%s: a secret stands in the file; whoever reads it can post", field)
	}
}

// reachable warns of a reference that gives nothing now. It is looked at again each time that it is used.
func (r *reading) reachable(n *Notify, field string, s Secret) {
	switch {
	case s.Env != "" && r.req.Path != "" && r.req.Env[s.Env] == "":
		r.warn(n.at(field), "export "+s.Env+"=… before kitt apply", "notify.%s: %s is not set in the environment", field, s.Env)
	case s.File != "":
		info, err := os.Stat(s.File)
		switch {
		case r.req.Path == "":
		case err != nil:
			r.warn(n.at(field), "", "notify.%s: read %s: %s", field, s.File, cause(err))
		case info.Mode().Perm()&0o077 != 0:
			r.warn(n.at(field), "chmod 600 "+s.File, "notify.%s: %s can be read by others and will not be used", field, s.File)
		}
	}
}

func (r *reading) validateMail(n *Notify, m *Mail) {
	r.wordOf(n.at("mail.tls"), "notify.mail.tls", m.TLS, mailTLS)
	r.wordOf(n.at("mail.auth"), "notify.mail.auth", m.Auth, mailAuths)
	if m.Port == 0 {
		m.Port = map[string]int{"tls": 465, "none": 25}[m.TLS]
		if m.Port == 0 {
			m.Port = 587
		}
	}
	switch {
	case m.Host == "" || strings.ContainsAny(m.Host, " :/@"):
		r.complain(n.at("mail.host"), `host = "smtp.example.org", and port beside it`, "notify %q: no mail server", n.Name)
	case m.Port < 1 || m.Port > 65535:
		r.complain(n.at("mail.port"), "", "notify.mail.port: %d is not a port", m.Port)
	case !m.Password.IsZero() && m.TLS == "none" && !loopback(m.Host):
		r.complain(n.at("mail.tls"), `tls = "starttls" or "tls"`, "notify.mail.password: it would cross the network unencrypted")
	case m.User != "" && m.Password.IsZero():
		r.complain(n.at("mail.password"), `password = { env = "SMTP_PASSWORD" }`, "notify %q: a user without a password", n.Name)
	}
	if len(m.To) == 0 {
		r.complain(n.at("mail.to"), `to = ["ada@example.org"]`, "notify %q: mail to nobody", n.Name)
	}
	for field, addresses := range map[string][]string{"mail.from": {m.From}, "mail.to": m.To} {
		for _, a := range addresses {
			if _, err := mail.ParseAddress(a); err != nil {
				r.complain(n.at(field), `write "ada@example.org" or "Ada <ada@example.org>"`, "notify.%s: %q is no mail address", field, a)
			}
		}
	}
	r.literal(n, "mail.password", m.Password)
	r.reachable(n, "mail.password", m.Password)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
