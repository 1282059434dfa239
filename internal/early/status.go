package early

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"kitt.sh/reconcile/keeper"
	"kitt.sh/service/home"
)

// TextView asks GET /v1/status for what `kitt status` prints: ?view=text, with columns=N where lines must fit into N
// columns, and colour=1.
const TextView = "text"

// status prints what the daemon says. False means that nothing was printed.
func status(l Line) bool {
	path, ok := statusPath(l, os.Getenv, os.Stdout)
	d, err := home.Resolve(l.Home, os.Getenv, runtime.GOOS)
	if !ok || err != nil {
		return false
	}
	body, ok := fetch(d.API(), path)
	if !ok || len(body) == 0 { // nothing runs: what to do about that is said by package cli
		return false
	}
	if _, err = os.Stdout.Write(body); err != nil {
		os.Exit(1)
	}
	return true
}

func statusPath(l Line, env func(string) string, out *os.File) (path string, ok bool) {
	switch l.Output {
	case "json":
		return "/v1/status", true
	case "", "table":
	default:
		return "", false
	}
	path = "/v1/status?view=" + TextView
	if n := Columns(out); n > 0 {
		path += "&columns=" + strconv.Itoa(n)
	}
	if Coloured(env, out) {
		path += "&colour=1"
	}
	return path, true
}

// answerMost bounds the size of an answer, answerIn the time that each part of it may take.
const (
	answerMost = 64 << 20
	answerIn   = 10 * time.Second
)

// fetch returns the body of a GET, if the answer is 200 and whole.
func fetch(socket, path string) (body []byte, ok bool) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return nil, false
	}
	defer unix.Close(fd)
	unix.CloseOnExec(fd)
	limit := unix.NsecToTimeval(int64(answerIn))
	_ = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit)
	if unix.Connect(fd, &unix.SockaddrUnix{Name: socket}) != nil {
		return nil, false
	}
	if uid, err := keeper.PeerUID(fd); err != nil || uid != os.Geteuid() {
		return nil, false
	}
	if _, err := unix.Write(fd, []byte("GET "+path+" HTTP/1.0\r\nHost: kitt\r\n\r\n")); err != nil {
		return nil, false
	}
	return whole(drain(fd))
}

// drain reads to the end. What was cut off is not whole, and seen to be so.
func drain(fd int) []byte {
	all := make([]byte, 0, 64<<10)
	for len(all) < answerMost {
		if len(all) == cap(all) {
			all = append(all, make([]byte, len(all))...)[:len(all)]
		}
		n, err := unix.Read(fd, all[len(all):cap(all)])
		if err == unix.EINTR {
			continue
		}
		if err != nil || n <= 0 {
			break
		}
		all = all[:len(all)+n]
	}
	return all
}

// whole parts an answer: ok if it is 200 and has as many bytes as it says.
func whole(answer []byte) (body []byte, ok bool) {
	head, body, _ := bytes.Cut(answer, []byte("\r\n\r\n"))
	first, fields, _ := bytes.Cut(head, []byte("\r\n"))
	if !bytes.HasPrefix(first, []byte("HTTP/1.")) || !bytes.HasPrefix(first[min(8, len(first)):], []byte(" 200 ")) {
		return nil, false
	}
	for field := range bytes.SplitSeq(fields, []byte("\r\n")) {
		name, value, _ := bytes.Cut(field, []byte(": "))
		if bytes.EqualFold(name, []byte("content-length")) {
			n, err := strconv.Atoi(string(value))
			return body, err == nil && n == len(body)
		}
	}
	return nil, false
}
