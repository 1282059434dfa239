package probe

import (
	"context"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"kitt.sh/spec"
)

// TestWhatLiesToAProbe is about programs that take the connection and then do anything but answer: no question takes longer than
// its time, nor fills the memory.
func TestWhatLiesToAProbe(t *testing.T) {
	flood := func(c net.Conn, text string) {
		for {
			if _, err := io.WriteString(c, text); err != nil {
				return
			}
		}
	}
	for _, tt := range []struct {
		name string
		do   func(net.Conn)
		body string
		says string // "" is well
	}{
		{"it never answers", func(c net.Conn) { io.Copy(io.Discard, c) }, "", "no answer within 300ms"},
		{"it hangs up", func(c net.Conn) {}, "", "EOF"},
		{"it speaks another language", func(c net.Conn) { io.WriteString(c, "SSH-2.0-x\r\n") }, "", "malformed HTTP"},
		{"it never ends its headers", func(c net.Conn) {
			io.WriteString(c, "HTTP/1.1 200 OK\r\n")
			flood(c, "X-Much: "+strings.Repeat("x", 4096)+"\r\n")
		}, "", "headers exceeded"},
		{"one header without an end", func(c net.Conn) {
			io.WriteString(c, "HTTP/1.1 200 OK\r\nX-Much: ")
			flood(c, strings.Repeat("x", 4096))
		}, "", "headers exceeded"},
		{"it answers that it will answer, for ever", func(c net.Conn) { flood(c, "HTTP/1.1 102 Processing\r\n\r\n") }, "", "headers exceeded"},
		{"a body of ten gigabytes, looked through", func(c net.Conn) {
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n")
			flood(c, strings.Repeat("x", 64<<10))
		}, "never there", "its body does not match never there"},
		{"and not looked at", func(c net.Conn) {
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n")
			flood(c, strings.Repeat("x", 64<<10))
		}, "", ""},
		{"a body that drips", func(c net.Conn) {
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
			for {
				if _, err := io.WriteString(c, "x"); err != nil {
					return
				}
				time.Sleep(10 * time.Millisecond)
			}
		}, "never there", "no answer within 300ms"},
		{"a redirection to itself", func(c net.Conn) {
			io.WriteString(c, "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n")
		}, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			address := liar(t, tt.do)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			begun := time.Now()
			err := Ask(context.Background(), &spec.Probe{HTTP: "http://" + address + "/", Body: tt.body, Timeout: 300 * time.Millisecond},
				Target{Env: func(string) string { return "" }, Now: time.Now})
			if took := time.Since(begun); took > 10*time.Second {
				t.Errorf("it took %s", took)
			}
			runtime.ReadMemStats(&after)
			if got := after.TotalAlloc - before.TotalAlloc; got > 8<<20 {
				t.Errorf("it took %d MB", got>>20)
			}
			if got := fmt.Sprint(err); tt.says == "" && err != nil || !strings.Contains(got, tt.says) {
				t.Errorf("got %q, want %q", got, tt.says)
			}
		})
	}
}

// liar takes connections, reads the head of what is asked, and does with them as it is told.
func liar(t *testing.T, do func(net.Conn)) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.SetDeadline(time.Now().Add(20 * time.Second))
			c.Read(make([]byte, 4096))
			do(c)
			c.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String()
}

// TestWhatFlaps: only answers in a row count.
func TestWhatFlaps(t *testing.T) {
	for _, tt := range []struct {
		answers   string // + is good, - is bad
		good, bad int
	}{
		{"+-+-+-+-", 0, 1}, {"++++++--", 0, 2}, {"---", 0, 3}, {"--+--+", 1, 0}, {"", 0, 0},
	} {
		c := Count{}
		for _, a := range tt.answers {
			c = c.Add(a == '+')
		}
		if (c != Count{Good: tt.good, Bad: tt.bad}) {
			t.Errorf("%s: %+v", tt.answers, c)
		}
	}
}
