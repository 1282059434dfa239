package cli

import (
	"context"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"kitt.sh/service/api"
)

func TestWatchDrawsOnTheOtherScreenAndLeavesItClean(t *testing.T) {
	k := try(t, tableOf(&api.Status{Instances: shop()}, nil))
	k.Width = func() int { return 80 }
	ctx, stop := context.WithCancel(t.Context())
	k.Out = io.MultiWriter(&k.out, writerFunc(func(b []byte) {
		if strings.Contains(string(b), "mailer.1") {
			stop()
		}
	}))
	if code := k.doIn(ctx, Status{Watch: true}); code != 0 {
		t.Errorf("Ctrl-C is how it ends; exit %d", code)
	}
	got := k.out.String()
	if !strings.HasPrefix(got, screenOn) || !strings.HasSuffix(got, screenOff) || !strings.Contains(got, "web.1") {
		t.Errorf("got %q", got)
	}
}

func TestAFrameIsNoHigherThanTheTerminal(t *testing.T) {
	k := try(t, tableOf(&api.Status{Instances: shop()}, nil))
	k.Width = func() int { return 80 }
	for height := 3; height < 9; height++ {
		got := Status{}.frame(t.Context(), k.Kitt, height)
		if n := strings.Count(got, "\n") + 1; n > height || height < 5 && !strings.Contains(got, "more lines") {
			t.Errorf("%d lines at a height of %d", n, height)
		}
	}
	k.API.Socket += "gone"
	if got := (Status{}).frame(t.Context(), k.Kitt, 10); !strings.Contains(got, "waiting for it") {
		t.Errorf("got %q", got)
	}
}

func TestAFrameShowsWhatProgramsMeasured(t *testing.T) {
	table := tableOf(&api.Status{Instances: shop()}, nil)
	k := try(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/metrics" {
			_, _ = io.WriteString(w, `[{"id":"web.1","name":"Heap","value":"7.1","unit":"MiB"},{"id":"gone.1","name":"x","value":"1"}]`)
			return
		}
		table(w, r)
	})
	k.Width = func() int { return 80 }
	got := Status{}.frame(t.Context(), k.Kitt, 20)
	if !strings.Contains(got, "web.1  Heap  7.1 MiB") || strings.Contains(got, "gone.1") {
		t.Errorf("got %q", got)
	}
}

func TestWatchIsForPeople(t *testing.T) {
	k := try(t, tableOf(&api.Status{}, nil))
	if code := k.do(Status{Watch: true}); code != codeUsage {
		t.Errorf("in a pipe: exit %d", code)
	}
	k.Output = "json"
	if code := k.do(Status{Watch: true}); code != codeUsage {
		t.Errorf("as json: exit %d", code)
	}
}

func TestColoursAreForTerminalsUnlessAskedFor(t *testing.T) {
	tests := []struct {
		name string
		g    Globals
		env  string
		want bool
	}{
		{"a file gets none", Globals{}, "", false},
		{"--color=always", Globals{Color: "always"}, "NO_COLOR=1", true},
		{"--color=never", Globals{Color: "never"}, "FORCE_COLOR=1", false},
		{"--no-color", Globals{NoColor: true, Color: "always"}, "", false},
		{"NO_COLOR goes before FORCE_COLOR", Globals{}, "NO_COLOR=1 FORCE_COLOR=1", false},
		{"FORCE_COLOR", Globals{}, "FORCE_COLOR=1", true},
		{"CLICOLOR_FORCE", Globals{}, "CLICOLOR_FORCE=1", true},
		{"CLICOLOR_FORCE=0 forces nothing", Globals{}, "CLICOLOR_FORCE=0", false},
		{"an empty NO_COLOR says nothing", Globals{}, "NO_COLOR= FORCE_COLOR=1", true},
	}
	file := write(t, t.TempDir(), "x", "")
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			env := func(name string) string {
				for pair := range strings.FieldsSeq(tt.env) {
					if v, ok := strings.CutPrefix(pair, name+"="); ok {
						return v
					}
				}
				return ""
			}
			if got := colouring(tt.g, env)(f); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}
