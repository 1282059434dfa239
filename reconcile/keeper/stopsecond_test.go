package keeper

import (
	"syscall"
	"testing"
	"time"
)

// stubborn ends at SIGINT only, and tells of each signal.
const stubborn = `trap 'echo term' TERM; trap 'echo int; exit 0' INT; echo up; while :; do sleep 0.02; done`

func TestTheSecondSignalFollowsTheFirst(t *testing.T) {
	b := newBox(t)
	l := b.sh(stubborn)
	b.until("its traps", func() bool { return b.text(1, "out") == "up\n" })
	b.ok(b.c.Stop(b.ctx(), StopOrder{Life: l.Name, Grace: time.Minute, Second: syscall.SIGINT, SecondAfter: 200 * time.Millisecond}))
	if x := b.exited(l.Name).Exit; x.How != "exit" || x.Code != 0 {
		t.Errorf("it ended by %+v", x)
	}
	b.until("its words", func() bool { return b.text(1, "out") == "up\nterm\nint\n" })
}

func TestTheSecondSignalOutlivesTheKeeper(t *testing.T) {
	b := newBox(t)
	l := b.sh(`trap 'echo x >> $HOME/terms' TERM; trap 'exit 4' INT; echo up; while :; do sleep 0.02; done`)
	b.until("its traps", func() bool { return b.text(1, "out") == "up\n" })
	b.ok(b.c.Stop(b.ctx(), StopOrder{Life: l.Name, Grace: time.Minute, Second: syscall.SIGINT, SecondAfter: time.Second}))
	b.kill()
	b.start()
	b.exited(l.Name) // long before its minute is over
}

func TestAStopWithoutASecondSignalIsWrittenAsEver(t *testing.T) {
	o := StopOrder{Life: "web.1", Signal: syscall.SIGTERM, Grace: time.Second}
	two := o
	two.Second, two.SecondAfter = syscall.SIGINT, time.Second
	for _, o := range []StopOrder{o, two} {
		if got, err := getStop(putStop(nil, o)); err != nil || got != o {
			t.Errorf("%+v became %+v, %v", o, got, err)
		}
		l := &life{name: "web.1", stopSig: o.Signal}
		l.plan(o, 0)
		r := l.stopRecord()
		r.life, r.boot = l.name, "b"
		back, ok := parseRecord(string(r.line()[:len(r.line())-1]))
		if !ok || back.second != o.Second || (back.secondAt == 0) != (o.Second == 0) {
			t.Errorf("the journal has %+v of %+v", back, o)
		}
	}
}

// TestTheSecondSignalReachesWhatOutlivesItsProgram: the shell dies of the first, its child ends at the second only.
func TestTheSecondSignalReachesWhatOutlivesItsProgram(t *testing.T) {
	b := newBox(t)
	l := b.sh(`sh -c 'trap "" TERM; trap "echo second; exit" USR1; echo up; while :; do sleep 0.02; done' & wait`)
	b.until("the child", func() bool { return b.text(1, "out") == "up\n" })
	b.ok(b.c.Stop(b.ctx(), StopOrder{Life: l.Name, Grace: time.Minute, Second: syscall.SIGUSR1, SecondAfter: 300 * time.Millisecond}))
	b.exited(l.Name)
	b.until("its word", func() bool { return b.text(1, "out") == "up\nsecond\n" })
}
