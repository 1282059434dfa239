//go:build !failpoint

package failpoint

// Here is a step. Built without the tag it is nothing.
func Here(string) {}

// On tells whether a switch is armed. Built without the tag it never is.
func On(string) bool { return false }
