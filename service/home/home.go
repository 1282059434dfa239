// Package home knows where things of kitt lie. Everything hangs on one folder, so that a shell, a cron job,
// an ssh login and a service that know the same folder find the same kitt.
package home

import (
	"errors"
	"fmt"
	"path/filepath"
)

// Dirs are the folders of one kitt, all absolute. Nobody but their owner may look into them.
type Dirs struct {
	Home  string // what KITT_HOME names; every process that kitt starts is told it
	Run   string // sockets, lock, FIFOs, records: of no worth after a reboot
	State string // what must last: desired.json, events, exits
	Logs  string // PROJECT/web.1/{out,err}; kitt/ holds its own
}

// ErrTooLong says that sockets could not be bound under a folder.
var ErrTooLong = errors.New("socket path is too long")

// A Misplaced is an error about a folder, with the way out.
type Misplaced struct {
	err  error
	hint string
}

func (m Misplaced) Error() string { return m.err.Error() }
func (m Misplaced) Unwrap() error { return m.err }

// Hint is one line on what to do about it.
func (m Misplaced) Hint() string { return m.hint }

// API is the socket that clients dial; the keeper owns it.
func (d Dirs) API() string { return filepath.Join(d.Run, "api.sock") }

// Keeper is the socket between daemon and keeper.
func (d Dirs) Keeper() string { return filepath.Join(d.Run, "keeper.sock") }

// Lock is the file whose lock makes a keeper the only one.
func (d Dirs) Lock() string { return filepath.Join(d.Run, "keeper.lock") }

// Own is the folder of the logs of kitt's own processes: keeper.log, daemon.log.
func (d Dirs) Own() string { return filepath.Join(d.Logs, "kitt") }

// Resolve finds the folders: flag (--home) first, then KITT_HOME, then the system's custom for goos.
// It makes nothing. The error is a Misplaced.
//
// Run never follows XDG_RUNTIME_DIR: cron does not have it, and it is emptied at a logout while
// processes live on. Either way a second kitt would start everything once more.
func Resolve(flag string, env func(string) string, goos string) (Dirs, error) {
	d, err := layout(flag, env, goos)
	if err != nil {
		return Dirs{}, err
	}
	return d, d.fits(goos)
}

// Custom tells whether d is the system's custom place: nobody named a folder that all of kitt is to lie in.
func (d Dirs) Custom(env func(string) string, goos string) bool {
	custom, err := byCustom(env, goos)
	return err == nil && custom.Home == d.Home
}

func layout(flag string, env func(string) string, goos string) (Dirs, error) {
	custom, err := byCustom(env, goos)
	named, way := flag, "--home"
	if named == "" {
		named, way = env("KITT_HOME"), "KITT_HOME"
	}
	if named == "" {
		return custom, err
	}
	abs, err := filepath.Abs(named)
	if err != nil {
		return Dirs{}, Misplaced{fmt.Errorf("find home: %s %q: %w", way, named, err), "name an absolute folder"}
	}
	if abs == custom.Home { // a process that kitt started is told its KITT_HOME: the same kitt
		return custom, nil
	}
	return under(abs), nil
}

func byCustom(env func(string) string, goos string) (Dirs, error) {
	user := env("HOME")
	if !filepath.IsAbs(user) && (goos == "darwin" || !filepath.IsAbs(env("XDG_STATE_HOME"))) {
		return Dirs{}, Misplaced{errors.New("find home: HOME is not set"), "set HOME or KITT_HOME, or pass --home DIR"}
	}
	if goos == "darwin" {
		d := under(filepath.Join(user, "Library", "Application Support", "kitt"))
		d.Logs = filepath.Join(user, "Library", "Logs", "kitt")
		return d, nil
	}
	state := env("XDG_STATE_HOME")
	if !filepath.IsAbs(state) { // the XDG text: a relative path is to be ignored
		state = filepath.Join(user, ".local", "state")
	}
	return under(filepath.Join(state, "kitt")), nil
}

func under(dir string) Dirs {
	dir = filepath.Clean(dir)
	return Dirs{dir, filepath.Join(dir, "run"), filepath.Join(dir, "state"), filepath.Join(dir, "logs")}
}

// fits tells early what bind(2) would only say as "invalid argument".
func (d Dirs) fits(goos string) error {
	most := 107 // sun_path without its closing zero
	if goos == "darwin" {
		most = 103
	}
	if n := len(d.Keeper()); n > most {
		return Misplaced{fmt.Errorf("find home: %w: %s has %d bytes, the system takes %d", ErrTooLong, d.Keeper(), n, most),
			"choose a shorter folder with --home DIR or KITT_HOME"}
	}
	return nil
}
