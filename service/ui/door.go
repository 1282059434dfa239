package ui

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"sync"
	"time"
)

// tokenLasts is how long a token that nobody has used is good, sessionLasts how long a session is that nobody uses.
const (
	tokenLasts   = 5 * time.Minute
	sessionLasts = 12 * time.Hour
)

// A Session is one browser that was let in.
type Session struct {
	Control bool      `json:"control"` // it may change something
	Used    time.Time `json:"used"`
}

// A Door knows who may come in. Of tokens and sessions it keeps digests alone. The zero Door lets nobody in.
type Door struct {
	mu       sync.Mutex
	tokens   map[string]Session // digest -> the session that it gives; Used is when it was made
	sessions map[string]Session
}

// Token makes a token that is good once.
func (d *Door) Token(now time.Time, control bool) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	token := secret()
	if d.tokens == nil {
		d.tokens = map[string]Session{}
	}
	for digest, t := range d.tokens {
		if now.Sub(t.Used) > tokenLasts {
			delete(d.tokens, digest)
		}
	}
	d.tokens[digest(token)] = Session{control, now}
	return token
}

// Enter takes a token for a session; ok is false where it is none, was used, or is too old.
func (d *Door) Enter(now time.Time, token string) (session string, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t, ok := d.tokens[digest(token)]
	delete(d.tokens, digest(token))
	if !ok || now.Sub(t.Used) > tokenLasts || now.Before(t.Used) {
		return "", false
	}
	if d.sessions == nil {
		d.sessions = map[string]Session{}
	}
	session = secret()
	d.sessions[digest(session)] = Session{t.Control, now}
	return session, true
}

// Knows tells whether a session is good, and what it may.
func (d *Door) Knows(now time.Time, session string) (s Session, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, ok = d.sessions[digest(session)]
	if !ok || now.Sub(s.Used) > sessionLasts {
		delete(d.sessions, digest(session))
		return Session{}, false
	}
	s.Used = now
	d.sessions[digest(session)] = s
	return s, true
}

// Sessions are those that are good, by their digests, for a daemon that comes after; Restore takes them up there.
func (d *Door) Sessions() map[string]Session {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := map[string]Session{}
	for k, s := range d.sessions {
		out[k] = s
	}
	return out
}

// Restore takes up sessions by their digests.
func (d *Door) Restore(sessions map[string]Session) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sessions = sessions
}

func secret() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
