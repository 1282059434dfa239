package monit

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"kitt.sh/service/api"
)

// fake is a kitt of n instances; what is ordered is noted.
type fake struct {
	status api.Status
	err    error
	did    []string
	lines  []Line
	closed int
}

func newFake(n int) *fake {
	f := &fake{}
	for i := range n {
		in := api.Instance{ID: fmt.Sprintf("web.%d", i+1), Project: "shop", Process: "web", N: i + 1, Phase: "running", Ready: true, PID: 100 + i,
			CPU: float64(i%7) / 10, Memory: int64(i) << 20, Since: api.Time{Time: time.Unix(1e9+int64(i), 0)}}
		if i%10 == 3 {
			in.Phase, in.PID, in.Reason = "waiting", 0, "exit 3; try 4 at 12:00:00, and a long word of explanation that goes on and on beyond any screen"
		}
		f.status.Instances = append(f.status.Instances, in)
	}
	f.lines = []Line{{time.Unix(1e9, 0), false, "hello"}, {time.Unix(1e9, 0), true, "a very wide 漢字 line " + strings.Repeat("x", 500)}, {time.Unix(1e9, 0), false, "needle here"}}
	return f
}

func (f *fake) Look(context.Context) (*api.Status, error) { s := f.status; return &s, f.err }
func (f *fake) Show(context.Context, api.Instance) (*api.Show, error) {
	return &api.Show{Events: []api.Event{{Kind: "start", Reason: "not running"}}, Metrics: []api.Metric{{ID: "web.1", Name: "queue", Value: "7"}}}, nil
}
func (f *fake) Order(_ context.Context, verb string, in api.Instance, n int) (string, error) {
	f.did = append(f.did, fmt.Sprint(verb, " ", in.ID, " ", n))
	return verb + " done", nil
}
func (f *fake) Tail(api.Instance, int) Tail { return &fakeTail{f: f} }

type fakeTail struct {
	f    *fake
	read bool
}

func (t *fakeTail) Read(context.Context) ([]Line, error) {
	if t.read {
		return nil, nil
	}
	t.read = true
	return t.f.lines, nil
}
func (t *fakeTail) Close() error { t.f.closed++; return nil }

// screenOf is a model that has looked once and read the log.
func screenOf(t *testing.T, f *fake, w, h int) *Model {
	t.Helper()
	m := New(t.Context(), f)
	m.Update(tea.WindowSizeMsg{Width: w, Height: h})
	m.Update(m.look()())
	run(m, m.read())
	return m
}

// run takes in what a command brings.
func run(m *Model, cmd tea.Cmd) {
	if cmd != nil {
		m.Update(cmd())
	}
}

// press presses keys, and runs the command of the last.
func press(m *Model, keys ...string) (cmd tea.Cmd) {
	for _, k := range keys {
		text := k
		if len([]rune(k)) > 1 {
			text = ""
		}
		cmd = m.key(k, text)
	}
	return cmd
}

func text(m *Model) string { return ansi.Strip(m.View().Content) }

// Whatever the size and whatever is shown, the screen is exactly as large as the terminal.
func TestTheScreenFits(t *testing.T) {
	for _, n := range []int{0, 1, 30, 500} {
		for _, size := range [][2]int{{1, 1}, {10, 3}, {20, 7}, {40, 8}, {80, 24}, {200, 60}} {
			for _, keys := range [][]string{nil, {"z"}, {"?"}, {"3"}, {"tab", "2"}, {"f", "x"}, {"r"}, {"end", "tab", "/", "e"}} {
				m := screenOf(t, newFake(n), size[0], size[1])
				run(m, m.askMore())
				press(m, keys...)
				lines := strings.Split(m.View().Content, "\n")
				if len(lines) != size[1] {
					t.Errorf("%d instances, %v, %v: %d lines", n, size, keys, len(lines))
				}
				for _, line := range lines {
					if w := ansi.StringWidth(line); w > size[0] {
						t.Errorf("%d instances, %v, %v: %d columns: %q", n, size, keys, w, ansi.Strip(line))
					}
				}
			}
		}
	}
}

