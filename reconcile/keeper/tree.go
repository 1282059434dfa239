package keeper

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// An orphan is a process of some tree that landed with the keeper when its parent died. life is "" if it carries
// nothing by which it could be told whose it was.
type orphan struct {
	ident uint64
	life  string
}

// kin picks from all processes the tree of a life: who is in root's session or group, carries its cookie, or
// descends from one of those. rooted says that root's pid is still reserved, so that its session and group are its
// own. Root itself, the dead, and those in not are left out.
func kin(all []process, root int, since uint64, rooted bool, cookie func(pid int) bool, not func(pid int) bool) (out []process) {
	in := map[int]bool{}
	if rooted {
		in[root] = true
	}
	for grew := true; grew; {
		grew = false
		for _, p := range all {
			if in[p.pid] || p.pid <= 1 || p.dead() || p.ident < since || not(p.pid) {
				continue
			}
			if rooted && (p.sid == root || p.pgid == root) || in[p.ppid] || cookie(p.pid) {
				in[p.pid], grew = true, true
				out = append(out, p)
			}
		}
	}
	return out
}

// relatives are the processes of l's tree but its root, by its cgroup if it has one, else by a scan.
func (k *keeper) relatives(l *life) (out []process) {
	if pids, ok := cgroupMembers(l.cgroup); ok {
		for _, pid := range pids {
			if pid == l.pid || k.own(pid) {
				continue
			}
			if p, ok := lookAt(pid); ok && !p.dead() {
				out = append(out, p)
			}
		}
		return out
	}
	if out, ok := k.descendants(l); ok {
		return out
	}
	seen := map[int]bool{}
	cookie := func(pid int) bool {
		is, ok := seen[pid]
		if !ok {
			name, _ := cookieOf(pid)
			is = name == l.name
			seen[pid] = is
		}
		return is
	}
	not := func(pid int) bool { return k.own(pid) || k.pids[pid] != nil && k.pids[pid] != l }
	return kin(everyProcess(), l.pid, l.ident, k.rooted(l), cookie, not)
}

// descendants is relatives without a look at every process of the system: what descends from a child of ours hangs
// under it, or under an orphan that landed here. ok is false where the system cannot tell.
func (k *keeper) descendants(l *life) (out []process, ok bool) {
	kids, ok := ownChildren()
	if !l.child || !ok {
		return nil, false
	}
	roots := []int{l.pid}
	for _, pid := range kids {
		if p, ok := lookAt(pid); ok && k.pids[pid] == nil && pid != k.daemon.pid && k.belongs(p, l) {
			roots = append(roots, pid)
			if !p.dead() {
				out = append(out, p)
			}
		}
	}
	for i := 0; i < len(roots) && i < 1<<16; i++ {
		kids, ok := childrenOf(roots[i])
		if !ok && i == 0 {
			return nil, false
		}
		for _, pid := range kids {
			roots = append(roots, pid)
			if p, ok := lookAt(pid); ok && !p.dead() {
				out = append(out, p)
			}
		}
	}
	return out, true
}

// belongs says whether an orphan is of l's tree, and remembers what it carries.
func (k *keeper) belongs(p process, l *life) bool {
	o, known := k.orphans[p.pid]
	if !known || o.ident != p.ident {
		o = k.attribute(p)
		k.orphans[p.pid] = o
		if o.life == "" && l.state != Running && !p.dead() {
			l.escaped++ // it came while l was ending, and nothing tells whose it is
		}
	}
	return o.life == l.name || p.sid == l.pid || p.pgid == l.pid
}

// own are the processes that no scan may touch.
func (k *keeper) own(pid int) bool { return pid == unix.Getpid() || pid == k.daemon.pid || pid <= 1 }

// rooted says that the pid of l can be nobody else's.
func (k *keeper) rooted(l *life) bool {
	if l.pid <= 1 || l.state == Exited {
		return false
	}
	if l.child {
		return true
	}
	p, ok := lookAt(l.pid)
	return ok && p.ident == l.ident
}

// leftovers are the processes of l's tree that must end with it, l itself being dead.
func (k *keeper) leftovers(l *life) []process {
	switch l.kill {
	case "process":
		return nil
	case "group":
		if !k.rooted(l) {
			return nil
		}
		var out []process
		for _, p := range k.suspects(l) {
			if p.pgid == l.pid {
				out = append(out, p)
			}
		}
		return out
	}
	return k.suspects(l)
}

