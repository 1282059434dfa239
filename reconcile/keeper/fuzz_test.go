package keeper

import (
	"bytes"
	"slices"
	"testing"
	"time"
)

func FuzzFrame(f *testing.F) {
	s := Spawn{Listen: []Socket{{Owner: "a/b", Addr: "unix:/x", Mode: 0o660}, {Addr: "tcp://[::1]:80"}}, Life: "a/b.1#1.x", Argv: []string{"", "x"}, Env: []string{"A=b"}, Groups: []uint32{0, 7}, Meta: []byte{0}}
	f.Add(endFrame(putSpawn(beginFrame(nil, kSpawn, 1), &s), 0))
	l := Life{Name: "x", PID: 7, State: Exited, Exit: Exit{How: "exit", Code: 3, At: time.Unix(1, 2)}}
	f.Add(endFrame(putLife(beginFrame(nil, kLife, 1), &l), 0))
	f.Add(endFrame(putStop(beginFrame(nil, kStop, 1), StopOrder{Life: "x", Grace: time.Second}), 0))
	f.Add([]byte("\xff\xff\xff\xff\x01"))
	f.Add([]byte("\x00\x00\x00\x0b\x01\x00\x00\x00\x01\x00\x01\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		fr, rest, ok, err := cutFrame(b)
		if !ok || err != nil {
			return
		}
		if len(fr.body)+len(rest)+headLen != len(b) {
			t.Fatal("bytes got lost")
		}
		if s, err := getSpawn(fr.body); err == nil {
			again, err := getSpawn(putSpawn(nil, &s))
			if err != nil || again.Life != s.Life || !slices.Equal(again.Listen, s.Listen) || len(again.Argv) != len(s.Argv) || !bytes.Equal(again.Meta, s.Meta) {
				t.Fatalf("%+v became %+v, %v", s, again, err)
			}
		}
		getLife(fr.body)
		getStop(fr.body)
	})
}

func FuzzJournal(f *testing.F) {
	l := newLife(&Spawn{Life: "shop/web.1#7.9f3a", Log: Log{Dir: "/a b/%", MaxSize: 3, Keep: 2}, Meta: []byte("{}")})
	l.pid, l.ident, l.state, l.deadline = 4711, 99, Exited, time.Unix(3, 4)
	l.exit = Exit{How: "signal", Signal: 9, Core: true, At: time.Unix(5, 6)}
	f.Add(string(l.records("boot")))
	f.Add("v1 boot=boot op=spawn life=x out=../../etc err=e crc32c=00000000\n")
	f.Add("v1 boot=boot op=born life=x pid=1\n\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		lives, _ := replay(text, "boot")
		for _, l := range lives {
			if !sane(l.out.fifo) || l.pid == 1 || l.pid < 0 {
				t.Fatalf("believed: %+v", l)
			}
			again, bad := replay(string(l.records("boot")), "boot")
			if len(again) != 1 || len(bad) != 0 || again[0].pid != l.pid || again[0].log != l.log || again[0].exit.Code != l.exit.Code {
				t.Fatalf("%+v became %+v, bad %q", l, again, bad)
			}
		}
	})
}
