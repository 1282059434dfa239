package service

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"kitt.sh/service/probe"
)

func TestTheKernelTellsWhoTookAConnection(t *testing.T) {
	stranger := exec.Command("sleep", "100")
	if err := stranger.Start(); err != nil {
		t.Fatal(err)
	}
	defer stranger.Wait()
	defer stranger.Process.Kill()
	me, other := os.Getpid(), stranger.Process.Pid
	for _, at := range []struct{ name, network, address, dial string }{
		{"IPv4", "tcp4", "127.0.0.1:0", ""},
		{"IPv6", "tcp6", "[::1]:0", ""},
		{"all addresses", "tcp", "[::]:0", "127.0.0.1"},
		{"a unix socket", "unix", filepath.Join(t.TempDir(), "s"), ""},
	} {
		t.Run(at.name, func(t *testing.T) {
			l, err := net.Listen(at.network, at.address)
			if err != nil {
				t.Skip(err) // no IPv6
			}
			defer l.Close()
			to := l.Addr().String()
			if at.dial != "" {
				_, port, _ := net.SplitHostPort(to)
				to = net.JoinHostPort(at.dial, port)
			}
			c, err := net.Dial(l.Addr().Network(), to)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if _, known := farInode(c); !known {
				t.Skip("the kernel does not say")
			}
			if who := whoTook(c, me, nil); who != probe.Nobody {
				t.Errorf("it is in the queue, and was taken by %d", who)
			}
			took, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range []struct {
				name   string
				mine   int
				others []int
				want   probe.Owner
			}{
				{"the life itself", me, []int{other}, probe.Mine},
				{"another life", other, []int{me}, probe.Other},
				{"a program that is none of them", other, nil, probe.Unknown},
			} {
				if who := whoTook(c, row.mine, row.others); who != row.want {
					t.Errorf("%s: %d, want %d", row.name, who, row.want)
				}
			}
			took.Close()
			for end := time.Now().Add(5 * time.Second); whoTook(c, me, nil) == probe.Mine; time.Sleep(time.Millisecond) {
				if time.Now().After(end) {
					t.Fatal("it was hung up on, and still has it")
				}
			}
		})
	}
}