// At 80 by 24 people see what matters: counts, rows, the log of the selected instance, keys.
func TestWhatIsOnTheScreen(t *testing.T) {
	m := screenOf(t, newFake(5), 80, 24)
	got := text(m)
	for _, want := range []string{"1 waiting · 4 running", "NAME     STATE", "web.1    running", "exit 3; try 4", "needle here", "1 logs  2 events  3 details  web.1 running", "q quit  ? help"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	run(m, press(m, "3"))
	if got := text(m); !strings.Contains(got, "instance    web.1 of project shop") || !strings.Contains(got, "measured    queue  7") {
		t.Errorf("details:\n%s", got)
	}
	run(m, press(m, "2"))
	if got := text(m); !strings.Contains(got, "start  not running") {
		t.Errorf("events:\n%s", got)
	}
}

// What was selected stays selected while the order of the rows changes under it, and stays in view.
func TestTheSelectionStays(t *testing.T) {
	f := newFake(100)
	m := screenOf(t, f, 80, 24)
	press(m, "pgdown", "down", "down")
	was := m.selected
	if was != "shop/web.13" {
		t.Fatalf("selected %s", was)
	}
	for range orders {
		press(m, "s")
		f.status.Instances = append(f.status.Instances[50:100:100], f.status.Instances[:50]...)
		m.Update(m.look()())
		if m.selected != was || m.index() < m.top || m.index() >= m.top+m.tableRows() {
			t.Errorf("sorted by %s: %s, row %d, shown %d to %d", orders[m.sort].name, m.selected, m.index(), m.top, m.top+m.tableRows())
		}
	}
	f.status.Instances = f.status.Instances[:3]
	m.Update(m.look()())
	if _, ok := m.chosen(); !ok {
		t.Error("nothing is selected once it is gone")
	}
}

// An end is asked for twice; a start is not.
func TestEndsAreAskedFor(t *testing.T) {
	f := newFake(3)
	m := screenOf(t, f, 80, 24)
	if press(m, "r") != nil || !strings.Contains(text(m), "restart web.1? y/n") || press(m, "n") != nil || len(f.did) != 0 {
		t.Errorf("did %v\n%s", f.did, text(m))
	}
	run(m, press(m, "r", "y"))
	run(m, press(m, "down", "x", "y"))
	run(m, press(m, "a"))
	run(m, press(m, "+", "y"))
	run(m, press(m, "-", "y"))
	if got, want := strings.Join(f.did, ", "), "restart web.1 0, stop web.2 0, start web.2 0, scale web.2 4, scale web.2 2"; got != want {
		t.Errorf("did %s, want %s", got, want)
	}
	if !strings.Contains(text(m), "scale done") {
		t.Errorf("no word of what came of it:\n%s", text(m))
	}
}

func TestFilterAndSearch(t *testing.T) {
	f := newFake(50)
	for i := range 300 {
		f.lines = append(f.lines, Line{time.Unix(1e9, 0), false, fmt.Sprint("line ", i)})
	}
	m := screenOf(t, f, 80, 24)
	press(m, "f", "w", "a", "i", "t")
	if len(m.rows) != 5 || !strings.Contains(text(m), "filter: wait") {
		t.Errorf("%d rows", len(m.rows))
	}
	if press(m, "esc"); len(m.rows) != 50 {
		t.Errorf("%d rows without a filter", len(m.rows))
	}
	run(m, m.read()) // another instance may be selected now
	press(m, "tab", "/", "N", "e", "E", "d", "l", "e", "enter")
	if got := text(m); !strings.Contains(got, "needle here") || m.back != 300 {
		t.Errorf("back %d:\n%s", m.back, got)
	}
	if press(m, "n"); !strings.Contains(text(m), "is not above here") {
		t.Errorf("the first match has one above:\n%s", text(m))
	}
	was := text(m)
	m.Update(linesMsg{m.tailOf, m.tail, []Line{{time.Unix(1e9, 0), false, "new"}}, nil})
	if m.said(); strings.Split(text(m), "\n")[15] != strings.Split(was, "\n")[15] {
		t.Error("what is looked at moved as a line came")
	}
}

// A daemon that is gone leaves what was known on the screen, with a word; it is asked again.
func TestADaemonThatIsGone(t *testing.T) {
	f := newFake(3)
	m := screenOf(t, f, 80, 24)
	f.err = errors.New("kitt is not running; waiting for it")
	if _, cmd := m.Update(m.look()()); cmd == nil {
		t.Error("it is not asked again")
	}
	if got := text(m); !strings.Contains(got, "waiting for it") || !strings.Contains(got, "web.3") {
		t.Errorf("%s", got)
	}
}

// Each log that was opened is closed, also one that was being read when another was chosen.
func TestLogsAreClosed(t *testing.T) {
	f := newFake(3)
	m := screenOf(t, f, 80, 24)
	late := m.read()
	press(m, "down")
	if m.read() != nil {
		t.Error("two readings at once")
	}
	run(m, late)
	run(m, m.read())
	m.Close()
	if f.closed != 2 {
		t.Errorf("%d of 2 are closed", f.closed)
	}
}

func TestAPictureIsDrawnInTime(t *testing.T) {
	m := screenOf(t, newFake(500), 200, 60)
	began := time.Now()
	for range 20 {
		m.Update(m.look()())
		m.View()
	}
	if took := time.Since(began) / 20; took > time.Second {
		t.Errorf("a picture of 500 takes %v", took)
	}
}

func BenchmarkPicture(b *testing.B) {
	m := New(context.Background(), newFake(500))
	m.Update(tea.WindowSizeMsg{Width: 200, Height: 60})
	for b.Loop() {
		m.Update(m.look()())
		m.View()
	}
}
