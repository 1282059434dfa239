// Package boottest boots whole machines and looks whether kitt brings everything back: containers of systemd-nspawn, which boot
// in a second, and machines of qemu with a kernel of their own, whose power can be cut. docs/boot.md says what is tried on which.
//
// It needs root, Debian and its packages; `make boot` runs it. Nothing of it is part of kitt.
package boottest

// A Guest is a machine that can be booted any number of times; its disk stays.
type Guest interface {
	// Boot starts it and waits until its systemd says that it is up.
	Boot()
	// Exec runs a command as root and returns what it wrote to both its streams.
	Exec(line string) (out string, err error)
	// ExecAs runs a shell line in a login of a user.
	ExecAs(user, line string) (out string, err error)
	// PowerOff shuts it down in order, and Reboot too and boots it again.
	PowerOff()
	Reboot()
	// Crash ends it at once, as a kernel that panics does: what was written stays. PowerCut takes what was not synced with it.
	Crash()
	PowerCut()
}
