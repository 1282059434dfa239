//go:build linux

package torture

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

// A scene is a store, a ledger and events made by hand: those of a run without a fault, until a test puts one in.
type scene struct {
	t      *testing.T
	e      evidence
	lines  []string // of web.1/out, by one life
	store  []string // the text of each segment
	starts []int64
	ledger []string
	events []string
	count  [2]uint64
	pid    int
}

// newScene is one life that wrote 300 lines, in four segments, and ended with 3. A dead process's pid names it.
func newScene(t *testing.T) *scene {
	dir := t.TempDir()
	s := &scene{t: t, e: evidence{logs: dir + "/logs", state: dir + "/state", dir: dir + "/say", steady: []string{"web.1"}, most: map[string]int{}}, pid: 1 << 22}
	run := fmt.Sprint(s.pid) + "-77"
	w := &scribe{head: "@web.1/" + run + "/out/"}
	for n := range uint64(300) {
		s.lines = append(s.lines, string(w.line(nil, n)))
	}
	s.count = [2]uint64{300, 300}
	s.ledger = []string{"begin web.1 " + run + " torture/web.1#1.a 1000", "exit web.1 " + run + " exit 3 2000"}
	s.events = []string{`{"seq":1,"kind":"exit","id":"torture/web.1","life":"torture/web.1#1.a","exit":{"code":3,"signal":""}}`}
	s.cut()
	return s
}

// cut lays the lines out over segments, in the middle of lines.
func (s *scene) cut() {
	text := strings.Join(s.lines, "")
	s.store, s.starts = nil, nil
	for at := 0; at < len(text); at += 7001 {
		s.starts = append(s.starts, int64(at))
		s.store = append(s.store, text[at:min(at+7001, len(text))])
	}
}

func (s *scene) check() *report {
	s.t.Helper()
	out := s.e.logs + "/torture/web.1/out"
	run := fmt.Sprint(s.pid) + "-77"
	for _, dir := range []string{out, s.e.state, s.e.dir} {
		s.ok(os.MkdirAll(dir, 0o700))
	}
	for i, text := range s.store {
		name := fmt.Sprintf("%s/@%020d.log", out, s.starts[i])
		b := []byte(text)
		switch {
		case i == len(s.store)-1:
			mark := binary.LittleEndian.AppendUint64(make([]byte, 8), uint64(s.starts[i]))
			s.ok(os.WriteFile(out+"/current.idx", mark, 0o600))
			name = out + "/current"
		case i%2 == 0: // both files of a segment that is just being compressed
			z, err := zstd.NewWriter(nil)
			s.ok(err)
			s.ok(os.WriteFile(name+".zst", z.EncodeAll(b, nil), 0o600))
			if i > 0 {
				continue
			}
		}
		s.ok(os.WriteFile(name, b, 0o600))
	}
	page := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, s.count[0]), s.count[1])
	s.ok(os.WriteFile(filepath.Join(s.e.dir, "count."+run+".out"), page, 0o600))
	s.ok(os.WriteFile(s.e.dir+"/ledger", []byte(strings.Join(s.ledger, "\n")+"\n"), 0o600))
	s.ok(os.WriteFile(s.e.state+"/events.jsonl", []byte(strings.Join(s.events, "\n")+"\n"), 0o600))
	r, err := check(s.e)
	s.ok(err)
	return r
}

