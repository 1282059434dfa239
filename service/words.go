package service

import (
	"context"
	"strings"
	"time"
	"unicode"

	"kitt.sh/reconcile"
)

// mostSays is how much of STATUS= is shown, in bytes.
const mostSays = 200

// harmless is a text of a program as it may stand in a line on a screen: no control characters, no direction marks, and short.
func harmless(text string) string {
	text = strings.ToValidUTF8(text[:min(len(text), 2*mostSays)], "")
	text = strings.TrimSpace(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text))
	if len(text) <= mostSays {
		return text
	}
	return strings.ToValidUTF8(text[:mostSays], "") + "…"
}

// says is what a life tells of itself by its own words: STATUS=, and whether it reloads or stops.
func (ss *sockets) says(life string) (status, word string) {
	s := ss.get(life)
	if s == nil {
		return "", ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status, s.word
}

// mostMore is how much time a program may ask for at once.
const mostMore = time.Hour

// moreTime gives a life the time that it asks for by EXTEND_TIMEOUT_USEC: to be ready, or to end. As systemd has it, what it has
// by the spec is not made shorter by that. It is rounded up, so that one who asks all the time is no work.
func (ss *sockets) moreTime(life string, ask time.Duration) {
	o, ok := ss.d.rt.Life(life)
	if !ok || ask <= 0 || o.State == reconcile.Running && o.Ready {
		return
	}
	until := time.Now().Add(min(ask, mostMore) + time.Second)
	if until.Sub(o.More) <= time.Second {
		return
	}
	if err := ss.d.rt.Extend(context.Background(), life, until); err != nil {
		ss.d.Log.Warn("give more time", "life", life, "err", err)
	}
}

// tells adds to a reason what the life itself says that it does.
func tells(reason, word string) string {
	switch {
	case word == "":
		return reason
	case reason == "":
		return "it says that it " + word
	}
	return reason + "; it says that it " + word
}

// says is as for sockets; nothing before the daemon runs.
func (p *probing) says(life string) (status, word string) {
	if p == nil {
		return "", ""
	}
	return p.sockets.says(life)
}
