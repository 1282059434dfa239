package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"kitt.sh/service/api"
)

// UI opens kitt's page in a browser.
type UI struct {
	Listen  string // address on loopback
	Socket  string // path of a unix socket instead
	Control bool
	NoOpen  bool
	Stop    bool
}

func (u UI) Run(ctx context.Context, k *Kitt) error {
	if err := k.may("json"); err != nil {
		return err
	}
	in, err := u.request(k)
	if err != nil {
		return err
	}
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	var open api.UIOpen
	err = k.asking(ctx, func() error {
		answer, err := k.API.Open(ctx, "POST", "/v1/ui", nil, body)
		if err != nil {
			return err
		}
		defer answer.Close()
		return json.NewDecoder(answer).Decode(&open)
	})
	if err != nil {
		return err
	}
	if u.Stop {
		k.say(map[bool]string{true: "the page is closed", false: "the page was not open"}[open.Open], "")
		return nil
	}
	return u.show(ctx, k, open)
}

func (u UI) request(k *Kitt) (api.UI, error) {
	in := api.UI{Listen: u.Listen, Control: u.Control, Stop: u.Stop}
	switch {
	case u.Listen != "" && u.Socket != "":
		return in, usage("both --listen and --socket given", "one of them")
	case u.Socket != "":
		path := u.Socket
		if !filepath.IsAbs(path) {
			path = filepath.Join(k.Cwd, path)
		}
		in.Listen = "unix:" + path
	case u.Listen != "" && !strings.Contains(u.Listen, ":"):
		in.Listen = net.JoinHostPort("127.0.0.1", u.Listen)
	}
	return in, nil
}

// show prints the address, and opens a browser where there is one.
func (u UI) show(ctx context.Context, k *Kitt, open api.UIOpen) error {
	url := "http://" + open.Address + "/#" + open.Token
	if path, ok := strings.CutPrefix(open.Address, "unix:"); ok {
		url = "http://localhost:9000/#" + open.Token
		k.note("the page is at %s; from your machine: ssh -L 9000:%s HOST", path, path)
	}
	if k.Output == "json" {
		return k.emitValue(map[string]any{"url": url, "address": open.Address, "control": open.Control})
	}
	fmt.Fprintln(k.Out, url)
	if !k.Quiet {
		k.hint("the address is good once, for five minutes; " + map[bool]string{true: "who opens it may change what runs", false: "the page only looks, kitt ui --control may do more"}[open.Control])
	}
	if !u.NoOpen && k.Pretty && !strings.HasPrefix(open.Address, "unix:") {
		u.browse(ctx, k, url)
	}
	return nil
}

// browse has the system open the page by way of a file that only you can read: arguments of programs can be read by everybody.
func (u UI) browse(ctx context.Context, k *Kitt, url string) {
	opener := cmp.Or(map[string]string{"darwin": "open"}[runtime.GOOS], "xdg-open")
	path, err := exec.LookPath(opener)
	if err != nil || runtime.GOOS != "darwin" && k.Env("DISPLAY") == "" && k.Env("WAYLAND_DISPLAY") == "" {
		return
	}
	file := filepath.Join(k.Dirs.Run, "ui.html")
	text := `<!doctype html><meta charset="utf-8"><title>kitt</title><meta http-equiv="refresh" content="0; url=` + url + `"><a href="` + url + `">kitt</a>`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return
	}
	defer os.Remove(file)
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if exec.CommandContext(ctx, path, file).Run() == nil {
		select { // the browser reads the file once it is up
		case <-time.After(3 * time.Second):
		case <-ctx.Done():
		}
	}
}
