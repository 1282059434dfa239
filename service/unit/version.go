package unit

import "context"

// Version is what the service manager says of itself, in one line: systemd 252 (252.39-1~deb12u1).
func (m *Manager) Version(ctx context.Context) string {
	line := []string{"systemctl", "--version"}
	if m.engine.kind() == "launchd" {
		line = []string{"launchctl", "version"}
	}
	out, err := m.must(ctx, line[0], line[1:]...)
	if err != nil {
		return m.engine.kind() + " (" + err.Error() + ")"
	}
	return firstLine(out)
}
