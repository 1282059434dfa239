package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"kitt.sh/internal/port"
)

// A takeOver moves the processes of pm2 into kitt one by one, so that at most one of them is down at a time.
type takeOver struct {
	k       *Kitt
	pm2     pm2
	file    string
	project port.Project
	timeout time.Duration
}

func (t takeOver) run(ctx context.Context) error {
	var moved []string
	failed := 0
	for _, p := range t.project.Processes {
		if p.Held || len(p.Ids) == 0 {
			continue
		}
		switch err := t.one(ctx, p); {
		case ctx.Err() != nil:
			t.wayBack(moved)
			return ctx.Err()
		case err != nil:
			failed++
		default:
			moved = append(moved, ids(p)...)
		}
	}
	t.wayBack(moved)
	if failed > 0 {
		return &trouble{text: fmt.Sprintf("import pm2: %s left in pm2", count(failed, "process is", "processes are")),
			hint: "mend " + filepath.Base(t.file) + ", then pm2 stop NAME and kitt start NAME", code: codeNotReady}
	}
	return nil
}

// one stops a process in pm2 and starts it in kitt. If kitt cannot, pm2's is started again.
func (t takeOver) one(ctx context.Context, p port.Process) error {
	t.k.note("%s: out of pm2, into kitt", p.Name)
	err := t.quietly(ctx, p, "stop")
	if err == nil {
		err = Apply{File: t.file, Only: []string{p.Name}, Timeout: t.timeout}.Run(ctx, asTable(t.k))
		if err == nil {
			return nil
		}
	}
	t.k.fail(err)
	back := context.WithoutCancel(ctx) // also at Ctrl-C: what was stopped is not left so
	hold := Stop{Names: []string{t.project.Name + "/" + p.Name}, Message: "kitt import pm2 --take-over could not start it", Timeout: t.timeout}
	if held := hold.Run(back, asTable(t.k)); held != nil && exitCode(held) != codeNoProcess && exitCode(held) != codeNoDaemon {
		t.k.fail(held)
	}
	if again := t.quietly(back, p, "restart"); again != nil {
		t.k.fail(again)
		return again
	}
	t.k.note("%s: runs in pm2 again", p.Name)
	return err
}

// quietly has pm2 do something to all instances of p.
func (t takeOver) quietly(ctx context.Context, p port.Process, verb string) error {
	_, err := t.pm2.do(ctx, append([]string{verb}, ids(p)...)...)
	return err
}

func ids(p port.Process) (out []string) {
	for _, id := range p.Ids {
		out = append(out, strconv.Itoa(id))
	}
	return out
}

func (t takeOver) wayBack(moved []string) {
	if len(moved) == 0 {
		return
	}
	t.k.note("the way back: kitt down %s && pm2 restart %s", t.project.Name, strings.Join(moved, " "))
	t.k.note("when all is well: pm2 delete %s && pm2 save --force, so that pm2 starts them at no boot; kitt service install lets kitt do it", strings.Join(moved, " "))
}
