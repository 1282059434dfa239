// Package monit is the dashboard in the terminal.
//
//	Source (what is asked of kitt) -> messages -> Model.Update (pure but for its commands) -> Model.View (text)
//
// The model asks once a second, and reads the log of the selected instance four times a second, from the disk. Each question is
// a command of its own, never two of a kind at once, so that a slow answer never holds a key back.
package monit
