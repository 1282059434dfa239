package local

import (
	"fmt"
	"os"
	"os/user"
	"strconv"

	"kitt.sh/reconcile/keeper"
)

// asUser makes the spawn run as another user, with that user's groups and HOME. Only root can.
func asUser(name, group string, s *keeper.Spawn, env map[string]string) error {
	if name == "" && group == "" {
		return nil
	}
	u, err := lookupUser(name)
	if err != nil {
		return refusal{text: fmt.Sprintf("find user %q: %v", name, err)}
	}
	uid, gid, err := ids(u, group)
	if err != nil {
		return refusal{text: err.Error()}
	}
	if os.Geteuid() != 0 {
		if uint32(os.Geteuid()) == uid && group == "" {
			return nil
		}
		return refusal{text: fmt.Sprintf("become user %q: kitt does not run as root", name), hint: "leave user out, or install kitt with --system"}
	}
	s.SetUser, s.UID, s.GID = true, uid, gid
	groups, _ := u.GroupIds() // none is right for a bare uid
	for _, g := range groups {
		if n, err := strconv.ParseUint(g, 10, 32); err == nil {
			s.Groups = append(s.Groups, uint32(n))
		}
	}
	env["HOME"], env["USER"], env["LOGNAME"] = u.HomeDir, u.Username, u.Username
	return nil
}

// lookupUser finds a user by name or by number; "" is who kitt runs as.
func lookupUser(name string) (*user.User, error) {
	if name == "" {
		return user.Current()
	}
	if u, err := user.Lookup(name); err == nil {
		return u, nil
	}
	return user.LookupId(name)
}

func ids(u *user.User, group string) (uid, gid uint32, err error) {
	g := u.Gid
	if group != "" {
		found, err := user.LookupGroup(group)
		if err != nil {
			if found, err = user.LookupGroupId(group); err != nil {
				return 0, 0, fmt.Errorf("find group %q: %w", group, err)
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
