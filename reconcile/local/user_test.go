package local

import (
	"os"
	"os/user"
	"testing"
)

func TestAnotherUsersWorld(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user")
	}
	u, err := user.Lookup("nobody")
	if err != nil {
		t.Skip(err)
	}
	w := world{Env: map[string]string{"HOME": "/root", "SHELL": "/bin/zsh", "USER": "root", "X": "1"}}
	if err := w.asUser("nobody", "", map[string]string{"HOME": "/tmp"}); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"HOME": "/root", "USER": "nobody", "LOGNAME": "nobody", "SHELL": shellOf("nobody"), "X": "1"} // the spec's own HOME stands
	for name, value := range want {
		if w.Env[name] != value {
			t.Errorf("%s is %q, want %q", name, w.Env[name], value)
		}
	}
	groups, _ := u.GroupIds()
	if w.User == nil || len(w.User.Groups) != len(groups) {
		t.Errorf("%+v, groups %v", w.User, groups)
	}
	if shellOf("no such user") != "" {
		t.Error("a user who is not there has a shell")
	}
}
