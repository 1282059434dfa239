package cli

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"

	"kitt.sh/service/api"
)

// Attach shows what a process writes, and gives it what is typed, a line at a time, until the input ends or Ctrl-C.
type Attach struct{ Name string }

// mostTyped is how long a typed line may be: what a pipe takes at once.
const mostTyped = 1 << 16

func (a Attach) Run(ctx context.Context, k *Kitt) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := a.say(ctx, k, ""); err != nil { // that it is there, and has a stdin
		return err
	}
	shown := make(chan error, 1)
	go func() { shown <- Logs{Follow: true, Lines: "0", Names: []string{a.Name}}.Run(ctx, k) }() // ends with ctx; waited for below
	typed := make(chan error, 1)
	go func() { typed <- a.copyLines(ctx, k, os.Stdin) }() // a read of the terminal cannot be ended; it goes with the command
	select {
	case err := <-shown:
		return err
	case err := <-typed:
		cancel()
		return errors.Join(err, <-shown)
	}
}

// say types text; "" only asks whether it could.
func (a Attach) say(ctx context.Context, k *Kitt, text string) error {
	return k.asking(ctx, func() error {
		for _, err := range k.API.Post(ctx, "send", api.Order{Targets: []string{a.Name}, Message: text, Project: k.project()}) {
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (a Attach) copyLines(ctx context.Context, k *Kitt, in io.Reader) error {
	lines := bufio.NewReaderSize(in, mostTyped)
	for {
		line, err := lines.ReadSlice('\n')
		if len(line) > 0 {
			if err := a.say(ctx, k, string(line)); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}
