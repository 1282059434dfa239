package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"kitt.sh/service/api"
	"kitt.sh/service/home"
)

// startLimit is how long a new kitt may take until it answers.
const startLimit = 5 * time.Second

// ensure makes kitt run and returns a client that reaches it.
func ensure(ctx context.Context, k *Kitt) (*api.Client, error) {
	answers, err := wake(ctx, k)
	if err != nil {
		return nil, err
	}
	return k.API, answers()
}

// wake starts kitt if nobody listens, and returns at once. The caller does something useful
// and then calls answers, which returns when kitt can be asked.
func wake(ctx context.Context, k *Kitt) (answers func() error, err error) {
	if k.homeless != nil {
		return nil, k.homeless
	}
	switch err := k.API.Ping(ctx); {
	case err == nil:
		return func() error { return nil }, nil
	case !errors.Is(err, api.ErrNotRunning):
		return nil, err
	}
	if err := k.Dirs.Make(); err != nil {
		return nil, err
	}
	if err := startKeeper(ctx, k.Dirs); err != nil {
		return nil, fmt.Errorf("start kitt: %w", err)
	}
	k.woke = true
	return func() error { return await(ctx, k) }, nil
}

// await dials until somebody answers: every millisecond at first, a start takes about ten.
func await(ctx context.Context, k *Kitt) error {
	begun := time.Now()
	for {
		err := k.API.Ping(ctx)
		past := time.Since(begun)
		switch {
		case err == nil || !errors.Is(err, api.ErrNotRunning):
			return err
		case past > startLimit:
			return silent(k.Dirs)
		}
		pause := time.Millisecond
		if past > 20*time.Millisecond {
			pause = 5 * time.Millisecond
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// silent is the error when a kitt that was started does not answer: with its last words.
func silent(d home.Dirs) error {
	t := &trouble{text: fmt.Sprintf("start kitt: no answer on %s in %s", d.API(), startLimit), code: codeNoDaemon}
	for _, name := range []string{"keeper.log", "daemon.log"} {
		file := filepath.Join(d.Own(), name)
		if words := lastLines(file, 5); words != "" {
			t.text += "\n" + file + " ends with:\n" + words
		}
		t.hint = "look into " + d.Own()
	}
	return t
}

func lastLines(file string, n int) string {
	f, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return ""
	}
	b := make([]byte, min(info.Size(), 4096))
	read, _ := f.ReadAt(b, info.Size()-int64(len(b)))
	lines := strings.Split(strings.TrimRight(string(b[:read]), "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// asking runs ask. If nobody answers although kitt kept processes in this boot, kitt is started
// again and ask runs once more; else a verb that only looks starts nothing.
func (k *Kitt) asking(ctx context.Context, ask func() error) error {
	if k.homeless != nil {
		return k.homeless
	}
	err := ask()
	if !errors.Is(err, api.ErrNotRunning) || !livesLeft(k.Dirs.Run) {
		return err
	}
	k.note("kitt was gone; starting it again")
	if _, err := ensure(ctx, k); err != nil {
		return err
	}
	return ask()
}
