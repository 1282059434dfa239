package monit

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"kitt.sh/service/api"
)

// A Source is what the dashboard asks. Text that it returns is harmless to a terminal.
type Source interface {
	// Look is every instance as it is now.
	Look(ctx context.Context) (*api.Status, error)
	// Show is what is known of the process of an instance besides: events, oldest first, metrics, its tree.
	Show(ctx context.Context, in api.Instance) (*api.Show, error)
	// Tail begins to read the log of an instance: at first its last lines.
	Tail(in api.Instance, last int) Tail
	// Order carries out restart, start, stop, or scale of a process to n, and returns what came of it in one line.
	Order(ctx context.Context, verb string, in api.Instance, n int) (string, error)
}

// A Tail reads one log.
type Tail interface {
	// Read returns the lines that are new.
	Read(ctx context.Context) ([]Line, error)
	Close() error
}

// A Line of a log.
type Line struct {
	At   time.Time
	Err  bool
	Text string
}

// How much is kept, and how often is looked.
const (
	keepLines = 5000
	tailLast  = 500
	keepUse   = 120 // samples of each instance
	lookEvery = time.Second
	readEvery = 250 * time.Millisecond
	askWithin = 10 * time.Second
	noteLasts = 6 * time.Second
)

// A pane is what the lower half shows.
type pane int

const (
	logPane pane = iota
	eventPane
	detailPane
)

// A use is what an instance used at one look.
type use struct {
	cpu    float64
	memory int64
}

// A Model is everything that is on the screen, and nothing else.
type Model struct {
	src  Source
	ctx  context.Context
	w, h int
	now  time.Time

	all      []api.Instance // as the daemon told
	rows     []api.Instance // filtered and sorted
	specs    []api.Spec
	trouble  string // why there is no answer
	looked   bool
	selected string // key of an instance
	top      int    // first row that is shown
	uses     map[string][]use
	sort     int
	filter   string

	pane   pane
	zoom   bool
	below  bool // keys go to the pane
	back   int  // lines scrolled up in the pane
	search string
	show   api.Show // of the selected instance

	tail    Tail
	tailOf  string
	reading bool
	lines   []Line
	logErr  string

	ask    *question
	typing *input
	note   string
	noteAt time.Time
	help   bool
}

// A question waits for y or n.
type question struct {
	text string
	yes  tea.Cmd
}

// An input is a line that is being typed: a filter or a search.
type input struct {
	what string
	text string
	set  func(m *Model, text string)
}

// New is a dashboard of a source. ctx ends its questions.
func New(ctx context.Context, src Source) *Model {
	return &Model{src: src, ctx: ctx, uses: map[string][]use{}, now: time.Now(), w: 80, h: 24}
}

type (
	lookedMsg struct {
		status *api.Status
		err    error
		at     time.Time
	}
	linesMsg struct {
		of    string
		tail  Tail
		lines []Line
		err   error
	}
	shownMsg struct {
		of   string
		show *api.Show
	}
	orderedMsg struct {
		text string
		err  error
	}
	lookMsg struct{}
	readMsg struct{}
)

// Init begins to look and to read.
func (m *Model) Init() tea.Cmd { return tea.Batch(m.look(), after(readEvery, readMsg{})) }

func after(d time.Duration, msg tea.Msg) tea.Cmd {
	return tea.Tick(d, func(time.Time) tea.Msg { return msg })
}

// look asks for everything once.
func (m *Model) look() tea.Cmd {
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(m.ctx, askWithin)
		defer cancel()
		s, err := m.src.Look(ctx)
		return lookedMsg{s, err, time.Now()}
	}
}

// read reads the log of the selected instance, if no reading is under way.
func (m *Model) read() tea.Cmd {
	in, ok := m.chosen()
	if m.reading || !ok {
		return nil
	}
	if m.tailOf != key(in) {
		m.letGo()
		m.tail, m.tailOf, m.lines, m.back, m.logErr = m.src.Tail(in, tailLast), key(in), nil, 0, ""
	}
	m.reading = true
	of, tail := m.tailOf, m.tail
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(m.ctx, askWithin)
		defer cancel()
		lines, err := tail.Read(ctx)
		return linesMsg{of, tail, lines, err}
	}
}

// letGo closes the log that is open. It is called while none is read.
func (m *Model) letGo() {
	if m.tail != nil {
		_ = m.tail.Close()
	}
	m.tail, m.tailOf = nil, ""
}

// Close lets go of everything; call it once the program has ended.
func (m *Model) Close() { m.letGo() }

// askMore asks for what the other panes show.
func (m *Model) askMore() tea.Cmd {
	in, ok := m.chosen()
	if !ok || m.pane == logPane {
		return nil
	}
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(m.ctx, askWithin)
		defer cancel()
		show, err := m.src.Show(ctx, in)
		if err != nil {
			return nil // the next look tells why
		}
		return shownMsg{key(in), show}
	}
}

func (m *Model) order(verb string, in api.Instance, n int) tea.Cmd {
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(m.ctx, time.Minute)
		defer cancel()
		text, err := m.src.Order(ctx, verb, in, n)
		return orderedMsg{text, err}
	}
}

func key(in api.Instance) string { return in.Project + "/" + in.ID }

// chosen is the selected instance.
func (m *Model) chosen() (api.Instance, bool) {
	if i := m.index(); i >= 0 {
		return m.rows[i], true
	}
	return api.Instance{}, false
}

// index is the row of the selected instance; -1 if it is not shown.
func (m *Model) index() int {
	for i := range m.rows {
		if key(m.rows[i]) == m.selected {
			return i
		}
	}
	return -1
}
