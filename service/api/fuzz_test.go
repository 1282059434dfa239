package api

import (
	"context"
	"encoding/json"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// FuzzTable: any bytes as a table are a status or an error, and a status comes back as it went.
func FuzzTable(f *testing.F) {
	f.Add([]byte("k\t1\t2\tv\ns\tshop\t/s/kitt.hcl\t\ni\tweb.1\tshop\trunning\ttrue\t9\t1700000000000\t1\t0\t0.5\t100\t\t\t\n"))
	f.Add([]byte("i\tweb.1\tshop\tfailed\tfalse\t0\t\t1\t0\t0\t0\ta\\tb\\nc\\\\\tc1\t5\n"))
	f.Add([]byte("i\n"))
	f.Add([]byte("k\t\t\t\ns\ta\tb\tnull\ns\ta\tb\t{\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ParseTable(b)
		if err != nil {
			return
		}
		again, err := ParseTable(AppendTable(nil, s))
		if err != nil || len(again.Instances) != len(s.Instances) || len(again.Specs) != len(s.Specs) {
			t.Fatalf("%q: %+v became %+v, %v", b, s, again, err)
		}
		for i := range s.Instances {
			if a, b := s.Instances[i], again.Instances[i]; a.ID != b.ID || a.Reason != b.Reason || a.PID != b.PID {
				t.Fatalf("%+v became %+v", a, b)
			}
		}
		var any map[string]any
		if err := json.Unmarshal(AppendStatus(nil, s), &any); err != nil {
			t.Fatalf("no JSON: %v", err)
		}
	})
}

// FuzzAnswer: whatever comes back on the socket, a client ends with an answer or an error.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}\n"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"typ"))
	f.Add([]byte("HTTP/1.1 404 Not Found\r\n\r\n{\"error\":\"no\",\"code\":4}"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 9999999999999\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 200 OK\r\n\r\n{\"type\":\"action\"}\n{\"type\":\"done\",\"code\":5}\n"))
	f.Add([]byte(strings.Repeat("x", 5000)))
	sock := filepath.Join(f.TempDir(), "s")
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := sock + "." + time.Now().Format("150405.000000000")
		l, err := net.Listen("unix", dir)
		if err != nil {
			t.Skip(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				_, _ = c.Write(b)
				_ = c.(*net.UnixConn).CloseWrite()
				_ = c.Close()
			}
		}()
		defer func() { l.Close(); <-done }()
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		c := &Client{Socket: dir}
		answer, _, err := c.open(ctx, "POST", "/v1/apply", nil, []byte("{}")) // one try: what is gone is asked again
		if err == nil {
			for dec := json.NewDecoder(answer); err == nil; {
				var line Line
				err = dec.Decode(&line)
			}
			_ = answer.Close()
		}
		if ctx.Err() != nil {
			t.Fatalf("it waits for ever after %q", b)
		}
	})
}
