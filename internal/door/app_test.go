package door

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// app is one of the programs that the tests have kitt run, or run as another user.
func app(mode string) {
	args := os.Args[1:]
	switch mode {
	case "sleep":
		time.Sleep(time.Hour)
	case "args": // prints its arguments
		fmt.Printf("%q\n", args)
		time.Sleep(time.Hour)
	case "connect": // dials a socket and says what it heard
		connect(args[0])
	case "impostor": // listens and tells how much it was told
		impostor(args[0])
	case "bytes": // writes so many bytes of noise, its sum to a file, and stays
		n, _ := strconv.Atoi(args[0])
		sum := sha256.New()
		noise(io.MultiWriter(os.Stdout, sum), n, args[2])
		_ = os.WriteFile(args[1], fmt.Appendf(nil, "%x", sum.Sum(nil)), 0o600)
		time.Sleep(time.Hour)
	case "lines": // writes so many numbered lines, and stays
		n, _ := strconv.Atoi(args[0])
		lines(n)
		time.Sleep(time.Hour)
	case "flood": // writes lines for ever
		lines(1 << 60)
	case "thief": // reads what it wrote to fd 1 back, and tells what it got
		thief(args[0])
	case "fifo": // writes into its own FIFO by path, as anybody of its user could
		f, err := os.OpenFile(args[0], os.O_WRONLY, 0)
		if err == nil {
			_, err = f.WriteString("by path\n")
		}
		fmt.Println("by descriptor", err)
		time.Sleep(time.Hour)
	default:
		fmt.Fprintln(os.Stderr, "no such app:", mode)
		os.Exit(2)
	}
}

func lines(n int) {
	var buf bytes.Buffer
	for i := range n {
		fmt.Fprintf(&buf, "line %d %s\n", i, strings.Repeat("x", 40))
		if buf.Len() > 32<<10 {
			_, _ = buf.WriteTo(os.Stdout)
		}
	}
	_, _ = buf.WriteTo(os.Stdout)
}

// noise writes n bytes: what "nul" is for, zeros; "line", one endless line; "bad", anything.
func noise(w io.Writer, n int, what string) {
	rnd := rand.NewChaCha8([32]byte{1})
	buf := make([]byte, 64<<10)
	for n > 0 {
		b := buf[:min(n, len(buf))]
		switch what {
		case "nul":
			clear(b)
		case "line":
			for i := range b {
				b[i] = 'a' + byte(i%26)
			}
		default:
			_, _ = rnd.Read(b)
		}
		if _, err := w.Write(b); err != nil {
			os.Exit(1)
		}
		n -= len(b)
	}
}

func connect(sock string) {
	c, err := net.Dial("unix", sock)
	if err != nil {
		fmt.Println("refused:", err)
		return
	}
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	if strings.HasSuffix(sock, "keeper.sock") {
		_, _ = c.Write(append(frame(1, field(40, []byte("cli")), field(38, num(1)), field(39, num(1))), frame(6)...))
	} else {
		_, _ = io.WriteString(c, "GET /v1/status HTTP/1.1\r\nHost: kitt\r\n\r\n")
	}
	b := make([]byte, 4096)
	n, err := c.Read(b)
	fmt.Printf("heard %d bytes, %v\n", n, err)
}

func impostor(sock string) {
	l, err := net.Listen("unix", sock)
	if err != nil {
		fmt.Println("no listener:", err)
		return
	}
	_ = os.Chmod(sock, 0o777)
	fmt.Println("listening")
	told := 0
	for range 2 { // kitt status asks once in short, and then in full
		_ = l.(*net.UnixListener).SetDeadline(time.Now().Add(3 * time.Second))
		c, err := l.Accept()
		if err != nil {
			break
		}
		_ = c.SetDeadline(time.Now().Add(10 * time.Second))
		b, _ := io.ReadAll(c)
		told += len(b)
	}
	fmt.Printf("was told %d bytes\n", told)
}

// thief writes lines and reads some of its own output back from the FIFO that is its fd 1.
func thief(tell string) {
	_ = syscall.SetNonblock(1, true)
	var got []byte
	b := make([]byte, 100)
	for i := range 2000 {
		line := fmt.Appendf(nil, "line %d\n", i)
		for len(line) > 0 {
			n, err := syscall.Write(1, line)
			if err == nil {
				line = line[n:]
			}
		}
		if i%7 == 0 {
			if n, err := syscall.Read(1, b); err == nil {
				got = append(got, b[:n]...)
			}
		}
	}
	_ = os.WriteFile(tell+".new", got, 0o600)
	_ = os.Rename(tell+".new", tell)
	time.Sleep(time.Hour)
}
