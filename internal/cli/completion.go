package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"kitt.sh/internal/shell"
)

// Completion prints what makes a shell complete kitt's command lines.
type Completion struct {
	Shell string // default: that of $SHELL
}

func (c Completion) Run(_ context.Context, k *Kitt) error {
	if err := k.may(); err != nil {
		return err
	}
	name := c.Shell
	if name == "" {
		name = filepath.Base(k.Env("SHELL"))
	}
	if name == "pwsh" {
		name = "powershell"
	}
	text, ok := shell.Script(name)
	if !ok {
		return usage(fmt.Sprintf("there is no completion for %q", name), "kitt completion "+strings.Join(shell.Shells, "|"))
	}
	if k.Pretty {
		k.hint(shell.Loads[name])
	}
	_, err := fmt.Fprint(k.Out, text)
	return err
}