func (s *scene) ok(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// TestTheCheckerSees puts each fault into a scene that has none, once.
func TestTheCheckerSees(t *testing.T) {
	begin := func(n int) string { return fmt.Sprintf("begin web.1 %d-7 torture/web.1#1.b%d 1500", 1<<22+n, n) }
	told := func(n int) string {
		return fmt.Sprintf(`{"kind":"exit","id":"torture/web.1","life":"torture/web.1#1.b%d","exit":{"code":null,"signal":"SIGTERM"}}`, n)
	}
	unknown := `{"kind":"exit","id":"torture/web.1","life":"torture/web.1#1.a","exit":{"code":null,"signal":""}}`
	both := gap{from: time.Unix(0, 0), to: time.Unix(0, 5000), both: true}
	birth := gap{from: time.Unix(0, 0), to: time.Unix(0, 5000), keeper: []time.Time{time.Unix(0, 1600)}}
	rows := []struct {
		name string
		do   func(s *scene)
		want map[string]int
	}{
		{"no fault", func(*scene) {}, nil},
		{"a line is lost", func(s *scene) { s.lines = slices.Delete(s.lines, 100, 101); s.cut() }, map[string]int{lost: 1}},
		{"two last lines are lost", func(s *scene) { s.lines = s.lines[:298]; s.cut() }, map[string]int{lost: 2}},
		{"a whole stream is lost", func(s *scene) { s.store = []string{""}; s.starts = []int64{0} }, map[string]int{lost: 300}},
		{"a line is there twice", func(s *scene) { s.lines = slices.Insert(s.lines, 100, s.lines[100]); s.cut() }, map[string]int{doubled: 1}},
		{"the last line is there twice", func(s *scene) { s.lines = append(s.lines, s.lines[299]); s.cut() }, map[string]int{doubled: 1}},
		{"a line that nobody wrote", func(s *scene) { s.count = [2]uint64{299, 299} }, map[string]int{doubled: 1}},
		{"a line is torn", func(s *scene) { s.lines[100] = s.lines[100][:20] + "\n"; s.cut() }, map[string]int{torn: 1, lost: 1}},
		{"one byte of a line differs", func(s *scene) { s.lines[100] = strings.Replace(s.lines[100], ":a", ":b", 1); s.cut() }, map[string]int{torn: 1, lost: 1}},
		{"a byte is lost between segments", func(s *scene) { s.store[1] = s.store[1][1:] }, map[string]int{holes: 1, torn: 1, lost: 1}},
		{"a segment is lost", func(s *scene) { s.store, s.starts = slices.Delete(s.store, 1, 2), slices.Delete(s.starts, 1, 2) }, map[string]int{holes: 1, torn: 1, lost: 1}},
		{"a line that its writer was killed in", func(s *scene) { s.lines[299] = s.lines[299][:20]; s.cut(); s.count[0] = 299 }, nil},
		{"such a line, cut behind its name", func(s *scene) { s.lines[299] = s.lines[299][:40]; s.cut(); s.count[0] = 299 }, nil},
		{"such a line, though the writer had written it", func(s *scene) { s.lines[299] = s.lines[299][:20]; s.cut() }, map[string]int{torn: 1, lost: 1}},
		{"a wrong code", func(s *scene) { s.events[0] = strings.Replace(s.events[0], `"code":3`, `"code":4`, 1) }, map[string]int{wrong: 1}},
		{"a signal for a code", func(s *scene) {
			s.events[0] = strings.Replace(s.events[0], `3,"signal":""`, `null,"signal":"SIGKILL"`, 1)
		}, map[string]int{wrong: 1}},
		{"no word of an end", func(s *scene) { s.events[0] = "" }, map[string]int{missing: 1}},
		{"an end told twice", func(s *scene) { s.events = append(s.events, s.events[0]) }, map[string]int{twice: 1}},
		{"unknown, though somebody saw it", func(s *scene) { s.events[0] = unknown }, map[string]int{missing: 1}},
		{"unknown, rightly: both were dead", func(s *scene) { s.events[0] = unknown; s.e.gaps = []gap{both} }, nil},
		{"and its last words may be lost", func(s *scene) { s.events[0], s.e.gaps = unknown, []gap{both}; s.lines = s.lines[:290]; s.cut() }, nil},
		{"also where its end was seen", func(s *scene) { s.e.gaps = []gap{both}; s.lines = s.lines[:290]; s.cut() }, nil},
		{"unknown, rightly: born as its keeper died", func(s *scene) { s.events[0], s.e.gaps = unknown, []gap{birth} }, nil},
		{"but its words were held", func(s *scene) { s.events[0], s.e.gaps = unknown, []gap{birth}; s.lines = s.lines[:290]; s.cut() }, map[string]int{lost: 10}},
		{"an end made up, though both were dead", func(s *scene) {
			s.events[0] = strings.Replace(s.events[0], `"code":3`, `"code":0`, 1)
			s.e.gaps = []gap{both}
		}, map[string]int{wrong: 1}},
		{"a twin", func(s *scene) { s.ledger = append(s.ledger, "twin web.1 1-1 1500") }, map[string]int{twins: 1}},
		{"a pid that changed", func(s *scene) { s.ledger, s.events = append(s.ledger, begin(1)), append(s.events, told(1)) }, map[string]int{changed: 1}},
		{"one new life more than was asked for", func(s *scene) {
			s.e.steady, s.e.most["web.1"] = nil, 2
			s.ledger, s.events = append(s.ledger, begin(1), begin(2)), append(s.events, told(1), told(2))
		}, map[string]int{changed: 1}},
		{"as many as were asked for", func(s *scene) {
			s.e.steady, s.e.most["web.1"] = nil, 3
			s.ledger, s.events = append(s.ledger, begin(1), begin(2)), append(s.events, told(1), told(2))
		}, nil},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			s := newScene(t)
			r.do(s)
			got := s.check()
			for _, kind := range faults {
				want := r.want[kind]
				if (got.faults[kind] > 0) != (want > 0) || want > 0 && kind != lost && got.faults[kind] != want {
					t.Errorf("%s: %d, want %d\n%s", kind, got.faults[kind], want, strings.Join(got.words, "\n"))
				}
			}
		})
	}
}

// TestTheCheckerSeesTheLiving: a process of this home that lives after the shutdown, a life that kitt does not know, and a
// child of a life that is over are found in /proc.
func TestTheCheckerSeesTheLiving(t *testing.T) {
	a := newAct(t, 1, 0)
	defer a.clean(false)
	cmd := exec.Command(os.Args[0], "@child")
	cmd.Env = a.environ()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := a.orphanage.own(cmd); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	run, _ := runOf(cmd.Process.Pid)
	a.checkAlive([]entry{{op: "begin", inst: "web.1", run: run}, {op: "child", inst: "web.1", run: "4194304-1", child: run}})
	if a.r.faults[twins] != 1 || a.r.faults[orphans] != 1 {
		t.Errorf("a life unknown to kitt: %d, a child left over: %d", a.r.faults[twins], a.r.faults[orphans])
	}
	eventually(t, "its environment", func() bool { return slices.Equal(a.ours(), []int{cmd.Process.Pid}) })
}
