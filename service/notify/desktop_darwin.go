package notify

// notification is a command that shows m. Its texts are arguments of a script that is the same each time: nothing in them is run.
func notification(m Message) []string {
	text := m.within(300, units, plainFence)
	return []string{"osascript", "-e", "on run argv", "-e", "display notification (item 2 of argv) with title (item 1 of argv)", "-e", "end run", "kitt: " + m.Title, " " + text}
}

// session is where osascript finds the screen: the environment of the user is enough.
func session(env []string) []string { return env }
