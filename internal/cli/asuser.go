package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"kitt.sh/service/api"
	"kitt.sh/service/home"
	"kitt.sh/service/unit"
)

// A kitt lets nobody in but its own user, not even root. So root, who makes the machine's service of another user's kitt, asks it
// by a child that runs as that user.

// liveAs makes the kitt of another user the one that is spoken of, unless a home was named: root's own is not meant.
func (k *Kitt) liveAs(u *user.User) error {
	if k.Dirs.Custom(k.Env, runtime.GOOS) {
		d, err := home.Resolve("", only("HOME", u.HomeDir), runtime.GOOS)
		if err != nil {
			return fmt.Errorf("find home: %w", err)
		}
		k.Dirs = d
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
	if err := errors.Join(err, err2); err != nil {
		return fmt.Errorf("find user: %w", err)
	}
	if os.Geteuid() == 0 && uid != 0 {
		k.service.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	return nil
}

// asksAs has what is asked of a running kitt asked by its own user.
func (k *Kitt) asksAs(h *unit.Host) {
	h.Ready = func(ctx context.Context) (int, error) {
		out, err := k.askAs(ctx, "keeper")
		if err != nil {
			return 0, err
		}
		return strconv.Atoi(strings.TrimSpace(out))
	}
	h.HandOver = func(ctx context.Context) (int, error) {
		out, err := k.askAs(ctx, "handover")
		if err != nil {
			return 0, err
		}
		return strconv.Atoi(strings.TrimSpace(out))
	}
	h.Announce = func(ctx context.Context, stay bool) error {
		_, err := k.askAs(ctx, "announce", strconv.FormatBool(stay))
		return err
	}
}

// askAs runs `kitt internal ask` as the user whose kitt it is.
func (k *Kitt) askAs(ctx context.Context, words ...string) (string, error) {
	exe, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find kitt: %w", err)
	}
	cmd := exec.CommandContext(ctx, exe, append([]string{"internal", "ask", k.Dirs.Home}, words...)...)
	cmd.Dir, cmd.Env = "/", []string{"HOME=/", "PATH=" + k.Env("PATH")}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: k.service.as}
	var said, talk bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &talk
	if err := cmd.Run(); err != nil {
		if words := strings.TrimSpace(talk.String()); words != "" {
			err = errors.New(words)
		}
		return "", fmt.Errorf("ask kitt: %w", err)
	}
	return said.String(), nil
}

// askMain is `kitt internal ask HOME keeper|handover|announce [BOOL]`.
func askMain(args []string) int {
	if len(args) < 2 {
		return complain("ask", errors.New("want HOME and a question"))
	}
	d, err := home.Resolve(args[0], os.Getenv, runtime.GOOS)
	if err != nil {
		return complain("ask", err)
	}
	ctx, k := context.Background(), &Kitt{Env: os.Getenv, Dirs: d, API: &api.Client{Socket: d.API()}}
	switch args[1] {
	case "keeper":
		pid := 0
		if pid, err = k.keeperPID(ctx); err == nil {
			fmt.Println(pid)
		}
	case "handover":
		lives := 0
		if lives, err = k.handOver(ctx); err == nil {
			fmt.Println(lives)
		}
	case "announce":
		err = k.announce(ctx, len(args) > 2 && args[2] == "true")
	default:
		err = fmt.Errorf("%q is no question", args[1])
	}
	if err != nil {
		return complain("ask", err)
	}
	return 0
}
