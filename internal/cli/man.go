package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"kitt.sh/internal/shell"
)

// Man prints a page of the manual, or writes all of them.
type Man struct {
	Write string // the folder that all pages are written to
	Words []string
}

func (m Man) Run(_ context.Context, k *Kitt) error {
	if err := k.may(); err != nil {
		return err
	}
	if m.Write != "" {
		return m.write(k)
	}
	for _, p := range k.manual() {
		if p.Name == strings.Join(append([]string{"kitt"}, m.Words...), "-") {
			if k.Pretty {
				k.hint("kitt man " + strings.Join(m.Words, " ") + " | man -l -")
			}
			_, err := fmt.Fprint(k.Out, p.Text)
			return err
		}
	}
	return usage("there is no kitt "+strings.Join(m.Words, " "), "kitt --help")
}

// manual is every page.
func (k *Kitt) manual() []shell.Page {
	return shell.Manual(k.Model.Model, Version(), Examples)
}

// write makes the folder man1 of a MANPATH in m.Write; pages of the same name are replaced.
func (m Man) write(k *Kitt) error {
	dir := filepath.Join(m.Write, "man1")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("write manual: %w", err)
	}
	pages := k.manual()
	for _, p := range pages {
		if err := os.WriteFile(filepath.Join(dir, p.Name+".1"), []byte(p.Text), 0o644); err != nil {
			return fmt.Errorf("write manual: %w", err)
		}
	}
	k.say(fmt.Sprintf("%d pages are in %s", len(pages), dir), "man -M "+m.Write+" kitt")
	return nil
}
