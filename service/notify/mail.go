package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/smtp"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
)

// roots are the authorities that mail servers are judged by; nil: those of the system. A test has its own.
var roots *x509.CertPool

// mail sends over SMTP. Where encryption is asked for there is no mail without. The standard library is enough for one text: a
// library for mail was 18 packages, html/template among them, and 2.6 MB of program.
func (t Target) mail(ctx context.Context, m Message) (string, error) {
	w := t.Notify.Mail
	letter, err := t.letter(m)
	if err != nil {
		return "", fault("write mail: " + err.Error())
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(w.Host, strconv.Itoa(w.Port)))
	if err != nil {
		return "", fault("ask " + w.Host + ": " + err.Error())
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	if err := t.handOver(conn, letter); err != nil {
		if ctx.Err() != nil {
			return "", fault("ask " + w.Host + ": no answer in time")
		}
		f := *asFault(err)
		f.Text = "ask " + w.Host + ": " + f.Text
		return "", &f
	}
	return w.Host + " took it", nil
}

// handOver is the conversation with the server.
func (t Target) handOver(conn net.Conn, letter []byte) error {
	w := t.Notify.Mail
	safe := &tls.Config{ServerName: w.Host, MinVersion: tls.VersionTLS12, RootCAs: roots}
	if w.TLS == "tls" {
		conn = tls.Client(conn, safe)
	}
	c, err := smtp.NewClient(conn, w.Host)
	if err != nil {
		return err
	}
	defer c.Close()
	if w.TLS == "starttls" {
		if ok, _ := c.Extension("STARTTLS"); !ok {
			return fault("it offers no STARTTLS")
		}
		if err := c.StartTLS(safe); err != nil {
			return err
		}
	}
	if w.User != "" {
		auth, err := t.auth(c)
		if err != nil {
			return err
		}
		if err := c.Auth(auth); err != nil {
			return err
		}
	}
	if err := post(c, w.From, w.To, letter); err != nil {
		return err
	}
	_ = c.Quit() // it has the mail
	return nil
}

// post hands one letter over. What the server will never take is not tried again.
func post(c *smtp.Client, from string, to []string, letter []byte) error {
	if err := c.Mail(bare(from)); err != nil {
		return refused(err)
	}
	for _, a := range to {
		if err := c.Rcpt(bare(a)); err != nil {
			return refused(err)
		}
	}
	data, err := c.Data()
	if err != nil {
		return refused(err)
	}
	if _, err := data.Write(letter); err != nil {
		return err
	}
	if err := data.Close(); err != nil {
		return refused(err)
	}
	return nil
}

func refused(err error) error {
	f := fault(err.Error())
	var e *textproto.Error
	f.Final = errors.As(err, &e) && e.Code >= 500
	return f
}

// auth is the way that the file asks for, or the best that the server offers.
func (t Target) auth(c *smtp.Client) (smtp.Auth, error) {
	w := t.Notify.Mail
	_, offers := c.Extension("AUTH")
	may := strings.Fields(strings.ToUpper(offers))
	word := strings.ToUpper(w.Auth)
	if w.Auth == "auto" {
		if word = "PLAIN"; !slices.Contains(may, word) {
			word = "LOGIN"
		}
	}
	switch {
	case !slices.Contains(may, word):
		return nil, fault("it offers no AUTH " + word)
	case word == "PLAIN":
		return smtp.PlainAuth("", w.User, t.password, w.Host), nil
	}
	return &login{user: w.User, password: t.password}, nil
}

// login is AUTH LOGIN, which some servers offer alone: the name, then the password, each when asked.
type login struct {
	user, password string
	asked          int
}

func (l *login) Start(s *smtp.ServerInfo) (string, []byte, error) {
	local := s.Name == "localhost" || s.Name == "127.0.0.1" || s.Name == "::1"
	if !s.TLS && !local {
		return "", nil, fault("the connection is not encrypted")
	}
	return "LOGIN", nil, nil
}

func (l *login) Next(_ []byte, more bool) ([]byte, error) {
	if !more {
		return nil, nil
	}
	l.asked++
	switch l.asked {
	case 1:
		return []byte(l.user), nil
	case 2:
		return []byte(l.password), nil
	}
	return nil, fault("it asks for more than a name and a password")
}
