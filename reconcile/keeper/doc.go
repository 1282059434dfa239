// Package keeper is the parent process of everything that kitt runs, and the way to speak to it.
//
// The keeper moves bytes, reaps, finishes stops and restarts the daemon. It decides nothing else. The daemon may be
// killed or replaced at will: it finds every life again by List, under a newer claim. The keeper itself may be
// killed too: programs hold both ends of their FIFOs, so they neither lose a byte nor die, and the next keeper finds
// them by its journal.
//
//	daemon (child #0) --- fd 4: this protocol          fd 3: listener of api.sock
//	      |                                             (clients queue while a daemon is replaced)
//	   keeper --- fork/exec, pidfd, waitid ------------> lives, each in a session and a cgroup of its own
//	      |                                                |
//	   run/lives: journal                                run/fifo/LIFE.{out,err} -- splice --> DIR/{out,err}/current
//
// What differs from other supervisors, and why:
//
// One journal for all lives, run/lives, not a file for each: a spawn costs two write(2) and no create, rename or
// unlink. It is rewritten when most of it is dead. Nothing in it is trusted: a pid counts only if boot, start time
// and the cookie in the process's environment agree, and a line that is not whole counts for nothing.
//
// A life that ended stays in the list, and in the journal, until Forget. So an exit is a level that is read, not a
// message that is sent: it needs no log of its own, no acknowledgement and no second sending. Events are only pokes.
//
// A stop is in the journal before it is answered: neither the daemon's death nor the keeper's loses it.
//
// The end of a program is not the end of its tree. In a stop, what is left of the tree has until the deadline, and
// only then the life counts as ended: the next one finds its port free. After a crash, what is left ends at once.
package keeper
