package early

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestParseKnowsOnlyWhatItIsSureOf(t *testing.T) {
	tests := []struct{ line, want string }{
		{"status", "{Home: Output: File: Words:[status]}"},
		{"ls web api.1", "{Home: Output: File: Words:[ls web api.1]}"},
		{"--home /h status -o json", "{Home:/h Output:json File: Words:[status]}"},
		{"status --json", "{Home: Output:json File: Words:[status]}"},
		{"status --home=/h --output=name", "{Home:/h Output:name File: Words:[status]}"},
		{"apply -f x.hcl", "{Home: Output: File:x.hcl Words:[apply]}"},
		{"status --watch", ""},
		{"status -o nonsense", ""},
		{"status -o", ""},
		{"--home", ""},
		{"--home -q status", ""},
		{"status --", ""},
		{"", ""},
	}
	for _, tt := range tests {
		got := ""
		if l, ok := Parse(append([]string{"kitt"}, strings.Fields(tt.line)...)); ok {
			got = fmt.Sprintf("%+v", l)
		}
		if got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.line, got, tt.want)
		}
	}
}

func TestStatusPath(t *testing.T) {
	plain, _ := os.Open(os.DevNull)
	defer plain.Close()
	tests := []struct {
		output, env, want string
	}{
		{"", "", "/v1/status?view=text"},
		{"table", "FORCE_COLOR=1", "/v1/status?view=text&colour=1"},
		{"json", "FORCE_COLOR=1", "/v1/status"},
		{"yaml", "", ""},
	}
	for _, tt := range tests {
		env := func(name string) string {
			v, _ := strings.CutPrefix(tt.env, name+"=")
			if v == tt.env {
				return ""
			}
			return v
		}
		if got, ok := statusPath(Line{Output: tt.output}, env, plain); got != tt.want || ok != (tt.want != "") {
			t.Errorf("-o %s, %s: %q, %v", tt.output, tt.env, got, ok)
		}
	}
}

// TestFetchTakesNothingButAWholeAnswer serves answers as they may come, and every beginning of a good one.
func TestFetchTakesNothingButAWholeAnswer(t *testing.T) {
	good := "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
	long := strings.Repeat("x", 300_000)
	tests := map[string]string{
		good: "hello",
		"HTTP/1.1 200 OK\r\ncontent-length: 300000\r\n\r\n" + long: long,
		"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello!":       "",
		"HTTP/1.0 200 OK\r\n\r\nhello":                             "",
		"HTTP/1.0 503 No\r\nContent-Length: 5\r\n\r\nhello":        "",
		"HTTP/1.": "", "": "", "SSH-2.0\r\n\r\n": "",
	}
	for n := range len(good) {
		tests[good[:n]] = ""
	}
	for answer, want := range tests {
		socket := filepath.Join(t.TempDir(), "s")
		l, err := net.Listen("unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		served := make(chan struct{})
		go func() {
			defer close(served)
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Read(make([]byte, 4096))
			_, _ = c.Write([]byte(answer))
			_ = c.Close()
		}()
		if body, ok := fetch(socket, "/"); string(body) != want && ok || ok != (want != "") {
			t.Errorf("%.60q: %v, %d bytes", answer, ok, len(body))
		}
		<-served
		_ = l.Close()
	}
	if _, ok := fetch(filepath.Join(t.TempDir(), "none"), "/"); ok {
		t.Error("an answer from nobody")
	}
}

// late are libraries that only other verbs need.
var late = []string{"net", "net/http", "modernc.org/libc", "modernc.org/libquickjs", "github.com/alecthomas/kong", "github.com/kardianos/service",
	"kitt.sh/spec", "kitt.sh/service", "kitt.sh/internal/cli"}

// TestTheKeeperBeginsBeforeTheLibraries runs the real program: what Go says it has initialised when the keeper's own
// code runs must be none of the large libraries.
func TestTheKeeperBeginsBeforeTheLibraries(t *testing.T) {
	exe := filepath.Join(t.TempDir(), "kitt")
	if out, err := exec.Command("go", "build", "-o", exe, "kitt.sh").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	cmd := exec.Command(exe, "keeper", "--nonsense")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1", "KITT_HOME="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err == nil || !bytes.Contains(out, []byte("nonsense")) {
		t.Fatalf("got %v:\n%s", err, out)
	}
	for line := range strings.SplitSeq(string(out), "\n") {
		f := strings.Fields(line)
		if len(f) < 2 || f[0] != "init" {
			continue
		}
		if slices.Contains(late, f[1]) {
			t.Errorf("%s is initialised before the keeper runs", f[1])
		}
	}
}
