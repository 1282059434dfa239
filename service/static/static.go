// Package static serves the files of a folder over HTTP, for `kitt serve`.
package static

import (
	"bufio"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path"
	"strings"
	"time"
)

// Options say what is served, where, and to whom.
type Options struct {
	Dir     string
	Address string            // host:port
	SPA     bool              // what is no file is index.html
	Users   map[string]string // user -> password; none: everybody
}

// Serve serves until ctx ends, then lets the answers under way end, 5 s at most. Nothing outside of Dir is served,
// whatever links lead there; neither are files whose name begins with a dot, nor lists of folders.
func Serve(ctx context.Context, o Options) error {
	root, err := os.OpenRoot(o.Dir)
	if err != nil {
		return fmt.Errorf("serve %s: %w", o.Dir, err)
	}
	defer root.Close()
	l, err := net.Listen("tcp", o.Address)
	if err != nil {
		return fmt.Errorf("serve %s: %w", o.Dir, err)
	}
	fmt.Printf("serving %s on http://%s\n", o.Dir, l.Addr())
	srv := &http.Server{Handler: o.handler(root.FS()), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = srv.Shutdown(ctx)
	})
	err = srv.Serve(l)
	if !stop() {
		<-ended
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

func (o Options) handler(files fs.FS) http.Handler {
	server := http.FileServerFS(shown{files})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !o.lets(r) {
			w.Header().Set("WWW-Authenticate", `Basic realm="kitt", charset="UTF-8"`)
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
			return
		}
		w.Header().Set("X-Content-Type-Options", "nosniff")
		name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
		if name == "" {
			name = "."
		}
		if _, err := fs.Stat(shown{files}, name); o.SPA && err != nil {
			http.ServeFileFS(w, r, shown{files}, "index.html")
			return
		}
		server.ServeHTTP(w, r)
	})
}

// lets tells whether who asks may. Hashes are compared, in the same time whatever they are.
func (o Options) lets(r *http.Request) bool {
	if len(o.Users) == 0 {
		return true
	}
	user, password, ok := r.BasicAuth()
	want, known := o.Users[user]
	a, b := sha256.Sum256([]byte(password)), sha256.Sum256([]byte(want))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1 && ok && known
}

// shown is a file system without what begins with a dot (but .well-known), and without lists of folders.
type shown struct{ fs.FS }

func (s shown) Open(name string) (fs.File, error) {
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") && part != "." && part != ".well-known" {
			return nil, fs.ErrNotExist
		}
	}
	f, err := s.FS.Open(name)
	if err != nil {
		return nil, fs.ErrNotExist // also what leads outside
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		if _, err = fs.Stat(s.FS, path.Join(name, "index.html")); err != nil {
			err = fs.ErrNotExist
		}
	} else if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// ReadUsers reads lines of user:password; empty ones and those that begin with # are skipped.
func ReadUsers(file string) (map[string]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("read users: %w", err)
	}
	defer f.Close()
	users := map[string]string{}
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		user, password, ok := strings.Cut(line, ":")
		if !ok || user == "" || password == "" {
			return nil, fmt.Errorf("read users: %s:%d: not user:password", file, n) // not what it is: a secret perhaps
		}
		users[user] = password
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read users: %s: %w", file, err)
	}
	if len(users) == 0 {
		return nil, fmt.Errorf("read users: %s: nobody in it", file)
	}
	return users, nil
}
