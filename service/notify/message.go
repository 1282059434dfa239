package notify

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// A Message is what is sent at once: one alert, or a digest of several. In the form json it is sent as it is, with its
// title and text.
type Message struct {
	ID     string    `json:"id"` // the same where it is sent again
	At     time.Time `json:"at"`
	Host   string    `json:"host,omitempty"`
	Title  string    `json:"title"`
	Text   string    `json:"text"`
	Alerts []Alert   `json:"alerts"`
	More   int       `json:"more,omitempty"` // alerts that there was no room for
}

// words say what an alert is.
var words = map[string]string{"failed": "failed", "flapping": "is flapping", "gave-up": "gave up", "recovered": "recovered", "hung": "hangs", "test": "is a test"}

// shown is how many alerts of a digest are written out, and counted the rest.
const shown = 20

// Written is m with its title, its text and the host that it comes from.
func (m Message) Written(host string) Message {
	m.Host = host
	from := ""
	if host != "" {
		from = " (" + host + ")"
	}
	if len(m.Alerts) == 1 && m.More == 0 {
		a := m.Alerts[0]
		m.Title, m.Text = a.ID+" "+words[a.Event]+from, a.told()
		return m
	}
	m.Title = fmt.Sprintf("%d alerts%s", len(m.Alerts)+m.More, from)
	var b strings.Builder
	for i, a := range m.Alerts {
		if i == shown {
			break
		}
		fmt.Fprintf(&b, "%s %s %s: %s\n", a.At.UTC().Format("15:04:05"), a.ID, words[a.Event], a.told())
	}
	if rest := len(m.Alerts) + m.More - min(len(m.Alerts), shown); rest > 0 {
		fmt.Fprintf(&b, "and %d more\n", rest)
	}
	m.Text = strings.TrimSuffix(b.String(), "\n")
	return m
}

// told is the text of an alert, and how often it was not told.
func (a Alert) told() string {
	if a.Times > 0 {
		return fmt.Sprintf("%s (%d times more since it was told)", a.Text, a.Times)
	}
	return a.Text
}

// tail are the last lines of m: those of the alert that has some, the latest one.
func (m Message) tail() (id string, lines []string) {
	for _, a := range m.Alerts {
		if len(a.Lines) > 0 {
			id, lines = a.ID, a.Lines
		}
	}
	return id, lines
}

// Plain is the whole message as text.
func (m Message) Plain() string {
	return m.within(64<<10, func(s string) int { return len(s) }, plainFence)
}

func plainFence(s string) string { return s }

// within is the text of m and its last lines, of at most most by size. Of too many lines the first are left out; they go
// through fence.
func (m Message) within(most int, size func(string) int, fence func(string) string) string {
	_, lines := m.tail()
	for ; len(lines) > 0; lines = lines[1:] {
		if out := m.Text + "\n\n" + fence(strings.Join(lines, "\n")); size(out) <= most {
			return out
		}
	}
	return cut(m.Text, most, size)
}

// cut shortens text to most by size, with a mark where something is missing.
func cut(text string, most int, size func(string) int) string {
	if size(text) <= most {
		return text
	}
	for len(text) > 0 && size(text+"…") > most {
		_, n := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-n]
	}
	return text + "…"
}

// Short is text as it stands in an alert: one line that can be read at a glance.
func Short(text string) string { return cut(Visible(wellFormed(text)), 400, units) }

// Visible is one line of text without anything that a terminal or a chat would act on: control characters and what
// turns text around are shown by their numbers.
func Visible(s string) string {
	var b strings.Builder
	for _, c := range strings.TrimRight(s, "\r\n") {
		switch {
		case c == '\t':
			b.WriteString("    ")
		case c == unicode.ReplacementChar, unicode.IsPrint(c), c == ' ':
			b.WriteRune(c)
		case c < 0x80:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			fmt.Fprintf(&b, `\u{%x}`, c)
		}
	}
	return b.String()
}
