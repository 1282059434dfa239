package notify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"sort"
	"strings"
	"syscall"
	"time"

	"kitt.sh/spec"
)

// A Target is a notify block with its secrets: where a message goes.
type Target struct {
	Notify   spec.Notify
	env      []string // of its commands
	url      string
	token    string
	password string
	headers  map[string]string
	secrets  []string // all of them, the longest first
}

const mostSecret = 64 << 10

// Resolve finds the secrets of n. env is the captured environment of its project.
func Resolve(ctx context.Context, n spec.Notify, env map[string]string) (t Target, err error) {
	t = Target{Notify: n, env: environ(env), headers: map[string]string{}}
	get := func(field string, s spec.Secret) string {
		if s.IsZero() || err != nil {
			return ""
		}
		v, e := value(ctx, s, env, t.env, n.Dir)
		if e != nil {
			err = fmt.Errorf("find %s: %w", field, e)
			return ""
		}
		t.secrets = append(t.secrets, v)
		return v
	}
	if w := n.Webhook; w != nil {
		t.url, t.token = get("webhook.url", w.URL), get("webhook.token", w.Token)
		for name, s := range w.Headers {
			t.headers[name] = get("webhook.headers", s)
		}
		if err == nil {
			err = t.address()
		}
	}
	if n.Mail != nil {
		t.password = get("mail.password", n.Mail.Password)
	}
	t.hidden()
	return t, err
}

// telegramAPI is where the bots of Telegram are.
const telegramAPI = "https://api.telegram.org"

func (t *Target) address() error {
	if t.url == "" && t.Notify.Webhook.Form == "telegram" {
		t.url = telegramAPI
	}
	u, err := url.Parse(t.url)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fault("webhook.url is no http or https address")
	}
	if u.Path != "" && u.Path != "/" {
		t.secrets = append(t.secrets, u.Path, u.EscapedPath())
	}
	if u.RawQuery != "" {
		t.secrets = append(t.secrets, u.RawQuery)
	}
	if p, ok := u.User.Password(); ok {
		t.secrets = append(t.secrets, p)
	}
	for part := range strings.SplitSeq(u.Path, "/") {
		if len(part) >= 16 {
			t.secrets = append(t.secrets, part)
		}
	}
	return nil
}

// hidden puts the secrets in the order in which they are hidden: none is a part of one before.
func (t *Target) hidden() {
	sort.SliceStable(t.secrets, func(i, j int) bool { return len(t.secrets[i]) > len(t.secrets[j]) })
}

// Host is the name of where t goes, which is no secret: hooks.slack.com.
func (t Target) Host() string {
	switch {
	case t.Notify.Webhook != nil:
		if u, err := url.Parse(t.url); err == nil {
			return u.Host
		}
	case t.Notify.Mail != nil:
		return t.Notify.Mail.Host
	}
	return t.Notify.Kind()
}

// value finds one secret.
func value(ctx context.Context, s spec.Secret, env map[string]string, environ []string, dir string) (string, error) {
	switch {
	case s.Env != "":
		if env[s.Env] == "" {
			return "", fault(s.Env + " is not set; export it, then kitt apply")
		}
		return env[s.Env], nil
	case s.File != "":
		return fromFile(s.File)
	case len(s.Exec) > 0:
		return fromCommand(ctx, s.Exec, environ, dir)
	}
	return s.Text, nil
}

// fromFile reads a secret that nobody else may read.
func fromFile(path string) (string, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a FIFO must not keep us
	if err != nil {
		return "", unread(path, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", unread(path, err)
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !info.Mode().IsRegular() || info.Size() > mostSecret:
		return "", fault(path + " is no small file")
	case info.Mode().Perm()&0o077 != 0:
		return "", fault(path + " can be read by others: chmod 600 " + path)
	case ok && int(st.Uid) != os.Geteuid() && st.Uid != 0:
		return "", fault(path + " belongs to somebody else")
	}
	b := make([]byte, mostSecret)
	n, _ := f.Read(b)
	if text := strings.TrimSpace(string(b[:n])); text != "" {
		return text, nil
	}
	return "", fault(path + " is empty")
}

func unread(path string, err error) error {
	var e *fs.PathError
	if errors.As(err, &e) {
		err = e.Err
	}
	return fault("read " + path + ": " + err.Error())
}

const secretWithin = 10 * time.Second

// fromCommand runs a command whose first line is a secret. What it says besides is not shown: it may be one too.
func fromCommand(ctx context.Context, argv, environ []string, dir string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, secretWithin)
	defer cancel()
	out, err := run(ctx, command{argv: argv, env: environ, dir: dir})
	if err != nil {
		return "", fault("run " + argv[0] + ": " + err.Error())
	}
	first, _, _ := strings.Cut(strings.TrimLeft(out, "\r\n"), "\n")
	if first = strings.TrimSpace(first); first == "" {
		return "", fault("run " + argv[0] + ": it wrote nothing")
	}
	return first, nil
}

// environ is the daemon's environment with the captured one over it.
func environ(captured map[string]string) []string {
	all := map[string]string{}
	for _, kv := range os.Environ() {
		if name, v, ok := strings.Cut(kv, "="); ok {
			all[name] = v
		}
	}
	for name, v := range captured {
		all[name] = v
	}
	out := make([]string, 0, len(all))
	for name, v := range all {
		out = append(out, name+"="+v)
	}
	sort.Strings(out)
	return out
}
