package notify

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kitt.sh/spec"
)

func TestWhereASecretIsFound(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	sh := func(script string) spec.Secret { return spec.Secret{Exec: []string{"/bin/sh", "-c", script}} }
	for _, test := range []struct {
		name   string
		secret spec.Secret
		want   string
		err    string
	}{
		{"in the environment", spec.Secret{Env: "TOKEN"}, "from-env", ""},
		{"a variable that is not set", spec.Secret{Env: "NONE"}, "", "NONE is not set; export it, then kitt apply"},
		{"in a file, without its line break", spec.Secret{File: write("ok", " from-file\n", 0o600)}, "from-file", ""},
		{"a file that the group can read", spec.Secret{File: write("group", "x", 0o640)}, "", "can be read by others: chmod 600"},
		{"a file that all can read", spec.Secret{File: write("all", "x", 0o644)}, "", "can be read by others"},
		{"a file that is not there", spec.Secret{File: dir + "/none"}, "", "read " + dir + "/none: no such file"},
		{"an empty file", spec.Secret{File: write("empty", "\n", 0o600)}, "", "is empty"},
		{"a folder", spec.Secret{File: dir}, "", "no small file"},
		{"the first line of a command", sh("echo from-exec; echo more"), "from-exec", ""},
		{"a command has the environment", sh("echo $TOKEN"), "from-env", ""},
		{"a command that fails tells why", sh("echo no key >&2; exit 2"), "", "run /bin/sh: exit status 2: no key"},
		{"a command that says nothing", sh("true"), "", "it wrote nothing"},
		{"a command that is not there", spec.Secret{Exec: []string{"no-such-program"}}, "", "no-such-program is not on the PATH"},
		{"in the file itself", spec.Secret{Text: "literal"}, "literal", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := spec.DefaultNotify("ops")
			n.Dir, n.Mail = dir, &spec.Mail{Password: test.secret}
			target, err := Resolve(context.Background(), n, map[string]string{"TOKEN": "from-env", "PATH": os.Getenv("PATH")})
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) || !strings.Contains(err.Error(), "find mail.password: ") {
					t.Errorf("got %v, want %q", err, test.err)
				}
				return
			}
			if err != nil || target.password != test.want {
				t.Errorf("got %q, %v", target.password, err)
			}
		})
	}
}

func TestAFIFOInPlaceOfASecretHoldsNothingUp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fifo")
	if err := mkfifo(path); err != nil {
		t.Skip(err)
	}
	if _, err := fromFile(path); err == nil {
		t.Error("a FIFO was read")
	}
}

func TestAnAddressThatIsNone(t *testing.T) {
	for _, text := range []string{"ftp://example.org/x", "hooks.slack.com/secretsecret", "http://", "::secretsecret"} {
		n := webhook("json", func(w *spec.Webhook) { w.URL.Env = "HOOK" })
		_, err := Resolve(context.Background(), n, map[string]string{"HOOK": text})
		if err == nil || strings.Contains(err.Error(), "secretsecret") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
