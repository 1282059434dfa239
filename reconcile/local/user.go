package local

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
	"syscall"
)

// asUser makes the world that of another user, with that user's groups, and HOME and SHELL unless the spec sets its own.
// Only root can.
func (w *world) asUser(name, group string, own map[string]string) error {
	if name == "" && group == "" {
		return nil
	}
	u, err := lookupUser(name)
	if err != nil {
		return refusal{text: fmt.Sprintf("find user %q: %v", name, err), hint: "mend user in the spec, or add the user to the machine"}
	}
	uid, gid, err := ids(u, group)
	if err != nil {
		return refusal{text: err.Error(), hint: "mend group in the spec, or add the group to the machine"}
	}
	if os.Geteuid() != 0 {
		if os.Geteuid() == int(uid) && os.Getegid() == int(gid) {
			return nil
		}
		return refusal{text: fmt.Sprintf("become %s: kitt does not run as root", as(name, group)),
			hint: "leave user and group out, or install kitt with --system"}
	}
	w.User = &syscall.Credential{Uid: uid, Gid: gid}
	groups, _ := u.GroupIds() // none is better than no start
	for _, g := range groups {
		if n, err := strconv.ParseUint(g, 10, 32); err == nil {
			w.User.Groups = append(w.User.Groups, uint32(n))
		}
	}
	if name == "" {
		return nil
	}
	for k, v := range map[string]string{"HOME": u.HomeDir, "USER": u.Username, "LOGNAME": u.Username, "SHELL": shellOf(u.Username)} {
		if v == "" {
			continue
		}
		if _, set := own[k]; !set {
			w.Env[k] = v
		}
	}
	return nil
}

// shellOf is a user's shell as /etc/passwd has it; "" where the system keeps its users elsewhere.
func shellOf(name string) string {
	text, err := os.ReadFile("/etc/passwd")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Split(strings.TrimSpace(line), ":"); len(f) == 7 && f[0] == name {
			return f[6]
		}
	}
	return ""
}

func as(name, group string) string {
	if name == "" {
		return fmt.Sprintf("group %q", group)
	}
	return fmt.Sprintf("user %q", name)
}

// lookupUser finds a user by name or by number; "" is who kitt runs as.
func lookupUser(name string) (*user.User, error) {
	if name == "" {
		return user.Current()
	}
	if u, err := user.Lookup(name); err == nil {
		return u, nil
	}
	if u, err := user.LookupId(name); err == nil {
		return u, nil
	}
	return nil, errors.New("no such user")
}

func ids(u *user.User, group string) (uid, gid uint32, err error) {
	g := u.Gid
	if group != "" {
		found, err := user.LookupGroup(group)
		if err != nil {
			if found, err = user.LookupGroupId(group); err != nil {
				return 0, 0, fmt.Errorf("find group %q: no such group", group)
			}
		}
		g = found.Gid
	}
	a, err1 := strconv.ParseUint(u.Uid, 10, 32)
	b, err2 := strconv.ParseUint(g, 10, 32)
	if err1 != nil || err2 != nil {
		return 0, 0, fmt.Errorf("read user %q: uid %q, gid %q are not numbers", u.Username, u.Uid, g)
	}
	return uint32(a), uint32(b), nil
}
