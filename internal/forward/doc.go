// Package forward is the program that stands before a process with expose: `kitt internal forward`. It takes connections from a
// socket that the keeper holds, and passes each on to an instance that is ready. Which those are it is told by the daemon, over
// its channel, as a whole table each time; without a daemon it goes on with the last.
//
// It is a program of its own, so that connections last while daemons and keepers come and go. It lives long and beside many
// others, so it begins in this package's init, before kitt's large libraries are initialised (see package early), and imports
// none of them.
package forward
