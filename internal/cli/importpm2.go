package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"kitt.sh/internal/port"
)

// A pm2 is the user's pm2: its folder, and its program if it may be asked.
type pm2 struct {
	home, program string
	runs          bool
	environ       []string
}

// findPM2 looks for a pm2 that runs. Asking pm2 itself would start one.
func findPM2(k *Kitt) pm2 {
	p := pm2{home: k.Env("PM2_HOME"), environ: append(k.Environ[:len(k.Environ):len(k.Environ)], "PM2_DISABLE_VERSION_CHECK=1", "NO_COLOR=1")}
	if p.home == "" {
		p.home = filepath.Join(k.Env("HOME"), ".pm2")
	}
	if c, err := net.DialTimeout("unix", filepath.Join(p.home, "rpc.sock"), time.Second); err == nil {
		c.Close()
		p.runs = true
	}
	p.program, _ = exec.LookPath("pm2")
	return p
}

// do runs pm2 with these words. It is asked only while its daemon runs.
func (p pm2) do(ctx context.Context, words ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.program, words...)
	cmd.Env, cmd.WaitDelay = p.environ, time.Second
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		lines := strings.Split(strings.TrimSpace(said.String()+string(out)), "\n")
		return nil, fmt.Errorf("pm2 %s: %w: %.200s", strings.Join(words, " "), err, clean(lines[0]))
	}
	return out, nil
}

// importPM2 reads the pm2 that runs, or else what it has saved.
func importPM2(ctx context.Context, k *Kitt, live bool) (source, error) {
	p := findPM2(k)
	dump := filepath.Join(p.home, "dump.pm2")
	var text []byte
	var err error
	what := "pm2's list"
	switch {
	case p.runs && p.program != "":
		text, err = p.do(ctx, "jlist")
	case live:
		return source{}, &trouble{text: "import pm2: no pm2 runs whose processes could be taken over: " + p.why(), hint: "kitt import pm2 reads its dump.pm2; kitt apply starts what it names", code: codeFailed}
	default:
		if p.runs {
			k.note("pm2 runs, but there is no pm2 on the PATH to ask: what it has saved is read")
		}
		what = dump
		text, err = os.ReadFile(dump)
	}
	if err != nil {
		return source{}, &trouble{text: "import pm2: " + p.missing(dump, err), hint: "PM2_HOME names its folder; pm2 save writes its dump.pm2", code: codeFailed, err: err}
	}
	at := k.place(dump)
	project, err := port.ReadPM2(text, at)
	if err != nil {
		return source{}, fmt.Errorf("import %s: %w", what, err)
	}
	return source{project: project, what: what, hint: "pm2 list shows what it has", pm2: p}, nil
}

func (p pm2) why() string {
	if p.runs {
		return "there is no pm2 on the PATH to stop them with"
	}
	return "nobody listens at " + filepath.Join(p.home, "rpc.sock")
}

func (p pm2) missing(dump string, err error) string {
	if errors.Is(err, os.ErrNotExist) {
		return "no pm2 runs, and there is no " + dump
	}
	return err.Error()
}
