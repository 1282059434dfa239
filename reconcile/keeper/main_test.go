package keeper

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The test binary is also the keeper, its daemon, and the programs that it runs: the first argument behind @ says which.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && strings.HasPrefix(os.Args[1], "@") {
		os.Exit(roles[os.Args[1][1:]](os.Args[2:]))
	}
	os.Exit(m.Run())
}

var roles map[string]func(args []string) int

func init() {
	roles = map[string]func([]string) int{"keeper": asKeeper, "lines": asLines, "daemon": asDaemon, "pour": asPour, "echo": asEcho, "fat": asFat}
}

// asKeeper runs a keeper in the folder given; further arguments are options.
func asKeeper(args []string) int {
	o := Options{Home: args[0], Run: args[0] + "/run", State: args[0] + "/state", Version: "test"}
	for _, a := range args[1:] {
		switch a {
		case "copy":
			o.Copy = true
		case "scan":
			o.Scan = true
		case "daemon":
			o.Exe, o.DaemonArgs, o.Stderr = os.Args[0], []string{"@daemon", args[0]}, args[0]+"/logs/daemon.log"
		case "cgroup":
		default:
			n, _ := strconv.ParseUint(strings.TrimPrefix(a, "nofile="), 10, 64)
			syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: n, Max: n})
		}
	}
	return Run(asNamed(o))
}

// asLines writes numbered lines of 64 bytes at full speed until the file stop appears, then the number of lines.
func asLines(args []string) int {
	id, stop := args[0], args[1]
	var buf []byte
	n := 0
	for {
		buf = buf[:0]
		for range 1 + n%37 {
			line := fmt.Sprintf("@%s:%09d ", id, n)
			buf = append(buf, line...)
			buf = append(buf, strings.Repeat("x", 62-len(line))+"$\n"...)
			n++
		}
		if _, err := os.Stdout.Write(buf); err != nil {
			return 98
		}
		if n%1024 < 37 {
			if _, err := os.Stat(stop); err == nil {
				fmt.Printf("@%s:END %d$\n", id, n)
				return 0
			}
		}
	}
}

// A box is one kitt home with the keeper that lives there.
type box struct {
	testing.TB
	home string
	args []string
	cmd  *exec.Cmd
	c    *Client
	n    int
	all  map[string]Life
}

// newBox starts a keeper in a short folder: socket paths are short.
func newBox(t testing.TB, args ...string) *box {
	t.Helper()
	home, err := os.MkdirTemp("", "k")
	if err != nil {
		t.Fatal(err)
	}
	b := &box{TB: t, home: home, args: args}
	t.Cleanup(b.clean)
	b.start()
	return b
}

func (b *box) start() {
	b.Helper()
	b.again(os.Args[0])
	b.dial()
}

// again starts a keeper of the given program.
func (b *box) again(program string) {
	b.Helper()
	b.cmd = exec.Command(program, append([]string{"@keeper", b.home}, b.args...)...)
	b.cmd.Stderr = os.Stderr
	os.Remove(b.home + "/daemon")
	if err := b.cmd.Start(); err != nil {
		b.Fatal(err)
	}
}

func (b *box) dial() {
	b.Helper()
	if len(b.args) > 0 && b.args[0] == "daemon" {
		pidIn(b, "daemon") // it must have taken hold before it is fenced
	}
	b.until("a keeper", func() bool {
		c, err := Dial(b.ctx(), b.home+"/run/keeper.sock", "daemon")
		if err != nil {
			return false
		}
		if c.PID() != b.cmd.Process.Pid {
			c.Close()
			return false
		}
		b.c = c
		return true
	})
	b.ok(b.c.Claim(b.ctx()))
}

// kill ends the keeper by SIGKILL.
func (b *box) kill() {
	b.cmd.Process.Kill()
	b.cmd.Wait()
	b.c.Close()
}

func (b *box) clean() {
	if b.c != nil {
		lives, _ := b.c.List(b.ctx())
		for _, l := range lives {
			b.c.Stop(b.ctx(), StopOrder{Life: l.Name, Signal: syscall.SIGKILL})
		}
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		b.c.Shutdown(ctx, true)
		cancel()
		b.c.Close()
	}
	b.cmd.Process.Kill()
	b.cmd.Wait()
	os.RemoveAll(b.home)
}

func (b *box) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	b.TB.Cleanup(cancel)
	return ctx
}

func (b *box) ok(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// until polls what real processes do.
func (b *box) until(what string, done func() bool) {
	b.Helper()
	for end := time.Now().Add(15 * time.Second); !done(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			b.Fatalf("waited in vain for %s", what)
		}
	}
}

// name is that of the nth life. No other box has it: a keeper looks among all processes for those of its lives.
func (b *box) name(n int) string { return fmt.Sprintf("shop/web.%d#1.%s", n, filepath.Base(b.home)) }

func (b *box) order(argv ...string) Spawn {
	b.n++
	return Spawn{Life: b.name(b.n), Argv: argv, Path: argv[0], Env: []string{"PATH=/usr/bin:/bin", "HOME=" + b.home}, Cwd: "/",
		Umask: 0o22, Log: Log{Dir: fmt.Sprintf("%s/logs/web.%d", b.home, b.n), MaxSize: 1 << 20, Keep: 1000}}
}

func (b *box) spawn(argv ...string) Life {
	b.Helper()
	l, err := b.c.Spawn(b.ctx(), b.order(argv...))
	b.ok(err)
	return l
}

func (b *box) sh(script string) Life { b.Helper(); return b.spawn("/bin/sh", "-c", script) }

func (b *box) life(name string) Life {
	b.Helper()
	lives, err := b.c.List(b.ctx())
	b.ok(err)
	for _, l := range lives {
		if l.Name == name {
			return l
		}
	}
	return Life{}
}

func (b *box) exited(name string) Life {
	b.Helper()
	var l Life
	b.until("the end of "+name, func() bool { l = b.life(name); return l.State == Exited })
	return l
}

// text is all that a stream's store holds, in order.
func (b *box) text(n int, stream string) string {
	dir := fmt.Sprintf("%s/logs/web.%d/%s", b.home, n, stream)
	var out strings.Builder
	at := int64(-1)
	for _, g := range segments(dir) {
		data, err := os.ReadFile(dir + "/" + g.file)
		b.ok(err)
		if at >= 0 && at != g.start {
			b.Errorf("%s begins at %d, the one before ends at %d", g.file, g.start, at)
		}
		at = g.start + int64(len(data))
		out.Write(data)
	}
	data, _ := os.ReadFile(dir + "/current")
	out.Write(data)
	return out.String()
}

func gone(pid int) bool {
	p, ok := lookAt(pid)
	return !ok || p.dead()
}

func pidIn(b *box, file string) (pid int) {
	b.Helper()
	b.until(file, func() bool {
		text, _ := os.ReadFile(filepath.Join(b.home, file))
		pid, _ = strconv.Atoi(strings.TrimSpace(string(text)))
		return pid > 0
	})
	return pid
}

func asError(t testing.TB, err error) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("%v is no *Error", err)
	}
	return e
}
