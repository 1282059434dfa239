//go:build linux

package torture

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"kitt.sh/reconcile/failpoint"
)

// workshop is the folder of what is built once: kitt with its steps, and this test binary without the race detector.
var (
	workshop string
	build    sync.Once
	buildErr error
)

func tools(t testing.TB) (kitt, actor string) {
	t.Helper()
	if kitt := os.Getenv("TORTURE_KITT"); kitt != "" {
		return kitt, os.Args[0]
	}
	build.Do(func() {
		if workshop, buildErr = os.MkdirTemp("", "kt"); buildErr != nil {
			return
		}
		buildErr = goTool("build", "-tags", "failpoint", "-o", workshop+"/kitt", "kitt.sh")
		if raced && buildErr == nil {
			buildErr = goTool("test", "-c", "-o", workshop+"/actor", "kitt.sh/internal/torture")
		}
	})
	if buildErr != nil {
		t.Fatal(buildErr)
	}
	if raced {
		return workshop + "/kitt", workshop + "/actor"
	}
	return workshop + "/kitt", os.Args[0]
}

func goTool(args ...string) error {
	out, err := exec.Command("go", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

// A stage is one kitt with a home of its own.
type stage struct {
	kitt, actor string
	root, home  string // everything of this run; KITT_HOME in it
	board       *failpoint.Board
	orphanage   *orphanage
}

func newStage(t testing.TB) *stage {
	t.Helper()
	kitt, actor := tools(t)
	root, err := os.MkdirTemp("", "kt") // short: sockets lie below it
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{kitt: kitt, actor: actor, root: root, home: root + "/h", orphanage: open()}
	if err := os.MkdirAll(root+"/say", 0o700); err != nil {
		t.Fatal(err)
	}
	if s.board, err = failpoint.Open(root + "/board"); err != nil {
		t.Fatal(err)
	}
	return s
}

// clean ends whatever is left of the stage, and removes it unless keep.
func (s *stage) clean(keep bool) {
	s.disarm()
	_, _ = s.run("shutdown", "--timeout", "15s")
	for range 5 {
		for _, pid := range s.ours() {
			_ = unix.Kill(pid, unix.SIGKILL)
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.orphanage.close()
	if !keep {
		_ = os.RemoveAll(s.root)
	}
}

func (s *stage) disarm() {
	for _, n := range failpoint.Names {
		s.board.Arm(n, 0)
	}
}

// environ is the world of kitt here: nothing of another kitt's.
func (s *stage) environ() (env []string) {
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "KITT_") {
			env = append(env, kv)
		}
	}
	return append(env, "KITT_HOME="+s.home, "TORTURE_DIR="+s.root+"/say", failpoint.Env+"="+s.root+"/board", "NO_COLOR=1")
}

// hang is how long a verb may take; those that wait are told to wait for less.
const hang = 40 * time.Second

var errHang = errors.New("it hung")

// run is one call of kitt.
func (s *stage) run(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), hang)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.kitt, args...)
	cmd.Dir, cmd.Env = s.root, s.environ()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = time.Second
	err := s.orphanage.own(cmd)
	if err == nil {
		err = cmd.Wait()
		s.orphanage.disown(cmd)
	}
	if ctx.Err() != nil {
		err = errHang
	}
	return out.String(), err
}

// status is what the daemon itself says, asked without the command line.
type status struct {
	Keeper, Daemon struct{ PID int }
	Instances      []struct {
		ID, Phase            string
		PID                  int
		Generation, Restarts int
	}
}

func (s *stage) status() (st status, err error) {
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", s.home+"/run/api.sock")
		}}}
	res, err := client.Get("http://kitt/v1/status")
	if err != nil {
		return st, err
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&st); err != nil {
		return st, err
	}
	if res.StatusCode != http.StatusOK || st.Daemon.PID == 0 || st.Keeper.PID == 0 {
		return st, errors.New(res.Status)
	}
	return st, nil
}

// ours lists every process that names this home in its environment or its arguments.
func (s *stage) ours() (pids []int) {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		pid, _ := strconv.Atoi(filepath.Base(dir))
		env, _ := os.ReadFile(dir + "/environ")
		args, _ := os.ReadFile(dir + "/cmdline")
		if !bytes.Contains(env, []byte("KITT_HOME="+s.home+"\x00")) && !bytes.Contains(args, []byte(s.home+"\x00")) || pid == os.Getpid() {
			continue
		}
		if _, alive := runOf(pid); alive {
			pids = append(pids, pid)
		}
	}
	return pids
}

// A victim is a process that can be killed without a doubt who that is.
type victim struct {
	pid, fd int
}

func take(pid int) (victim, error) {
	fd, err := unix.PidfdOpen(pid, 0)
	return victim{pid, fd}, err
}

// kill kills it and waits for its death; the time is that before the signal.
func (v victim) kill() time.Time {
	at := time.Now()
	_ = unix.PidfdSendSignal(v.fd, unix.SIGKILL, nil, 0)
	for !v.dead() {
		_, _ = unix.Poll([]unix.PollFd{{Fd: int32(v.fd), Events: unix.POLLIN}}, 100)
	}
	return at
}

func (v victim) freeze() { _ = unix.PidfdSendSignal(v.fd, unix.SIGSTOP, nil, 0) }

func (v victim) dead() bool {
	n, _ := unix.Poll([]unix.PollFd{{Fd: int32(v.fd), Events: unix.POLLIN}}, 0)
	return n > 0
}

func (v victim) letGo() { _ = unix.Close(v.fd) }
