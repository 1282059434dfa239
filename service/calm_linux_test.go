package service

import (
	"os/exec"
	"testing"
	"time"
)

func TestAtRest(t *testing.T) {
	for _, row := range []struct {
		name, script string
		asleep       bool
	}{
		{"what sleeps is at rest", "exec sleep 60", true},
		{"what is busy is not", "while :; do :; done", false},
		{"what waits for another is not", "sleep 60; true", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			cmd := exec.Command("/bin/sh", "-c", row.script)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer cmd.Wait()
			defer cmd.Process.Kill()
			looks := 0
			for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
				ran, asleep := atRest(cmd.Process.Pid)
				if again, _ := atRest(cmd.Process.Pid); asleep && again == ran {
					looks++
				}
				if row.asleep && looks >= 5 || !row.asleep && time.Until(end) < 19*time.Second {
					break
				}
			}
			if (looks >= 5) != row.asleep {
				t.Errorf("seen to sleep %d times", looks)
			}
		})
	}
	if _, asleep := atRest(1 << 30); asleep {
		t.Error("no process sleeps")
	}
}
