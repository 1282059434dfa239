// Package probe asks a program from outside how it is, once: by HTTP, TCP, a command or a file. It decides nothing; Count does,
// purely, of the answers in a row.
package probe

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"kitt.sh/spec"
)

// A Target is what is asked.
type Target struct {
	Env   func(name string) string // of the instance, for $NAME
	Began time.Time                // of the life
	Now   func() time.Time
	Took  func(net.Conn) Owner                                              // who has taken a connection; nil: whoever did, did it for the life
	Run   func(ctx context.Context, argv []string) (said string, err error) // in the world of the life
}

// Ask asks all that p names, one after the other, and returns the first answer that is not as expected, worded for people and
// without secrets; nil is well. It takes at most p.Wait for each.
func Ask(ctx context.Context, p *spec.Probe, t Target) error {
	for _, way := range []struct {
		on  bool
		ask func(context.Context, *spec.Probe, Target) error
	}{{p.TCP != "", askTCP}, {p.HTTP != "", askHTTP}, {p.File != "", askFile}, {len(p.Exec) > 0, askExec}} {
		if !way.on {
			continue
		}
		ctx, stop := context.WithTimeout(ctx, p.Wait())
		err := way.ask(ctx, p, t)
		stop()
		if err != nil {
			return err
		}
	}
	return nil
}

// fill puts the instance's variables into text.
func (t Target) fill(text string) string {
	if !strings.Contains(text, "$") {
		return text
	}
	return os.Expand(text, func(name string) string {
		if v := t.Env(name); v != "" {
			return v
		}
		return "$" + name
	})
}

func askFile(_ context.Context, p *spec.Probe, t Target) error {
	name := t.fill(p.File)
	st, err := os.Stat(name)
	switch {
	case os.IsNotExist(err):
		return fmt.Errorf("file %s: it is not there", name)
	case err != nil:
		return fmt.Errorf("file %s: %w", name, bare(err))
	case p.MaxAge > 0 && t.Now().Sub(st.ModTime()) > p.MaxAge:
		return fmt.Errorf("file %s: not changed for %s", name, t.Now().Sub(st.ModTime()).Round(time.Second))
	case p.MaxAge == 0 && st.ModTime().Before(t.Began.Add(-coarse)):
		return fmt.Errorf("file %s: not changed since it began", name)
	}
	return nil
}

// coarse is how far file systems are behind the clock.
const coarse = 20 * time.Millisecond

func askExec(ctx context.Context, p *spec.Probe, t Target) error {
	said, err := t.Run(ctx, p.Exec)
	name := p.Exec[0]
	if len(p.Exec) == 3 && p.Exec[1] == "-c" {
		name = p.Exec[2]
	}
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("exec %s: no end within %s", short(name), p.Wait())
	case err != nil:
		text := "exec " + short(name) + ": " + bare(err).Error()
		if first := firstLine(said); first != "" {
			text += ": " + first
		}
		return fmt.Errorf("%s", text)
	}
	return nil
}

// firstLine is the first line with something in it, short enough to stand in a reason.
func firstLine(text string) string {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			return short(line)
		}
	}
	return ""
}

// mostShort is how much of a text stands in a reason, in bytes.
const mostShort = 120

func short(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	if len(text) <= mostShort {
		return text
	}
	return strings.ToValidUTF8(text[:mostShort], "") + "…"
}
