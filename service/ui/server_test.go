package ui

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

var t0 = time.Unix(1_800_000_000, 0)

type bench struct {
	*testing.T
	now    time.Time
	server *Server
	asked  []string
}

func newBench(t *testing.T) *bench {
	b := &bench{T: t, now: t0}
	api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.asked = append(b.asked, r.Method+" "+r.URL.Path)
		_, _ = io.WriteString(w, "answer")
	})
	nothing := func() {}
	b.server = &Server{API: api, Door: &Door{}, Now: func() time.Time { return b.now }, Enter: nothing, Used: nothing,
		Looks: []string{"/v1/status"}, Changes: []string{"/v1/restart"}}
	return b
}

// send sends a request as the page does, bent by heads: "Origin: x" sets one, "Origin:" takes it away.
func (b *bench) send(method, path, body string, cookie *http.Cookie, heads ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://127.0.0.1:9000"+path, strings.NewReader(body))
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if method != "GET" {
		r.Header.Set("Origin", "http://127.0.0.1:9000")
		r.Header.Set(ownHeader, "1")
	}
	for _, h := range heads {
		name, value, _ := strings.Cut(h, ":")
		if value = strings.TrimSpace(value); name == "Host" {
			r.Host = value
		} else if r.Header.Del(name); value != "" {
			r.Header.Set(name, value)
		}
	}
	if cookie != nil {
		r.AddCookie(cookie)
	}
	w := httptest.NewRecorder()
	b.server.Handler().ServeHTTP(w, r)
	return w
}

func (b *bench) enter(control bool) *http.Cookie {
	b.Helper()
	w := b.send("POST", "/enter", `{"token":"`+b.server.Door.Token(b.now, control)+`"}`, nil)
	if cookies := w.Result().Cookies(); w.Code == 200 && len(cookies) == 1 {
		return cookies[0]
	}
	b.Fatalf("not let in: %d %s", w.Code, w.Body)
	return nil
}

func TestWhoIsLetIn(t *testing.T) {
	rows := []struct {
		name         string
		method, path string
		session      string // "", look or control
		heads        []string
		code         int
		says         string
	}{
		{"a session looks", "GET", "/v1/status", "look", nil, 200, "answer"},
		{"a session without control changes nothing", "POST", "/v1/restart", "look", nil, 403, "may only look"},
		{"one with control does", "POST", "/v1/restart", "control", nil, 200, "answer"},
		{"without a session nothing is told", "GET", "/v1/status", "", nil, 401, "was not let in"},
		{"what is not on the list is not there", "GET", "/v1/environ", "control", nil, 404, "has no GET"},
		{"also not for changes", "POST", "/v1/shutdown", "control", nil, 404, "has no POST"},
		{"another method is none", "DELETE", "/v1/restart", "control", nil, 404, "has no DELETE"},
		{"a change by GET is none", "GET", "/v1/restart", "control", nil, 404, "has no GET"},
		{"the page itself is nothing secret", "GET", "/", "", nil, 200, "<!doctype html>"},
		{"another host is refused: a name that was led here", "GET", "/v1/status", "look", []string{"Host: evil.example:9000"}, 403, "not this machine"},
		{"even for the page", "GET", "/", "", []string{"Host: evil.example"}, 403, "not this machine"},
		{"localhost is this machine", "GET", "/", "", []string{"Host: localhost:9000"}, 200, "<!doctype html>"},
		{"so is ::1", "GET", "/", "", []string{"Host: [::1]:9000"}, 200, "<!doctype html>"},
		{"a foreign origin is refused", "POST", "/v1/restart", "control", []string{"Origin: http://evil.example"}, 403, "is not let in"},
		{"also another port of this machine", "POST", "/v1/restart", "control", []string{"Origin: http://127.0.0.1:8000"}, 403, "is not let in"},
		{"null is no origin of ours", "POST", "/v1/restart", "control", []string{"Origin: null"}, 403, "is not let in"},
		{"a change without an origin is refused", "POST", "/v1/restart", "control", []string{"Origin:"}, 403, "not sent by kitt's page"},
		{"a change without the page's header is refused", "POST", "/v1/restart", "control", []string{ownHeader + ":"}, 403, "not sent by kitt's page"},
		{"a fetch of another site is refused", "GET", "/v1/status", "look", []string{"Sec-Fetch-Site: cross-site"}, 403, "from elsewhere"},
		{"a link of another port too", "GET", "/v1/status", "look", []string{"Sec-Fetch-Site: same-site"}, 403, "from elsewhere"},
		{"an address that was typed is let in", "GET", "/", "", []string{"Sec-Fetch-Site: none"}, 200, "<!doctype html>"},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			var c *http.Cookie
			if tt.session != "" {
				c = b.enter(tt.session == "control")
			}
			w := b.send(tt.method, tt.path, "{}", c, tt.heads...)
			if w.Code != tt.code || !strings.Contains(strings.ToLower(w.Body.String()), strings.ToLower(tt.says)) {
				t.Errorf("%d %.200s; want %d %s", w.Code, w.Body, tt.code, tt.says)
			}
			if passed := len(b.asked) > 0; passed != (tt.says == "answer") {
				t.Errorf("the API was asked: %v", b.asked)
			}
			if csp := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'") || w.Header().Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("heads: %v", w.Header())
			}
		})
	}
}

func TestATokenIsGoodOnceAndNotForLong(t *testing.T) {
	b := newBench(t)
	token := b.server.Door.Token(t0, false)
	for i, code := range []int{200, 401} {
		if w := b.send("POST", "/enter", `{"token":"`+token+`"}`, nil); w.Code != code {
			t.Errorf("time %d: %d %s", i+1, w.Code, w.Body)
		}
	}
	late := b.server.Door.Token(t0, false)
	b.now = t0.Add(tokenLasts + time.Second)
	for _, body := range []string{`{"token":"` + late + `"}`, `{"token":""}`, `{}`, `x`} {
		if w := b.send("POST", "/enter", body, nil); w.Code != 401 || len(w.Result().Cookies()) > 0 {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
}

func TestTheCookieIsForThisPageAlone(t *testing.T) {
	c := newBench(t).enter(false)
	if c.Name != "kitt_9000" || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || len(c.Value) != 64 {
		t.Errorf("%+v", c)
	}
}

func TestASessionThatNobodyUsesEnds(t *testing.T) {
	b := newBench(t)
	c := b.enter(false)
	b.now = b.now.Add(sessionLasts - time.Minute)
	if w := b.send("GET", "/session", "", c); w.Code != 200 {
		t.Errorf("in time: %d", w.Code)
	}
	b.now = b.now.Add(sessionLasts - time.Minute) // it was used
	if w := b.send("GET", "/session", "", c); w.Code != 200 {
		t.Errorf("used: %d", w.Code)
	}
	b.now = b.now.Add(sessionLasts + time.Minute)
	if w := b.send("GET", "/session", "", c); w.Code != 401 {
		t.Errorf("late: %d", w.Code)
	}
}

func TestSessionsOutliveADaemonByTheirDigests(t *testing.T) {
	b := newBench(t)
	c := b.enter(true)
	kept := b.server.Door.Sessions()
	for digest := range kept {
		if digest == c.Value {
			t.Error("the session itself is kept")
		}
	}
	next := newBench(t)
	next.server.Door.Restore(kept)
	if w := next.send("POST", "/v1/restart", "{}", c); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
