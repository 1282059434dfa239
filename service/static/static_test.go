package static

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestServe(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"site/index.html": "home", "site/a.txt": "a", "site/.env": "secret", "site/.git/config": "secret",
		"site/.well-known/x": "known", "site/sub/b.txt": "b", "secret": "secret"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("../secret", filepath.Join(dir, "site/link")); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(filepath.Join(dir, "site"))
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	locked := Options{Users: map[string]string{"ada": "pw"}}
	for _, row := range []struct {
		name, method, path, auth string
		o                        Options
		code                     int
		body                     string
	}{
		{"a file", "GET", "/a.txt", "", Options{}, 200, "a"},
		{"a folder is its index.html", "GET", "/", "", Options{}, 200, "home"},
		{"a folder without one is not listed", "GET", "/sub/", "", Options{}, 404, ""},
		{"a file in it is there", "GET", "/sub/b.txt", "", Options{}, 200, "b"},
		{"what is not there", "GET", "/zzz", "", Options{}, 404, ""},
		{"with spa it is index.html", "GET", "/deep/route", "", Options{SPA: true}, 200, "home"},
		{"a hidden file", "GET", "/.env", "", Options{}, 404, ""},
		{"a hidden file with spa", "GET", "/.env", "", Options{SPA: true}, 200, "home"},
		{"a file in a hidden folder", "GET", "/.git/config", "", Options{}, 404, ""},
		{"but not .well-known", "GET", "/.well-known/x", "", Options{}, 200, "known"},
		{"a link that leads outside", "GET", "/link", "", Options{}, 404, ""},
		{"a path that leads outside", "GET", "/../secret", "", Options{}, 404, ""},
		{"only reading", "POST", "/a.txt", "", Options{}, 405, ""},
		{"who is not known", "GET", "/a.txt", "", locked, 401, ""},
		{"whose password is wrong", "GET", "/a.txt", "ada:no", locked, 401, ""},
		{"whose name is none, without a password", "GET", "/a.txt", "eve:", locked, 401, ""},
		{"who is known", "GET", "/a.txt", "ada:pw", locked, 200, "a"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := httptest.NewRequest(row.method, row.path, nil)
			if user, password, ok := strings.Cut(row.auth, ":"); ok {
				r.SetBasicAuth(user, password)
			}
			w := httptest.NewRecorder()
			row.o.handler(root.FS()).ServeHTTP(w, r)
			if w.Code != row.code || row.body != "" && w.Body.String() != row.body || strings.Contains(w.Body.String(), "secret") {
				t.Errorf("%d %q", w.Code, w.Body.String())
			}
			if w.Code == http.StatusUnauthorized && w.Header().Get("WWW-Authenticate") == "" {
				t.Error("not asked who it is")
			}
		})
	}
}

func TestReadUsers(t *testing.T) {
	for _, row := range []struct{ name, text, err string }{
		{"lines", "# who\nada:pw:x\n\nbob:y\n", ""},
		{"nobody", "\n", "nobody in it"},
		{"a line that is none", "ada:pw\nsecretpw\n", ":2: not user:password"},
	} {
		t.Run(row.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "users")
			if err := os.WriteFile(file, []byte(row.text), 0o600); err != nil {
				t.Fatal(err)
			}
			users, err := ReadUsers(file)
			if row.err == "" && (err != nil || users["ada"] != "pw:x" || len(users) != 2) {
				t.Errorf("%v %v", users, err)
			}
			if row.err != "" && (err == nil || !strings.Contains(err.Error(), row.err) || strings.Contains(err.Error(), "secretpw")) {
				t.Errorf("%v", err)
			}
		})
	}
}
