//go:build linux

package boottest

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// An emulated is a Guest of qemu: a kernel, a disk and a clock of its own. What its kernel had not written when the power is cut is
// gone. It has no network; commands go in and out by its second serial line.
type emulated struct {
	t     testing.TB
	dir   string
	qemu  *exec.Cmd
	ended chan error
	line  net.Conn
	reads *bufio.Reader
}

// agent runs what comes in on the second serial line, a command a line in base64, and answers with what it said and its exit code.
const agent = `#!/bin/bash
stty -F /dev/ttyS1 raw -echo
exec 3<>/dev/ttyS1
echo hello >&3
while read -r line <&3; do
	said=$(bash -c "$(base64 -d <<<"$line")" 2>&1 3>&-)
	code=$?
	echo "$code $(base64 -w0 <<<"$said")." >&3
done
`

const agentUnit = `[Unit]
After=systemd-user-sessions.service dbus.service
[Service]
Environment=HOME=/root
ExecStart=/usr/local/sbin/agent
Restart=always
[Install]
WantedBy=multi-user.target
`

// kernelOf is Debian's kernel for clouds: it has the disk's driver built in.
func kernelOf(t testing.TB) string {
	t.Helper()
	name := ""
	for line := range strings.Lines(must(t, "apt-cache", "depends", "linux-image-cloud-amd64")) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "Depends: linux-image"); ok && name == "" {
			name = "linux-image" + rest
		}
	}
	dir := cache(t, name)
	once(t, dir, func(tmp string) {
		if err := os.MkdirAll(tmp, 0o755); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("sh", "-c", `apt-get download -q `+name+` && dpkg -x *.deb tree && mv tree/boot/vmlinuz-* vmlinuz && rm -rf tree *.deb`)
		cmd.Dir = tmp
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("fetch a kernel: %v\n%s", err, out)
		}
	})
	return filepath.Join(dir, "vmlinuz")
}

// newEmulated makes a machine with a disk of its own from a system and the files that are to lie on it.
func newEmulated(t testing.TB, system string, files map[string]string) *emulated {
	t.Helper()
	dir, err := os.MkdirTemp("", "kitt-boot")
	if err != nil {
		t.Fatal(err)
	}
	g := &emulated{t: t, dir: dir}
	t.Cleanup(g.remove)
	tree := filepath.Join(dir, "tree")
	must(t, "cp", "-a", system, tree)
	files["/usr/local/sbin/agent"], files["/etc/systemd/system/agent.service"] = agent, agentUnit
	for name, text := range files {
		path := filepath.Join(tree, name)
		_ = os.MkdirAll(filepath.Dir(path), 0o755)
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	must(t, "chroot", tree, "systemctl", "enable", "-q", "agent.service")
	must(t, "chroot", tree, "chown", "-R", "dev:dev", "/home/dev")
	must(t, "truncate", "-s", "700M", dir+"/disk")
	must(t, "/sbin/mkfs.ext4", "-q", "-d", tree, dir+"/disk")
	must(t, "rm", "-rf", tree)
	return g
}

func (g *emulated) remove() {
	if g.qemu != nil {
		g.PowerCut()
	}
	if g.t.Failed() {
		b, _ := os.ReadFile(g.dir + "/console")
		g.t.Logf("what the machine wrote last:\n%s", tail(b, 3000))
	}
	os.RemoveAll(g.dir)
}

// Boot implements Guest.
func (g *emulated) Boot() {
	g.t.Helper()
	_ = os.Remove(g.dir + "/line")
	g.qemu = exec.Command("qemu-system-x86_64", "-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "qemu64", "-smp", "2", "-m", "512",
		"-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
		"-serial", "file:"+g.dir+"/console", "-serial", "unix:"+g.dir+"/line,server=on,wait=off",
		"-kernel", kernelOf(g.t), "-append", "root=/dev/nvme0n1 rw console=ttyS0 panic=-1 random.trust_cpu=on quiet",
		"-drive", "file="+g.dir+"/disk,format=raw,if=none,id=d0", "-device", "nvme,drive=d0,serial=kitt")
	g.qemu.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := g.qemu.Start(); err != nil {
		g.t.Fatalf("boot: %v", err)
	}
	ended := make(chan error, 1)
	g.ended = ended
	go func() { ended <- g.qemu.Wait() }() // read by down
	g.connect()
	if out, err := g.Exec("systemctl is-system-running --wait"); !strings.Contains(out, "running") && !strings.Contains(out, "degraded") {
		g.t.Fatalf("come up: %v\n%s", err, out)
	}
}

// connect waits for the agent's first word.
func (g *emulated) connect() {
	g.t.Helper()
	var err error
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if g.line, err = net.Dial("unix", g.dir+"/line"); err == nil {
			break
		}
	}
	if err != nil {
		g.t.Fatalf("reach the machine: %v", err)
	}
	g.reads = bufio.NewReader(g.line)
	_ = g.line.SetReadDeadline(time.Now().Add(patience))
	for {
		word, err := g.reads.ReadString('\n')
		if err != nil {
			b, _ := os.ReadFile(g.dir + "/console")
			g.t.Fatalf("the machine did not come up in %s: %v\n%s", patience, err, tail(b, 4000))
		}
		if strings.Contains(word, "hello") {
			return
		}
	}
}

// Exec implements Guest.
func (g *emulated) Exec(line string) (string, error) {
	_ = g.line.SetDeadline(time.Now().Add(patience))
	if _, err := fmt.Fprintln(g.line, base64.StdEncoding.EncodeToString([]byte(line))); err != nil {
		return "", err
	}
	answer, err := g.reads.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("no answer: %w", err)
	}
	code, said, _ := strings.Cut(strings.TrimSuffix(strings.TrimSpace(answer), "."), " ")
	out, err := base64.StdEncoding.DecodeString(said)
	if n, bad := strconv.Atoi(code); err == nil && (bad != nil || n != 0) {
		err = fmt.Errorf("exit %s", code)
	}
	return string(out), err
}

// Send runs a line and does not wait for it; nothing can be asked before it has ended.
func (g *emulated) Send(line string) {
	_, _ = fmt.Fprintln(g.line, base64.StdEncoding.EncodeToString([]byte(line)))
}

// ExecAs implements Guest.
func (g *emulated) ExecAs(user, line string) (string, error) {
	return g.Exec("runuser -l " + user + " -c " + quoted(`export XDG_RUNTIME_DIR=/run/user/$(id -u); `+line))
}

func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func (g *emulated) down() {
	g.t.Helper()
	select {
	case <-g.ended:
	case <-time.After(patience):
		_ = g.qemu.Process.Kill()
		<-g.ended
		g.t.Errorf("it did not go down in %s", patience)
	}
	g.line.Close()
	g.qemu = nil
}

// PowerOff implements Guest.
func (g *emulated) PowerOff() {
	g.t.Helper()
	g.Send("systemctl poweroff")
	g.down()
}

// Reboot implements Guest.
func (g *emulated) Reboot() {
	g.t.Helper()
	g.Send("systemctl reboot") // -no-reboot: qemu ends
	g.down()
	g.Boot()
}

// Crash implements Guest: the kernel panics.
func (g *emulated) Crash() {
	g.t.Helper()
	g.Send("echo c > /proc/sysrq-trigger")
	g.down()
}

// PowerCut implements Guest.
func (g *emulated) PowerCut() {
	_ = g.qemu.Process.Kill()
	<-g.ended
	g.line.Close()
	g.qemu = nil
}
