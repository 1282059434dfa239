package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"kitt.sh/service/api"
	"kitt.sh/service/client"
	"kitt.sh/spec"
)

// TestTheClientAgainstARealKitt: each method of kitt.sh/service/client.
func TestTheClientAgainstARealKitt(t *testing.T) {
	s := serve(t, servedSpec)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c := client.At(s.socket())
	good := func(last client.Line, err error) {
		t.Helper()
		if err != nil || last.Type != "done" {
			t.Errorf("%+v %v", last, err)
		}
	}
	web := client.Order{Targets: []string{"web"}, Wait: true, Timeout: 30 * time.Second}
	good(client.Last(c.Restart(ctx, web)))
	good(client.Last(c.Reload(ctx, web)))
	good(client.Last(c.Stop(ctx, web)))
	if st, err := c.Status(ctx, "web"); err != nil || len(st.Instances) != 1 || st.Instances[0].Phase != "held" {
		t.Errorf("%+v %v", st, err)
	}
	good(client.Last(c.Start(ctx, web)))
	good(client.Last(c.Scale(ctx, client.Order{Scale: map[string]int{"web": 2}, Wait: true, Timeout: 30 * time.Second})))
	show, err := c.Show(ctx, "web")
	if err != nil || len(show.Instances) != 2 || show.Process.Env["TOKEN"] != "***" || show.Process.Stop.Timeout != 90*time.Second {
		t.Errorf("%+v %v", show, err)
	}
	if v, err := c.Version(ctx); err != nil || v.PID == 0 || v.Version == "" {
		t.Errorf("%+v %v", v, err)
	}
	_, err = client.Last(c.Restart(ctx, client.Order{Targets: []string{"wbe"}}))
	var no *client.Refusal
	if !errors.As(err, &no) || no.ExitCode() != 4 || no.Hint() == "" {
		t.Errorf("%v", err)
	}
	// A project that is new to this kitt, by its file.
	file := filepath.Join(t.TempDir(), "Procfile")
	if err := os.WriteFile(file, []byte("clock: sleep 1000\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l := client.Load{File: file, Request: spec.Request{Env: map[string]string{"PATH": os.Getenv("PATH")}}, Capture: true, Wait: true, Timeout: 30 * time.Second}
	if last, err := client.Last(c.Plan(ctx, l)); err != nil || last.Up != 1 {
		t.Errorf("plan: %+v %v", last, err)
	}
	good(client.Last(c.Apply(ctx, l)))
	for w, err := range c.Watch(ctx, "clock") {
		if err != nil || w.Status == nil || len(w.Status.Instances) != 1 || w.Status.Instances[0].Phase != "running" {
			t.Errorf("%+v %v", w, err)
		}
		break
	}
}

// TestEventsAreFollowedOverADaemonsDeath: each once, in order, none missed; by the client, and by a browser that says
// what it saw last.
func TestEventsAreFollowedOverADaemonsDeath(t *testing.T) {
	s := serve(t, servedSpec)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c := client.At(s.socket())
	restarts := 0
	var seqs []uint64
	for ev, err := range c.Events(ctx, client.Events{Follow: true}) {
		if err != nil {
			t.Fatal(err)
		}
		seqs = append(seqs, ev.Seq)
		if ev.Kind != "exit" || ev.ID != "shop/bad.1" {
			continue
		}
		if restarts++; restarts == 4 {
			break
		}
		if restarts == 2 {
			v, err := c.Version(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if err := syscall.Kill(v.PID, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i, seq := range seqs {
		if seq != seqs[0]+uint64(i) {
			t.Fatalf("%v", seqs)
		}
	}
	half := seqs[len(seqs)/2]
	res := s.ask(ctx, "GET", "/v1/events?follow=1", "", "Accept", "text/event-stream", "Last-Event-ID", fmt.Sprint(half))
	defer res.Body.Close()
	if first := string(s.lines(res.Body, 1)[0]); first != fmt.Sprintf("id: %d\n", half+1) {
		t.Errorf("behind %d: %s", half, first)
	}
}

// TestLogLines: what /v1/logs says of a line is what `kitt logs -o json` says; cursors lead through all lines, each once,
// while more are written; and who follows is told at once.
func TestLogLines(t *testing.T) {
	s := serve(t, `project = "shop"
process "web" {
  command = "i=0; while [ $i -lt 400 ]; do echo \"{\\\"level\\\":\\\"warn\\\",\\\"n\\\":$i}\"; i=$((i+1)); [ $((i % 100)) = 0 ] && sleep 0.2; done; exec sleep 1000"
}
process "said" {
  command = "while read line; do echo \"heard $line\"; done"
  stdin   = true
}
`)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := client.At(s.socket())
	var texts []string
	cursor := ""
	for last := false; len(texts) < 400; {
		q := client.Logs{Targets: []string{"web"}, Last: 30, Cursor: cursor, Stream: "out"}
		before := len(texts)
		if cursor == "" {
			q.Since, q.Last = time.Now().Add(-time.Hour), 0
		}
		for line, err := range c.Logs(ctx, q) {
			if err != nil {
				t.Fatal(err)
			}
			if last = line.Kind == "cursor"; last {
				cursor = line.Cursor
			} else {
				texts = append(texts, line.Text)
			}
		}
		if n := len(texts) - before; cursor != "" && q.Last > 0 && n > q.Last {
			t.Fatalf("%d lines on a page of %d", n, q.Last)
		}
		if !last {
			t.Fatalf("no cursor behind %d lines", len(texts))
		}
	}
	for i, text := range texts {
		if text != fmt.Sprintf(`{"level":"warn","n":%d}`, i) {
			t.Fatalf("line %d is %s", i, text)
		}
	}
	again := s.read(s.ask(ctx, "GET", "/v1/logs?targets=web&stream=out", "", "Last-Event-ID", cursor, "Accept", "text/event-stream"), 0)
	if !strings.HasPrefix(string(again), "id: "+cursor+"\nevent: cursor\n") {
		t.Errorf("behind the last line a browser is told %s", again)
	}
	cmd := exec.Command(filepath.Join(bin, "kitt"), "logs", "web", "-n", "3", "-o", "json")
	cmd.Dir, cmd.Env = s.dir, append(os.Environ(), "KITT_HOME="+s.home)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for line := range strings.Lines(string(out)) {
		if !strings.Contains(line, `"kind":"event"`) {
			told = append(told, line)
		}
	}
	lines := bytes.SplitAfter(s.read(s.ask(ctx, "GET", "/v1/logs?targets=web&n=3", ""), 0), []byte("\n"))
	if got := string(bytes.Join(lines[:3], nil)); got != strings.Join(told, "") || len(told) != 3 {
		t.Errorf("the API says\n%s\nkitt logs -o json\n%s", got, strings.Join(told, ""))
	}
	s.heard(ctx, c)
}

// heard follows what a process says when it is spoken to.
func (s *served) heard(ctx context.Context, c *client.Client) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	heard := make(chan api.LogLine)
	var follow sync.WaitGroup
	follow.Go(func() { // ended by cancel
		defer close(heard)
		for line, err := range c.Logs(ctx, client.Logs{Targets: []string{"said"}, Follow: true}) {
			if err != nil {
				return
			}
			select {
			case heard <- line:
			case <-ctx.Done():
				return
			}
		}
	})
	defer follow.Wait()
	defer cancel()
	<-heard                                                      // the cursor behind nothing: it follows
	for i, who := range []string{"said.1", "said.1", "said.2"} { // the last one joins meanwhile
		if who == "said.2" {
			s.read(s.ask(ctx, "POST", "/v1/scale", `{"scale":{"said":2},"wait":true,"timeout":"20s"}`), 0)
		}
		b, _ := json.Marshal(map[string]any{"targets": []string{who}, "message": fmt.Sprintf("word %d\n", i)})
		s.read(s.ask(ctx, "POST", "/v1/send", string(b)), 0)
		for {
			line, ok := <-heard
			if !ok {
				s.Fatal("the stream ended")
			}
			if line.Kind == "" {
				if want := fmt.Sprintf("heard word %d", i); line.Text != want {
					s.Errorf("%q, want %q", line.Text, want)
				}
				break
			}
		}
	}
}
