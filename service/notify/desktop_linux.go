package notify

import (
	"fmt"
	"html"
	"os"
	"slices"
	"strings"
)

// notification is a command that shows m. Servers take the body as markup, so nothing in it may be any.
func notification(m Message) []string {
	urgency := "critical"
	if !slices.ContainsFunc(m.Alerts, func(a Alert) bool { return a.Event != "recovered" && a.Event != "test" }) {
		urgency = "normal"
	}
	return []string{"notify-send", "--app-name=kitt", "--urgency=" + urgency, "--", "kitt: " + m.Title, html.EscapeString(m.within(300, units, plainFence))}
}

// session adds where the bus of the user's session is, which a daemon of systemd or of another login does not know.
func session(env []string) []string {
	if slices.ContainsFunc(env, func(kv string) bool { return strings.HasPrefix(kv, "DBUS_SESSION_BUS_ADDRESS=") }) {
		return env
	}
	bus := fmt.Sprintf("/run/user/%d/bus", os.Geteuid())
	if _, err := os.Stat(bus); err == nil {
		env = append(env, "DBUS_SESSION_BUS_ADDRESS=unix:path="+bus)
	}
	return env
}
