package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// odd is how the simulation misbehaves. All of it has been reported of launchd.
type odd struct {
	drain  time.Duration // bootout says 36 at once, and print finds the service that long after its end
	eio    int           // the next so many bootstraps say 5
	noGUI  bool          // nobody is logged in at the screen: gui/UID says 125
	noUser bool          // nor in any other way
}

// misbehave takes drain=2s, eio=3, gui=no, user=no.
func (m *manager) misbehave(args []string) (string, int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, arg := range args {
		key, value, _ := strings.Cut(arg, "=")
		var err error
		switch key {
		case "drain":
			m.odd.drain, err = time.ParseDuration(value)
		case "eio":
			m.odd.eio, err = strconv.Atoi(value)
		case "gui":
			m.odd.noGUI = value == "no"
		case "user":
			m.odd.noUser = value == "no"
		default:
			err = fmt.Errorf("no such oddity: %s", key)
		}
		if err != nil {
			return err.Error(), 64
		}
	}
	return "", 0
}
