// Package cli is what people meet: a file per verb, and how things are printed.
//
//	main.go (every command and flag) -> Main -> Verb.Run(ctx, *Kitt) -> api.Client
//
// Results go to stdout, talk goes to stderr. Text from elsewhere (names, reasons, logs) passes clean before it
// reaches a terminal.
package cli

import (
	"context"
	"io"
	"net/url"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"kitt.sh/internal/early"
	"kitt.sh/service/api"
	"kitt.sh/service/home"
)

// A Verb is one command with its flags filled in. Its error decides the exit code: see exitCode.
type Verb interface {
	Run(ctx context.Context, k *Kitt) error
}

// Globals are the flags that every verb takes.
type Globals struct {
	Home    string
	Output  string
	JSON    bool
	Quiet   bool
	Verbose bool
	Color   string // auto, always, never
	NoColor bool
}

// A Kitt is where a verb finds the world.
type Kitt struct {
	Out, Err io.Writer
	In       io.Reader
	Environ  []string
	Env      func(string) string
	Cwd      string
	Now      func() time.Time

	Output         string // table, wide, json, yaml, name
	Quiet, Verbose bool
	Paint          Paint      // of Out
	Talk           Paint      // of Err
	Width          func() int // columns of Out; 0 where lines may be of any length
	Live           bool       // Err is a terminal that can redraw a line
	Pretty         bool       // Out is a terminal, or is to be written like one

	Dirs     home.Dirs
	homeless error // why Dirs is not known
	API      *api.Client
	service  installing
	woke     bool       // it was this command that started kitt
	Model    *kong.Kong // the command line, for its manual; nil where nobody parsed it
}

// open looks at the process once: environment, folders, terminal. It touches nothing and reaches nobody.
func open(g Globals) *Kitt {
	cwd, _ := os.Getwd() // a folder that is gone: the server then does without
	k := &Kitt{Out: os.Stdout, Err: os.Stderr, In: os.Stdin, Environ: os.Environ(), Env: os.Getenv, Cwd: cwd, Now: time.Now,
		Output: g.Output, Quiet: g.Quiet, Verbose: g.Verbose}
	if g.JSON {
		k.Output = "json"
	}
	if k.Output == "" {
		k.Output = "table"
	}
	colour := colouring(g, os.Getenv)
	k.Paint, k.Talk = Paint(colour(os.Stdout)), Paint(colour(os.Stderr))
	k.Pretty = isTerminal(os.Stdout) || g.Color == "always"
	k.Width = func() int { return early.Columns(os.Stdout) }
	k.Live = isTerminal(os.Stderr) && os.Getenv("TERM") != "dumb"
	k.Dirs, k.homeless = home.Resolve(g.Home, os.Getenv, runtime.GOOS)
	k.API = &api.Client{Socket: k.Dirs.API(), Dir: cwd, Life: os.Getenv("KITT_LIFE")}
	return k
}

// project is where names are looked up first; empty lets the server go by the working folder.
func (k *Kitt) project() string { return k.Env("KITT_PROJECT") }

// targets is the query for the processes of these names, or for all.
func (k *Kitt) targets(names []string) url.Values {
	q := url.Values{}
	if len(names) > 0 {
		q.Set("targets", strings.Join(names, ","))
		if near := k.project(); near != "" {
			q.Set("near", near)
		}
	}
	return q
}

// may says with a usage error that the verb has no such output form.
func (k *Kitt) may(forms ...string) error {
	for _, form := range append(forms, "table") {
		if k.Output == form {
			return nil
		}
	}
	return usage("this verb has no -o "+k.Output, "it has table, "+listed(forms))
}
