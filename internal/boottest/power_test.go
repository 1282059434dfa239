//go:build linux

package boottest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"
)

// cuts is how often the power is cut.
const cuts = 2

// flicker has two specs take each other's place for ever.
const flicker = `#!/bin/bash
cd /home/dev/app
for ((i = 0; ; i++)); do
	cp spec$((i % 2)).hcl .new && mv .new kitt.hcl
	kitt apply --no-wait >/dev/null 2>&1
done
`

// TestPower needs a kernel of its own.
func TestPower(t *testing.T) {
	if !*boot {
		t.Skip("make boot")
	}
	first, _ := builds(t)
	kitt, err := os.ReadFile(first)
	if err != nil {
		t.Fatal(err)
	}
	named := func(names ...string) string {
		text := "project = \"app\"\n"
		for _, n := range names {
			text += fmt.Sprintf("process %q {\n  command = \"exec sleep 1000\"\n}\n", n)
		}
		return text
	}
	g := newEmulated(t, system(t, "trixie"), map[string]string{"/usr/local/bin/kitt": string(kitt), "/home/dev/app/flicker": flicker,
		"/home/dev/app/spec0.hcl": named("a1", "a2"), "/home/dev/app/spec1.hcl": named("b1", "b2"), "/home/dev/app/kitt.hcl": named("a1", "a2")})
	g.Boot()
	ask := func(line string) string {
		t.Helper()
		out, err := g.ExecAs("dev", "cd ~/app; "+line)
		if err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
		return out
	}
	if out, err := g.Exec("kitt service install --system --run-as dev"); err != nil {
		t.Fatalf("install: %v\n%s", err, out)
	}
	ask("kitt apply")
	t.Run("cut in the middle of an apply", func(t *testing.T) {
		for range cuts {
			g.Send("runuser -l dev -c app/flicker")
			time.Sleep(time.Second + rand.N(2*time.Second))
			g.PowerCut()
			g.Boot()
			whole(t, ask)
		}
	})
	t.Run("out of memory", func(t *testing.T) { outOfMemory(t, g, ask) })
}

// whole: after a cut kitt runs what one of the two specs says, and nothing of the other, and has lost nothing that it knew.
func whole(t *testing.T, ask func(string) string) {
	t.Helper()
	got := ""
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(300 * time.Millisecond) {
		got = ask(`kitt status 2>&1 | awk '$2 == "running" {print $1}' | sort | tr '\n' ' '`)
		if got = strings.TrimSpace(got); got == "a1.1 a2.1" || got == "b1.1 b2.1" {
			break
		}
	}
	if got != "a1.1 a2.1" && got != "b1.1 b2.1" {
		t.Errorf("after the cut there run: %s\n%s", got, ask("kitt status; kitt events | tail -20"))
	}
	if out := ask("kitt events"); strings.Contains(out, "left alone") || strings.Contains(out, "read intents") {
		t.Errorf("its state was not whole:\n%s", out)
	}
	ask("kitt check") // which ends with 0
}

// outOfMemory: the kernel ends the process that takes too much, and no other; kitt says that it was the kernel.
func outOfMemory(t *testing.T, g Guest, ask func(string) string) {
	ask(`printf 'project = "app"\nprocess "calm" {\n  command = "exec sleep 1000"\n}\nprocess "hog" {\n  command = "sleep 1; exec tail /dev/zero"\n  restart {\n    backoff_min = "10m"\n    backoff_max = "10m"\n  }\n  limits { memory_max = "60MB" }\n}\n' > kitt.hcl`)
	ask("kitt apply --no-wait; sleep 1; kitt status")
	calm := ask(`kitt status -o json calm | sed 's/.*"pid":\([0-9]*\),"since.*/\1/'`)
	why := ""
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(500 * time.Millisecond) {
		if why = ask("kitt why hog"); strings.Contains(why, "for want of memory") {
			break
		}
	}
	if !strings.Contains(why, "SIGKILL") || !strings.Contains(why, "the system killed it for want of memory") {
		t.Errorf("why hog died: %s", why)
	}
	if out := ask(`kitt status -o json calm | sed 's/.*"pid":\([0-9]*\),"since.*/\1/'`); out != calm {
		t.Errorf("calm had pid %s and has %s", calm, out)
	}
	if out, err := g.Exec("systemctl is-active kitt"); err != nil {
		t.Errorf("the keeper: %s %v", out, err)
	}
}
