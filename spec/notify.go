package spec

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// A Notify is one notify block: what is told to whom, and how often. It changes live. Exactly one of Webhook, Exec, Mail
// and Desktop is set.
type Notify struct {
	Name      string         `json:"name"`
	On        []string       `json:"on"`                // of Alerts
	Processes []string       `json:"processes"`         // patterns: web, bot-*; with a slash of any project: shop/web, */*
	Every     time.Duration  `json:"every"`             // 1m: at most one message in that time; what comes meanwhile is one digest
	Repeat    time.Duration  `json:"repeat"`            // 10m: the same of the same instance is told again after that time at the earliest
	Stable    time.Duration  `json:"stable"`            // 30s: who runs so long has recovered
	Deaths    int            `json:"deaths"`            // 5 deaths
	Within    time.Duration  `json:"within"`            // within 10m are flapping
	Lines     int            `json:"lines"`             // 10; last lines of the life that ended, at most 50
	Timeout   time.Duration  `json:"timeout"`           // 10s for one try
	Webhook   *Webhook       `json:"webhook,omitempty"` //
	Exec      []string       `json:"exec,omitempty"`    // argv
	Mail      *Mail          `json:"mail,omitempty"`    //
	Desktop   bool           `json:"desktop,omitempty"` // a notification on the screen of this machine
	Dir       string         `json:"dir"`               // folder of the spec: where commands run
	Origin    Pos            `json:"origin"`            // not compared
	Origins   map[string]Pos `json:"origins,omitempty"` // of each field: not compared
}

// Alerts are the words of on.
var Alerts = []string{"failed", "flapping", "gave-up", "recovered", "hung"}

// A Webhook is a POST of JSON.
type Webhook struct {
	URL     Secret            `json:"url,omitzero"`
	Form    string            `json:"form"`           // json | slack | discord | telegram | ntfy
	Token   Secret            `json:"token,omitzero"` // telegram: of the bot; ntfy: access token
	Chat    string            `json:"chat,omitempty"` // telegram
	Headers map[string]Secret `json:"headers,omitempty"`
}

// Mail is a message over SMTP.
type Mail struct {
	Host     string   `json:"host"`
	Port     int      `json:"port"`
	TLS      string   `json:"tls"`  // starttls | tls | none
	Auth     string   `json:"auth"` // auto | plain | login
	User     string   `json:"user,omitempty"`
	Password Secret   `json:"password,omitzero"`
	From     string   `json:"from"`
	To       []string `json:"to"`
}

// A Secret says where a value is found when it is used. Text is the value itself, where the file holds it.
type Secret struct {
	Env  string   `json:"env,omitempty"`  // a variable of the captured environment
	File string   `json:"file,omitempty"` // absolute; its text without the space around it
	Exec []string `json:"exec,omitempty"` // argv; the first line of what it writes
	Text string   `json:"text,omitempty"`
}

// IsZero tells whether there is none.
func (s Secret) IsZero() bool { return s.Env == "" && s.File == "" && len(s.Exec) == 0 && s.Text == "" }

// String says where it is, and never what it is.
func (s Secret) String() string {
	switch {
	case s.Env != "":
		return "env " + s.Env
	case s.File != "":
		return "file " + s.File
	case len(s.Exec) > 0:
		return "exec " + s.Exec[0] // its arguments may say more than is good
	case s.Text != "":
		return "***"
	}
	return ""
}

// GoString keeps %#v from showing it.
func (s Secret) GoString() string { return s.String() }

// Kind is webhook, exec, mail or desktop.
func (n Notify) Kind() string {
	switch {
	case n.Webhook != nil:
		return "webhook"
	case len(n.Exec) > 0:
		return "exec"
	case n.Mail != nil:
		return "mail"
	}
	return "desktop"
}

// WithTexts is a copy in which each secret that stands in the file itself is what f makes of it.
func (n Notify) WithTexts(f func(string) string) Notify {
	change := func(s Secret) Secret {
		if s.Text != "" {
			s.Text = f(s.Text)
		}
		return s
	}
	if n.Webhook != nil {
		w := *n.Webhook
		w.URL, w.Token, w.Headers = change(w.URL), change(w.Token), maps.Clone(w.Headers)
		for name, s := range w.Headers {
			w.Headers[name] = change(s)
		}
		n.Webhook = &w
	}
	if n.Mail != nil {
		m := *n.Mail
		m.Password = change(m.Password)
		n.Mail = &m
	}
	return n
}

// DefaultNotify is what a notify block begins with.
func DefaultNotify(name string) Notify {
	return Notify{Name: name, On: slices.Clone(Alerts), Processes: []string{"*"}, Every: time.Minute, Repeat: 10 * time.Minute,
		Stable: 30 * time.Second, Deaths: 5, Within: 10 * time.Minute, Lines: 10, Timeout: 10 * time.Second}
}

// A Setting is one field of a notify block as it may be shown.
type Setting struct {
	Name, Value string
	key         string // tells two secrets apart that are shown alike
}

// Settings lists the fields of n that say something. No secret is among them.
func (n Notify) Settings() (out []Setting) {
	add := func(name, value string) {
		if value != "" {
			out = append(out, Setting{name, value, value})
		}
	}
	secret := func(name string, s Secret) {
		if !s.IsZero() {
			out = append(out, Setting{name, s.String(), s.String() + quoteWords(s.Exec) + s.Text})
		}
	}
	add("kind", n.Kind())
	if w := n.Webhook; w != nil {
		add("webhook.form", w.Form)
		secret("webhook.url", w.URL)
		secret("webhook.token", w.Token)
		add("webhook.chat", w.Chat)
		for _, name := range slices.Sorted(maps.Keys(w.Headers)) {
			secret("webhook.headers."+name, w.Headers[name])
		}
	}
	add("exec.command", quoteWords(n.Exec))
	if m := n.Mail; m != nil {
		add("mail.host", m.Host)
		add("mail.port", numbers([]int{m.Port}))
		add("mail.tls", m.TLS)
		add("mail.auth", m.Auth)
		add("mail.user", m.User)
		secret("mail.password", m.Password)
		add("mail.from", m.From)
		add("mail.to", strings.Join(m.To, ", "))
	}
	add("on", strings.Join(n.On, ", "))
	add("processes", strings.Join(n.Processes, ", "))
	add("every", n.Every.String())
	add("repeat", n.Repeat.String())
	add("stable", n.Stable.String())
	add("flapping.deaths", numbers([]int{n.Deaths}))
	add("flapping.within", n.Within.String())
	add("lines", numbers([]int{n.Lines}))
	add("timeout", n.Timeout.String())
	return out
}

// DiffNotify lists, by block, what an edit changed in the notify blocks. All of it is live.
func DiffNotify(old, now []Notify) map[string][]Change {
	was, is, out := settingsOf(old), settingsOf(now), map[string][]Change{}
	for _, name := range unionKeys(was, is) {
		for _, field := range unionKeys(was[name], is[name]) {
			from, to := was[name][field], is[name][field]
			if from.key != to.key {
				c := Change{Field: field, From: from.Value, To: to.Value, Live: true}
				if c.From == c.To { // two secrets
					c.From, c.To = "", ""
				}
				out[name] = append(out[name], c)
			}
		}
	}
	return out
}

func settingsOf(list []Notify) map[string]map[string]Setting {
	out := map[string]map[string]Setting{}
	for _, n := range list {
		out[n.Name] = map[string]Setting{}
		for _, s := range n.Settings() {
			out[n.Name][s.Name] = s
		}
	}
	return out
}
