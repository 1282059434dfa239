package notify

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"io"
	"math/big"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"testing"
	"time"

	"kitt.sh/spec"
)

// A mailbox is a small SMTP server: it speaks STARTTLS or TLS from the beginning, PLAIN and LOGIN.
type mailbox struct {
	t        *testing.T
	port     int
	cert     tls.Certificate
	implicit bool
	offers   string // extensions before TLS
	refuse   string // answer to RCPT TO; "" takes it
	got      chan letter
}

type letter struct{ from, to, data, auth string }

func newMailbox(t *testing.T, change func(*mailbox)) *mailbox {
	m := &mailbox{t: t, cert: certificate(t), offers: "STARTTLS", got: make(chan letter, 1)}
	if change != nil {
		change(m)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if m.implicit {
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{m.cert}})
	}
	m.port = l.Addr().(*net.TCPAddr).Port
	done := make(chan struct{})
	go func() { // ended by the listener's end
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			m.talk(c)
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return m
}

func (m *mailbox) talk(c net.Conn) {
	defer func() { c.Close() }()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	in, secure := bufio.NewReader(c), m.implicit
	say := func(s string) { _, _ = c.Write([]byte(s + "\r\n")) }
	line := func() string { s, _ := in.ReadString('\n'); return strings.TrimRight(s, "\r\n") }
	var l letter
	say("220 mail")
	for {
		s := line()
		verb, rest, _ := strings.Cut(s, " ")
		switch strings.ToUpper(verb) {
		case "EHLO":
			offers := m.offers
			if secure {
				offers = "AUTH PLAIN LOGIN"
			}
			say("250-mail\r\n250-" + offers + "\r\n250 8BITMIME")
		case "STARTTLS":
			say("220 go")
			c = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{m.cert}})
			in, secure = bufio.NewReader(c), true
		case "AUTH":
			kind, first, _ := strings.Cut(rest, " ")
			l.auth = kind + " " + decoded(first)
			if kind == "LOGIN" {
				say("334 VXNlcm5hbWU6")
				user := decoded(line())
				say("334 UGFzc3dvcmQ6")
				l.auth = kind + " " + user + " " + decoded(line())
			}
			say("235 ok")
		case "MAIL":
			l.from = rest
			say("250 ok")
		case "RCPT":
			if m.refuse != "" {
				say(m.refuse)
				continue
			}
			l.to += rest
			say("250 ok")
		case "DATA":
			say("354 go")
			for s := line(); s != "."; s = line() {
				l.data += s + "\r\n"
			}
			say("250 ok")
			m.got <- l
		case "QUIT":
			say("221 bye")
			return
		case "":
			return
		default:
			say("250 ok")
		}
	}
}

func decoded(s string) string {
	b, _ := base64.StdEncoding.DecodeString(s)
	return strings.ReplaceAll(string(b), "\x00", "|")
}

// certificate makes one for localhost, which roots then trusts.
func certificate(t *testing.T) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"localhost"}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots = x509.NewCertPool()
	roots.AddCert(leaf)
	t.Cleanup(func() { roots = nil })
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func mailTo(m *mailbox, security, auth string) spec.Notify {
	n := spec.DefaultNotify("ops")
	n.Mail = &spec.Mail{Host: "localhost", Port: m.port, TLS: security, Auth: auth, User: "ada", Password: spec.Secret{Env: "PW"},
		From: "kitt <kitt@example.org>", To: []string{"ada@example.org", "Bob <bob@example.org>"}}
	return n
}

func TestMailArrives(t *testing.T) {
	for _, test := range []struct{ name, security, auth, want string }{
		{"by STARTTLS, auth as offered", "starttls", "auto", "PLAIN |ada|password123"},
		{"by STARTTLS and LOGIN", "starttls", "login", "LOGIN ada password123"},
		{"by TLS from the beginning", "tls", "plain", "PLAIN |ada|password123"},
	} {
		t.Run(test.name, func(t *testing.T) {
			box := newMailbox(t, func(m *mailbox) { m.implicit = test.security == "tls" })
			m := hostile()
			m.Title += "\r\nBcc: eve@example.org"
			if _, err := sent(t, mailTo(box, test.security, test.auth), map[string]string{"PW": "password123"}, m); err != nil {
				t.Fatal(err)
			}
			l := <-box.got
			if l.auth != test.want && !(test.auth == "auto" && l.auth == "LOGIN ada password123") {
				t.Errorf("auth %q", l.auth)
			}
			if !strings.Contains(l.from, "<kitt@example.org>") || !strings.Contains(l.to, "<ada@example.org>") || !strings.Contains(l.to, "<bob@example.org>") {
				t.Errorf("from %q to %q", l.from, l.to)
			}
			read, err := mail.ReadMessage(strings.NewReader(l.data))
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(quotedprintable.NewReader(read.Body))
			if text := strings.ReplaceAll(string(body), "\r\n", "\n"); err != nil || !strings.HasPrefix(text, m.Text+"\n\n```") || !strings.Contains(text, "é😀") {
				t.Errorf("body %v %.200q", err, body)
			}
			if read.Header.Get("Bcc") != "" || !strings.Contains(read.Header.Get("Subject"), "shop/web") || read.Header.Get("Auto-Submitted") != "auto-generated" {
				t.Errorf("header %v", read.Header)
			}
		})
	}
}

func TestMailThatDoesNotArrive(t *testing.T) {
	for _, test := range []struct {
		name   string
		box    func(*mailbox)
		edit   func(*spec.Mail)
		words  string
		final  bool
		secure bool
	}{
		{"a server without STARTTLS gets no password", func(m *mailbox) { m.offers = "AUTH PLAIN" }, nil, "STARTTLS", false, true},
		{"an address that is unknown there", func(m *mailbox) { m.refuse = "550 5.1.1 unknown user" }, nil, "unknown user", true, true},
		{"a mailbox that is full for now", func(m *mailbox) { m.refuse = "452 4.2.2 full" }, nil, "full", false, true},
		{"a server with the certificate of another", nil, func(m *spec.Mail) { m.Host = "127.0.0.1" }, "certificate", false, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			box := newMailbox(t, test.box)
			n := mailTo(box, "starttls", "plain")
			if test.edit != nil {
				test.edit(n.Mail)
			}
			_, err := sent(t, n, map[string]string{"PW": "password123"}, hostile())
			if err == nil {
				t.Fatal("it arrived")
			}
			if f := asFault(err); !strings.Contains(f.Text, test.words) || f.Final != test.final || strings.Contains(f.Text, "password123") {
				t.Errorf("got %+v", f)
			}
		})
	}
}
