package ui

import (
	"embed"
	"encoding/json"
	"io"
	"io/fs"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

//go:embed page
var files embed.FS

// ownHeader is sent by the page with whatever changes something: no form and no image of another page can send it.
const ownHeader = "X-Kitt-Page"

// A Server answers browsers.
type Server struct {
	API   http.Handler     // answers /v1/…
	Door  *Door            // who may come in
	Now   func() time.Time // time.Now, but in tests
	Enter func()           // a session began: for who keeps them
	Used  func()           // somebody who may has asked for something

	Looks, Changes []string // paths of the API that a session may ask for; those that change something only with control
}

// Handler checks where a request comes from, then who sends it.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	page, _ := fs.Sub(files, "page")
	mux.Handle("/", http.FileServerFS(page))
	mux.HandleFunc("POST /enter", s.enter)
	mux.HandleFunc("GET /session", s.session)
	mux.HandleFunc("/v1/", s.api)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		heads(w.Header())
		if why := strange(r); why != "" {
			refuse(w, http.StatusForbidden, why, "open the address that kitt ui prints")
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// heads forbid whatever the page does not need: no code but its own files, no frame around it, nothing kept by the browser.
func heads(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

// strange says why a request does not come from kitt's own page; "" if it does.
func strange(r *http.Request) string {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	origin, site := r.Header.Get("Origin"), r.Header.Get("Sec-Fetch-Site")
	look := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch {
	case !slices.Contains([]string{"127.0.0.1", "localhost", "[::1]", "::1"}, host):
		return "host " + short(r.Host) + " is not this machine"
	case origin != "" && origin != "http://"+r.Host:
		return "a page of " + short(origin) + " is not let in"
	case site != "" && site != "same-origin" && !(site == "none" && look):
		return "a page from elsewhere is not let in"
	case !look && (origin == "" || r.Header.Get(ownHeader) == ""):
		return "this was not sent by kitt's page"
	}
	return ""
}

func short(s string) string {
	if len(s) > 80 {
		s = s[:80]
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
}

// enter takes a token for a session.
func (s *Server) enter(w http.ResponseWriter, r *http.Request) {
	var in struct{ Token string }
	_ = json.NewDecoder(io.LimitReader(r.Body, 1<<10)).Decode(&in)
	session, ok := s.Door.Enter(s.Now(), in.Token)
	if !ok {
		refuse(w, http.StatusUnauthorized, "this address was used already, or is too old", "kitt ui makes a new one")
		return
	}
	http.SetCookie(w, &http.Cookie{Name: cookieName(r), Value: session, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
	s.Enter()
	known, _ := s.Door.Knows(s.Now(), session)
	tell(w, known)
}

// cookieName differs by port: a browser sends its cookies to all ports of a host.
func cookieName(r *http.Request) string {
	_, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		port = "80"
	}
	return "kitt_" + port
}

// known is the session of a request.
func (s *Server) known(r *http.Request) (Session, bool) {
	c, err := r.Cookie(cookieName(r))
	if err != nil {
		return Session{}, false
	}
	session, ok := s.Door.Knows(s.Now(), c.Value)
	if ok {
		s.Used()
	}
	return session, ok
}

func (s *Server) session(w http.ResponseWriter, r *http.Request) {
	known, ok := s.known(r)
	if !ok {
		refuse(w, http.StatusUnauthorized, "this browser was not let in", "kitt ui prints an address that lets it in")
		return
	}
	tell(w, known)
}

// api passes a request on, if its session may send it.
func (s *Server) api(w http.ResponseWriter, r *http.Request) {
	known, ok := s.known(r)
	looks, changes := slices.Contains(s.Looks, r.URL.Path), slices.Contains(s.Changes, r.URL.Path)
	switch {
	case !ok:
		refuse(w, http.StatusUnauthorized, "this browser was not let in", "kitt ui prints an address that lets it in")
	case r.Method == http.MethodGet && looks:
		s.API.ServeHTTP(w, r)
	case r.Method != http.MethodPost || !changes:
		refuse(w, http.StatusNotFound, "the page has no "+r.Method+" "+short(r.URL.Path), "")
	case !known.Control:
		refuse(w, http.StatusForbidden, "this page may only look", "kitt ui --control makes an address of one that may change something")
	default:
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		s.API.ServeHTTP(w, r)
	}
}

// refuse answers with the form of the API's refusals.
func refuse(w http.ResponseWriter, status int, text, hint string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": text, "hint": hint, "code": 1})
}

func tell(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}
