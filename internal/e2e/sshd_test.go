package e2e

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// sshdProgram is the sshd of this machine; an sshd wants to be called by its whole path.
func sshdProgram() (string, bool) {
	for _, name := range []string{"sshd", "/usr/sbin/sshd", "/usr/local/sbin/sshd"} {
		if path, err := exec.LookPath(name); err == nil {
			if _, err := exec.LookPath("ssh"); err == nil {
				path, err = filepath.Abs(path)
				return path, err == nil
			}
		}
	}
	return "", false
}

// sshd: a real sshd on loopback until the script ends, with keys of its own. It sets SSHD_PORT, SSH_USER, and SSH_KEY to
// the private key that it lets in; known_hosts lies beside it. See the condition [sshd].
func sshd(ts *testscript.TestScript, _ bool, _ []string) {
	program, ok := sshdProgram()
	if !ok {
		ts.Fatalf("no sshd here")
	}
	dir, err := os.MkdirTemp("", "s")
	ts.Check(err)
	ts.Defer(func() { os.RemoveAll(dir) })
	for _, name := range []string{"host", "key"} {
		ts.Check(ts.Exec("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(dir, name)))
	}
	who, err := user.Current()
	ts.Check(err)
	if who.Uid == "0" {
		_ = os.MkdirAll("/run/sshd", 0o755) // where it lets go of its rights
	}
	port := freePort(ts)
	config := fmt.Sprintf("ListenAddress 127.0.0.1\nPort %d\nHostKey %s/host\nAuthorizedKeysFile %s/key.pub\nStrictModes no\nUsePAM no\nPidFile none\n"+
		"PermitRootLogin yes\nPasswordAuthentication no\nLogLevel VERBOSE\n", port, dir, dir)
	ts.Check(os.WriteFile(filepath.Join(dir, "config"), []byte(config), 0o600))
	var said bytes.Buffer
	cmd := exec.Command(program, "-D", "-e", "-f", filepath.Join(dir, "config"))
	cmd.Stderr = &said
	ts.Check(cmd.Start())
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }() // ends when it is killed below
	ts.Defer(func() { _ = cmd.Process.Kill(); <-ended })
	host, err := os.ReadFile(filepath.Join(dir, "host.pub"))
	ts.Check(err)
	ts.Check(os.WriteFile(filepath.Join(dir, "known_hosts"), fmt.Appendf(nil, "[127.0.0.1]:%d %s", port, host), 0o600))
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			c.Close()
			break
		}
		select {
		case <-ended:
			ts.Fatalf("sshd: %s", said.String())
		default:
		}
		if time.Now().After(end) {
			ts.Fatalf("sshd does not listen")
		}
	}
	ts.Setenv("SSHD_PORT", strconv.Itoa(port))
	ts.Setenv("SSH_KEY", filepath.Join(dir, "key"))
	ts.Setenv("SSH_USER", who.Username)
}

func freePort(ts *testscript.TestScript) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
