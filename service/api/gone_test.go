package api

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
)

// dying is a client of daemons that die one after the other: the nth connection is given to die, which tells how.
func dying(t *testing.T, die func(n int, c net.Conn)) (*Client, *atomic.Int32) {
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	asked := &atomic.Int32{}
	go func() { // ended by the listener's close
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			die(int(asked.Add(1)), c)
			c.Close()
		}
	}()
	return &Client{Socket: socket}, asked
}

// reply reads a whole request and answers it.
func reply(c net.Conn, body string) {
	r, err := http.ReadRequest(bufio.NewReader(c))
	if err == nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"+body)
	}
}

func TestAnOrderIsSentAgainOnlyIfItWasNotRead(t *testing.T) {
	for _, row := range []struct {
		name   string
		die    func(net.Conn)
		asked  int32
		linux  bool
		answer error
	}{
		{"what the daemon has read may be done", func(c net.Conn) { reply(c, "") }, 1, false, ErrGone},
		{"what broke off in its answer may be done", func(c net.Conn) { reply(c, `{"type":"note"`) }, 1, false, ErrGone},
		{"what nobody read is not done", func(net.Conn) {}, 2, true, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			if row.linux && runtime.GOOS != "linux" {
				t.Skip("no other system tells")
			}
			c, asked := dying(t, func(n int, c net.Conn) {
				if n == 1 {
					row.die(c)
					return
				}
				reply(c, `{"type":"done"}`)
			})
			var last error
			for _, err := range c.Post(t.Context(), "restart", Order{}) {
				last = err
			}
			if !errors.Is(last, row.answer) || asked.Load() != row.asked {
				t.Errorf("%v, asked %d times; want %v, %d", last, asked.Load(), row.answer, row.asked)
			}
		})
	}
}

func TestWhatOnlyLooksIsAskedOfTheNextDaemon(t *testing.T) {
	c, _ := dying(t, func(n int, c net.Conn) {
		switch {
		case n <= 5:
			_, _ = http.ReadRequest(bufio.NewReader(c))
		case n == 6:
			reply(c, `{"type":"note","text":"a"}{"type"`)
		case n == 7:
			reply(c, `{"type":"note","text":"b"}`)
		}
	})
	var texts []string
	for line, err := range Follow[Line](t.Context(), c, "/v1/events", nil) {
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, line.Text)
	}
	if got := strings.Join(texts, " "); got != "a b" {
		t.Errorf("got %q", got)
	}
}