// suspects is relatives, but cheap in the usual case: every living descendant of a dead child of ours hangs under
// another child of ours, because orphans land here. No unknown child, no leftovers.
func (k *keeper) suspects(l *life) []process {
	if l.cgroup != "" || !l.child {
		return k.relatives(l)
	}
	pids, ok := ownChildren()
	if !ok {
		return k.relatives(l)
	}
	for _, pid := range pids {
		if k.pids[pid] != nil || pid == k.daemon.pid {
			continue
		}
		if p, ok := lookAt(pid); ok && !p.dead() && k.belongs(p, l) {
			return k.relatives(l)
		}
	}
	return nil
}

// attribute finds out whose an orphan was.
func (k *keeper) attribute(p process) orphan {
	name, _ := cookieOf(p.pid)
	for _, root := range []int{p.sid, p.pgid} {
		if l := k.pids[root]; name == "" && l != nil {
			name = l.name
		}
	}
	return orphan{p.ident, name}
}

// signalTree sends sig to what scope names: "process" (or "main"), "group" or "tree".
func (k *keeper) signalTree(l *life, sig syscall.Signal, scope string) error {
	if scope == "process" || scope == "main" || !k.rooted(l) {
		return k.signalMain(l, sig)
	}
	err := k.signalGroup(l, sig)
	if scope == "group" {
		return err
	}
	for _, p := range k.relatives(l) {
		if p.pgid != l.pid {
			k.signalOne(p, sig)
		}
	}
	return err
}

func (k *keeper) signalMain(l *life, sig syscall.Signal) error {
	if l.child && !l.lingering && l.state != Exited {
		return syscall.Kill(l.pid, sig) // unreaped: the number is its own
	}
	return signalProcess(l.pidfd, l.pid, l.ident, sig)
}

// signalGroup needs a root that is rooted: its group then is its own.
func (k *keeper) signalGroup(l *life, sig syscall.Signal) error {
	if l.pid <= 1 {
		return syscall.ESRCH
	}
	return syscall.Kill(-l.pid, sig)
}

// signalOne proves who p is between taking hold of it and signalling it.
func (k *keeper) signalOne(p process, sig syscall.Signal) {
	fd, err := openProcess(p.pid)
	if err != nil {
		return
	}
	if now, ok := lookAt(p.pid); ok && now.ident == p.ident {
		signalProcess(fd, p.pid, p.ident, sig)
	}
	closeFd(fd)
}

// endTree kills what l's kill mode names: at once by its cgroup, else by stopping what is found until a look finds
// no more, and killing all of that.
func (k *keeper) endTree(l *life) {
	switch l.kill {
	case "process":
		k.signalMain(l, syscall.SIGKILL)
		return
	case "group":
		if k.rooted(l) {
			k.signalGroup(l, syscall.SIGKILL)
		}
		return
	}
	if killCgroup(l.cgroup) {
		k.signalMain(l, syscall.SIGKILL)
		k.awaitEmpty(l)
		return
	}
	k.signalMain(l, syscall.SIGSTOP)
	for round := 0; round < 20; round++ {
		found := k.freeze(l)
		if k.rooted(l) && round == 0 {
			k.signalGroup(l, syscall.SIGKILL)
		}
		for _, p := range found {
			k.signalOne(p, syscall.SIGKILL)
		}
		if len(found) == 0 {
			break
		}
	}
	k.signalMain(l, syscall.SIGKILL)
}

// awaitEmpty gives the kernel a moment to end a cgroup, so that its folder can go.
func (k *keeper) awaitEmpty(l *life) {
	for range 20 {
		if pids, ok := cgroupMembers(l.cgroup); !ok || len(pids) == 0 {
			return
		}
		time.Sleep(500 * time.Microsecond)
	}
}

// freeze stops l's relatives until a look finds no new one, and returns them all.
func (k *keeper) freeze(l *life) (found []process) {
	seen := map[int]uint64{}
	for range 20 {
		grew := false
		for _, p := range k.relatives(l) {
			if seen[p.pid] != p.ident {
				seen[p.pid], grew = p.ident, true
				found = append(found, p)
				k.signalOne(p, syscall.SIGSTOP)
			}
		}
		if !grew {
			break
		}
	}
	return found
}
