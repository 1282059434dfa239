package faults

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

func init() { roles["bytes"] = asBytes }

// noise is n bytes of every kind but line breaks, always the same ones.
func noise(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		for b[i] = byte(r.Uint32()); b[i] == '\n'; {
			b[i] = byte(r.Uint32())
		}
	}
	return b
}

// asBytes writes noise again and again: @bytes MEGABYTES.
func asBytes(args []string) int {
	n, _ := strconv.Atoi(args[0])
	b := noise(1 << 20)
	for range n {
		if _, err := os.Stdout.Write(b); err != nil {
			return 98
		}
	}
	return 0
}

func TestFault61BytesWithoutLines(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := few(64, 1000)
	w.spec(process("big", own("bytes", strconv.Itoa(n)), `restart { policy = "never" }`, "log {\n max_size = \"2GB\"\n compress = false\n}"))
	w.do("apply")
	w.until("its end", func() bool { return w.of("big.1").Phase == "done" })
	want, got, piece := sha256.New(), sha256.New(), noise(1<<20)
	for range n {
		want.Write(piece)
	}
	text := raw(t, w.store("big.1", "out"))
	got.Write(text)
	if !bytes.Equal(got.Sum(nil), want.Sum(nil)) {
		t.Errorf("%d bytes are stored, of %d, and they are others", len(text), n<<20)
	}
}

// talkers print the numbers below COUNT, a line each, in the way that is usual for them.
var talkers = []struct {
	name, program string
	argv          []string
	file, text    string
}{
	{"node", "node", []string{"node", "talk.js"}, "talk.js", "for (let i = 0; i < COUNT; i++) console.log('line ' + i)"},
	{"python", "python3", []string{"python3", "talk.py"}, "talk.py", "for i in range(COUNT): print('line', i)"},
	{"ruby", "ruby", []string{"ruby", "talk.rb"}, "talk.rb", "COUNT.times { |i| puts \"line #{i}\" }"},
	{"perl", "perl", []string{"perl", "talk.pl"}, "talk.pl", "print \"line $_\\n\" for 0..COUNT-1;"},
	{"java", "javac", []string{"java", "Talk.java"}, "Talk.java", "class Talk { public static void main(String[] a) { for (int i = 0; i < COUNT; i++) System.out.println(\"line \" + i); } }"},
	{"sh", "sh", []string{"/bin/sh", "talk.sh"}, "talk.sh", "i=0; while [ $i -lt COUNT ]; do echo line $i; i=$((i+1)); done"},
	{"go", "sh", nil, "unused", ""},
}

// works says why a program cannot be run here.
func works(program string) error {
	if program == "javac" && !*long {
		return errors.New("-long: it takes a while to begin")
	}
	_, err := exec.LookPath(program)
	return err
}

func init() { roles["talk"] = asTalk }

func asTalk([]string) int {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for i := range talk {
		fmt.Fprintln(out, "line", i)
	}
	return 0
}

const talk = 30_000

func TestFault62WaysToWrite(t *testing.T) {
	var want strings.Builder
	for i := range talk {
		fmt.Fprintln(&want, "line", i)
	}
	for _, row := range talkers {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if err := works(row.program); err != nil {
				t.Skipf("needs %s to provoke the fault: %v", row.program, err)
			}
			w := newWorld(t)
			if row.argv == nil {
				row.argv = own("talk")
			}
			w.file(row.file, strings.ReplaceAll(row.text, "COUNT", strconv.Itoa(talk)))
			w.spec(process("web", row.argv, `restart { policy = "never" }`, bigLog, `env = { HOME = "`+os.Getenv("HOME")+`" }`))
			w.do("apply", "--no-wait")
			w.until("its end", func() bool { return w.of("web.1").Phase == "done" })
			if got := string(raw(t, w.store("web.1", "out"))); got != want.String() {
				t.Errorf("%d bytes are stored, not these %d: %.100q", len(got), want.Len(), got)
			}
		})
	}
}

func TestFault62StdoutClosedOrRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.spec(process("mute", sh("exec 1>&-; echo complaint >&2; exec sleep 1000")),
		process("reader", sh("cat <&1 >/dev/null & sleep 0.3; kill $!; wait; i=0; while [ $i -lt 100 ]; do i=$((i+1)); echo after $i; done; exec sleep 1000")),
		process("other", own("lines", "0", w.at("stop"), "some"), `restart { policy = "never" }`, bigLog))
	w.do("apply")
	keeper := w.keeper()
	w.stored("reader.1", "after 100\n")
	w.until("the mute one's complaint", func() bool { return string(raw(t, w.store("mute.1", "err"))) == "complaint\n" })
	if used := w.of("mute.1"); used.Phase != "running" {
		t.Errorf("the mute one is %s", used.Phase)
	}
	w.file("stop", "")
	w.ended("other.1")
	checkLines(t, "0", raw(t, w.store("other.1", "out")), 0)
	if now := w.keeper(); now != keeper {
		t.Errorf("the keeper was %d and is %d", keeper, now)
	}
}
