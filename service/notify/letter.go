package notify

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"time"
)

// letter is a message as it goes over SMTP. Nothing in a message ends a header.
func (t Target) letter(m Message) ([]byte, error) {
	w := t.Notify.Mail
	from, err := mail.ParseAddress(w.From)
	if err != nil {
		return nil, err
	}
	to := make([]string, len(w.To))
	for i, text := range w.To {
		a, err := mail.ParseAddress(text)
		if err != nil {
			return nil, err
		}
		to[i] = a.String()
	}
	var b bytes.Buffer
	subject := cut(Visible(wellFormed("kitt: "+m.Title)), 200, units)
	_, host, _ := strings.Cut(from.Address, "@")
	for _, h := range [][2]string{{"From", from.String()}, {"To", strings.Join(to, ",\r\n ")}, {"Subject", mime.QEncoding.Encode("utf-8", subject)},
		{"Date", m.At.Format(time.RFC1123Z)}, {"Message-ID", "<" + m.ID + "." + rand.Text() + "@" + host + ">"}, {"Auto-Submitted", "auto-generated"},
		{"MIME-Version", "1.0"}, {"Content-Type", "text/plain; charset=utf-8"}, {"Content-Transfer-Encoding", "quoted-printable"}} {
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
	}
	b.WriteString("\r\n")
	body := quotedprintable.NewWriter(&b)
	_, _ = body.Write([]byte(m.Plain() + "\n"))
	return b.Bytes(), body.Close()
}

// bare is the address alone, of "Ada <ada@example.org>".
func bare(text string) string {
	if a, err := mail.ParseAddress(text); err == nil {
		return a.Address
	}
	return text
}
