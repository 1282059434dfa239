package port

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"kitt.sh/spec"
)

// pieces are what words of a random process are made of: everything that some format has a meaning for.
var pieces = []string{"a", "web", " ", "  ", "$", "$$", "${HOME}", "$HOME", "%", "%%", "%n", "%(here)s", "'", `"`, `\`, `\n`, "#", " #", ";", " ;", "=", ",", ":", "@", "-", "!", "{", "}",
	"\n", "\t", "é", "日本", "&", "<", ">", "]]>", "|", "*", "~", "`", "!", "\\x41", "{{.X}}", "no", "null", "1e3", "0x1f", "\x7f", "\x01"}

// A maker makes random processes of what a format can hold.
type maker struct {
	*rand.Rand
	without string // pieces that hold one of these letters are not used
}

func (m maker) text() string {
	var b strings.Builder
	for range 1 + m.IntN(5) {
		if piece := pieces[m.IntN(len(pieces))]; !strings.ContainsAny(piece, m.without) {
			b.WriteString(piece)
		}
	}
	return b.String()
}

func (m maker) process(i int) spec.Process {
	p := spec.Defaults()
	p.Name = fmt.Sprintf("p%d", i)
	p.Command = []string{"/bin/p" + strings.ReplaceAll(m.text(), "\n", "")}
	for range m.IntN(4) {
		p.Command = append(p.Command, m.text())
	}
	if m.IntN(4) == 0 {
		p.Command = spec.ShellCommand("echo " + strings.ReplaceAll(m.text(), "\n", " ") + "x")
	}
	p.Cwd = "/srv/" + strings.Trim(strings.NewReplacer("\n", "", "\x01", "", "\x7f", "", "\t", "", "\\", "", ";", "", "#", "", "\"", "", "'", "").Replace(m.text()), " ./-") + "x"
	p.Env = map[string]string{}
	for range m.IntN(4) {
		p.Env[fmt.Sprintf("V%d", m.IntN(9))] = m.text()
	}
	p.Restart.Policy = []string{"always", "on-failure", "never"}[m.IntN(3)]
	p.Stop.Timeout = time.Duration(1+m.IntN(60)) * time.Second
	p.Held = m.IntN(5) == 0
	return p
}

// bounds gives a process some rlimits, one of them with that hard limit.
func (m maker) bounds(p *spec.Process, name, hard string) {
	if m.IntN(2) == 0 {
		p.Rlimits = spec.Rlimits{"nofile": "1024:4096", name: "1000:" + hard}
	}
}

// times makes some processes jobs.
func (m maker) times(p *spec.Process) {
	if p.Schedule.Cron = []string{"", "", "0 3 * * *", "5,35 8-10 * * 1-5", "0 0 1 1,7 *"}[m.IntN(5)]; p.Schedule.Job() {
		p.Restart.Policy = "never"
	}
}

// A trip is one format there and back. mapped takes out what it does not map, of both sides.
type trip struct {
	format  string
	without string
	more    func(m maker, p *spec.Process)
	mapped  func(p *spec.Process)
}

var trips = []trip{
	{"supervisor", "\n\r", func(m maker, p *spec.Process) {
		p.Instances, p.Stop.Signal = m.IntN(4), "SIGINT"
		if p.Restart.Policy != "never" && m.IntN(2) == 0 {
			p.Restart.DoneCodes = []int{3, 4}
			p.Restart.Max, p.Restart.MinUptime = 1+m.IntN(4), 5*time.Second
		}
		p.Log.Keep, p.Log.Out = m.IntN(9), "/var/log/%x.log"
	}, nil},
	{"systemd", "", func(m maker, p *spec.Process) {
		p.Instances, p.Stop.Signal = 1+m.IntN(3), "SIGQUIT"
		p.Log.Err = "/var/log/e.log"
		p.Restart.BackoffMin = time.Duration(m.IntN(3)) * 500 * time.Millisecond
		m.bounds(p, "as", "unlimited")
		p.Limits.MemoryMax, p.Limits.CPU = int64(m.IntN(3))<<24, float64(m.IntN(3))/4
		if p.Nice = m.IntN(40) - 20; p.Instances == 1 && !p.Held {
			m.times(p)
			p.Schedule.Timezone = []string{"", "Europe/Berlin"}[m.IntN(2)]
			if !p.Schedule.Job() {
				p.Schedule.Timezone = ""
			}
		}
	}, func(p *spec.Process) {
		if p.Held { // the target starts what is not held
			p.Instances = 1
		}
		p.Held = false
	}},
	{"launchd", "\x01", func(m maker, p *spec.Process) {
		p.Log.Combined = "/var/log/c.log"
		p.Restart.BackoffMin = time.Duration(1+m.IntN(9)) * time.Second
		m.bounds(p, "core", "99999999")
		if p.Nice = m.IntN(40) - 20; !p.Held {
			m.times(p)
		}
	}, func(p *spec.Process) {
		if p.Held { // a held job is not kept alive
			p.Restart.Policy = ""
		}
	}},
	{"compose", "", func(m maker, p *spec.Process) {
		p.Instances, p.Stop.Signal, p.User = m.IntN(4), "SIGINT", "u"
		if p.Restart.Policy == "on-failure" {
			p.Restart.Max = m.IntN(3)
		}
		m.bounds(p, "cpu_time", "unlimited")
		p.Limits.MemoryMax, p.Limits.CPU = int64(m.IntN(3))<<24, float64(m.IntN(3))/4
	}, func(p *spec.Process) { p.Held = false }},
}

// TestThereAndBack: what was exported and is imported again is the same in all that the format maps, and kitt.hcl holds it.
func TestThereAndBack(t *testing.T) {
	for _, tr := range trips {
		t.Run(tr.format, func(t *testing.T) {
			for seed := range uint64(60) {
				m := maker{rand.New(rand.NewPCG(seed, 1)), tr.without}
				s := &spec.Spec{Project: "shop", File: "/spec/kitt.hcl"}
				for i := range 1 + m.IntN(3) {
					p := m.process(i)
					tr.more(m, &p)
					s.Processes = append(s.Processes, p)
				}
				if !there(t, tr, s) {
					t.Fatalf("seed %d", seed)
				}
			}
		})
	}
}

func there(t *testing.T, tr trip, s *spec.Spec) bool {
	files, notes, err := Write(tr.format, s)
	if err != nil {
		t.Fatal(err)
	}
	for i := range files {
		files[i].Name = "/units/" + files[i].Name
	}
	back, err := Read(tr.format, files, func(file string) Place { return Place{File: file, Home: "/root"} })
	if err != nil {
		t.Errorf("%v\n%s", err, files[0].Text)
		return false
	}
	again := reread(t, back, t.TempDir())
	for _, n := range notes { // told, so no surprise
		if _, name, lost := strings.Cut(n.Text, "environment cannot hold "); lost {
			i := slices.IndexFunc(s.Processes, func(p spec.Process) bool { return p.Name == n.Process })
			delete(s.Processes[i].Env, name[:strings.IndexByte(name, ':')])
		}
	}
	ok := len(again.Processes) == len(s.Processes)
	for i := range min(len(again.Processes), len(s.Processes)) {
		for _, got := range []spec.Process{back.Processes[i].Process, again.Processes[i]} {
			a, b := bare(got), bare(s.Processes[i])
			if tr.mapped != nil {
				tr.mapped(&a)
				tr.mapped(&b)
			}
			if !reflect.DeepEqual(a, b) {
				t.Errorf("got  %+q\nwant %+q", fmt.Sprint(a), fmt.Sprint(b))
				ok = false
			}
		}
	}
	if !ok {
		t.Errorf("%d processes of %d\n%s\n%v\n%v", len(again.Processes), len(s.Processes), files[0].Text, notes, back.Notes)
	}
	return ok
}

// TestProcfile: what is written is read by kitt's own reader as the same commands and variables.
func TestProcfile(t *testing.T) {
	for seed := range uint64(60) {
		m := maker{rand.New(rand.NewPCG(seed, 2)), "\n\r"}
		dir := t.TempDir()
		s := &spec.Spec{Project: "shop", File: filepath.Join(dir, "kitt.hcl")}
		for i := range 1 + m.IntN(3) {
			p := m.process(i)
			p.Command[0] = "/bin/p"
			p.Cwd, p.Env = dir, map[string]string{fmt.Sprintf("V%d", i): strings.ReplaceAll(m.text(), "`", "")}
			s.Processes = append(s.Processes, p)
		}
		files, notes, err := Write("Procfile", s)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if err := os.WriteFile(filepath.Join(dir, f.Name), f.Text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		back, err := spec.Load(t.Context(), spec.Request{Path: filepath.Join(dir, "Procfile")}, nil)
		if err != nil || len(back.Processes) != len(s.Processes) {
			t.Fatalf("seed %d: %v\n%s", seed, err, files[0].Text)
		}
		for i, p := range s.Processes {
			got := back.Processes[i]
			if want := line(p.Command); got.Command[2] != want && !slices.Equal(got.Command, p.Command) {
				t.Fatalf("seed %d: %q, want %q", seed, got.Command, want)
			}
			for name, value := range p.Env {
				told := slices.ContainsFunc(notes, func(n Note) bool { return strings.HasPrefix(n.Text, name+" holds") })
				if got.Env[name] != value && !told {
					t.Fatalf("seed %d: %s is %q, want %q\n%s", seed, name, got.Env[name], value, files[len(files)-1].Text)
				}
			}
		}
	}
}

func line(command []string) string { return spec.ShellCommand(spec.QuoteWords(command))[2] }

// TestUnitsVerify lets systemd itself judge the units.
func TestUnitsVerify(t *testing.T) {
	verify, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("no systemd-analyze on the PATH")
	}
	dir := t.TempDir()
	p := spec.Defaults()
	p.Name, p.Command, p.Cwd = "web", []string{"/bin/sh", "-c", "echo \"$HOME\" 100% 'it''s' \\ ; sleep 1\n", "", "a b"}, "/"
	p.Env = map[string]string{"A": "50% of $B \"quoted\" \\ é", "B": ""}
	q := spec.Defaults()
	q.Name, q.Command, q.Cwd, q.Instances = "worker", []string{"/bin/sleep", "1"}, "/", 2
	q.DependsOn = map[string]string{"web": "started"}
	q.Nice, q.Rlimits, q.Limits = 5, spec.Rlimits{}, spec.Limits{MemoryMax: 1 << 30, CPU: 0.5}
	for _, w := range rlimitWords {
		q.Rlimits[w.mine] = "1000:unlimited"
	}
	p.Schedule, p.Restart.Policy = spec.Schedule{Cron: "*/5 1-3 * * MON", Timezone: "Europe/Berlin"}, "never"
	files, _, err := Write("systemd", &spec.Spec{Project: "shop", File: "/x", Processes: []spec.Process{p, q}})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		name := filepath.Join(dir, f.Name)
		if err := os.WriteFile(name, f.Text, 0o644); err != nil {
			t.Fatal(err)
		}
		names = append(names, strings.Replace(name, "@.", "@1.", 1))
	}
	cmd := exec.Command(verify, append([]string{"verify", "--man=no"}, names...)...)
	cmd.Env = append(os.Environ(), "SYSTEMD_UNIT_PATH="+dir+":")
	said, err := cmd.CombinedOutput()
	for _, line := range strings.Split(string(said), "\n") {
		if strings.Contains(line, dir) || err != nil && strings.Contains(line, ".service") {
			t.Errorf("%v: %s\n%s", err, line, files[0].Text)
		}
	}
}

// TestPlistsLint lets macOS itself judge the property lists.
func TestPlistsLint(t *testing.T) {
	lint, err := exec.LookPath("plutil")
	if err != nil {
		t.Skip("no plutil on the PATH")
	}
	p := spec.Defaults()
	p.Name, p.Command, p.Cwd, p.Env = "web", []string{"/bin/sh", "-c", "<&>\"' ]]>"}, "/", map[string]string{"A": "<é>"}
	files, _, _ := Write("launchd", &spec.Spec{Project: "shop", File: "/x", Processes: []spec.Process{p}})
	for _, f := range files {
		name := filepath.Join(t.TempDir(), f.Name)
		if err := os.WriteFile(name, f.Text, 0o644); err != nil {
			t.Fatal(err)
		}
		if said, err := exec.Command(lint, "-lint", name).CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, said)
		}
	}
}
