package notify

import (
	"strings"
	"testing"
	"time"
)

func TestVisible(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"plain text stays", "wörld → 1", "wörld → 1"},
		{"an escape is shown", "a\x1b[31mb", `a\x1b[31mb`},
		{"so are a bell and a carriage return within", "a\x07b\rc", `a\x07b\x0dc`},
		{"the line's own end is not", "a\r\n", "a"},
		{"what turns text around is shown", "a\u202eb", `a\u{202e}b`},
		{"a tab is space", "a\tb", "a    b"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := Visible(test.text); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func alertAt(event, id string) Alert {
	return Alert{Event: event, ID: id, At: time.Date(2026, 1, 31, 15, 4, 5, 0, time.UTC), Text: "exit 1"}
}

func TestWritten(t *testing.T) {
	one := Message{Alerts: []Alert{alertAt("gave-up", "shop/web.1")}}.Written("box")
	if one.Title != "shop/web.1 gave up (box)" || one.Text != "exit 1" {
		t.Errorf("one alert: %q %q", one.Title, one.Text)
	}
	var many Message
	for range 30 {
		many.Alerts = append(many.Alerts, alertAt("failed", "shop/web.1"))
	}
	many.More = 5
	many = many.Written("")
	if many.Title != "35 alerts" || !strings.HasPrefix(many.Text, "15:04:05 shop/web.1 failed: exit 1\n") || !strings.HasSuffix(many.Text, "\nand 15 more") {
		t.Errorf("a digest: %q %q", many.Title, many.Text)
	}
}

func TestTheFirstLinesGoWhereThereAreTooMany(t *testing.T) {
	a := alertAt("failed", "shop/web.1")
	a.Lines = []string{strings.Repeat("a", 50), strings.Repeat("b", 50), "last"}
	m := Message{Alerts: []Alert{a}}.Written("")
	got := m.within(70, units, plainFence)
	if strings.Contains(got, "aaa") || !strings.HasSuffix(got, "last") || units(got) > 70 {
		t.Errorf("got %q", got)
	}
	if got := m.within(4, units, plainFence); got != "exi…" {
		t.Errorf("no room at all: %q", got)
	}
}
