package sdnotify

import (
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
)

func TestNotify(t *testing.T) {
	names := map[string]string{"a socket with a path": filepath.Join(t.TempDir(), "n")}
	if runtime.GOOS == "linux" {
		names["an abstract one"] = "@kitt-sdnotify-" + strconv.Itoa(os.Getpid())
	}
	for what, name := range names {
		t.Run(what, func(t *testing.T) {
			l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			t.Setenv("NOTIFY_SOCKET", name)
			if err := Notify("READY=1"); err != nil {
				t.Fatal(err)
			}
			got := make([]byte, 64)
			n, err := l.Read(got)
			if err != nil || string(got[:n]) != "READY=1" {
				t.Errorf("%q, %v", got[:n], err)
			}
		})
	}
}

func TestNotifySaysNothingWhereNobodyAsked(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	if err := Notify("READY=1"); err != nil {
		t.Error(err)
	}
}

func TestNotifyNamesTheSocketThatIsNotThere(t *testing.T) {
	for _, name := range []string{"/nowhere/notify", "vsock:2:1234"} {
		t.Setenv("NOTIFY_SOCKET", name)
		if err := Notify("READY=1"); err == nil {
			t.Error("no error for", name)
		}
	}
}
