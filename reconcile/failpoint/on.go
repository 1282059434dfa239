//go:build failpoint

package failpoint

import "os"

var mine = func() *Board {
	path := os.Getenv(Env)
	if path == "" {
		return nil
	}
	b, err := Open(path)
	if err != nil {
		os.Stderr.WriteString("kitt: failpoints: " + err.Error() + "\n")
		return nil
	}
	return b
}()

// Here is a step: it is counted, and if it is armed for this time the process kills itself.
func Here(name string) {
	if mine != nil {
		mine.hit(name)
	}
}

// On tells whether a switch is armed.
func On(name string) bool { return mine != nil && mine.Armed(name) }
