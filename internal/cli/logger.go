package cli

import (
	"log/slog"
	"os"
	"time"

	"github.com/lmittmann/tint"
)

// Logger writes what kitt's own processes say: in colours to a terminal, else as plain key=value lines.
func Logger(f *os.File, level slog.Level) *slog.Logger {
	if !isTerminal(f) {
		return slog.New(slog.NewTextHandler(f, &slog.HandlerOptions{Level: level}))
	}
	colour := colouring(Globals{}, os.Getenv)(f)
	return slog.New(tint.NewTextHandler(f, &tint.Options{Level: level, TimeFormat: time.TimeOnly, NoColor: !colour}))
}
