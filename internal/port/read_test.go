package port

import (
	"bytes"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"kitt.sh/spec"
)

var update = flag.Bool("update", false, "write the golden files anew")

// samplePlace is where the files of testdata/import are said to lie.
func samplePlace(file string) Place {
	return Place{File: "/srv/shop/" + filepath.Base(file), Home: "/home/u", Env: map[string]string{"TAG": "v1", "HOME": "/home/u"}}
}

// TestGolden: each file of testdata/import becomes the kitt.hcl beside it, with what did not map; kitt reads that without
// a complaint.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/import/*")
	if err != nil || len(files) < 8 {
		t.Fatalf("%d samples, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			p, err := Read("", []File{{file, text}}, samplePlace)
			if err != nil {
				t.Fatal(err)
			}
			got := string(WriteHCL(p, "/srv/shop"))
			for _, n := range p.Notes {
				got += "# stderr: " + n.String() + "\n"
			}
			compare(t, "testdata/golden/"+filepath.Base(file)+".hcl", got)
			for i := range p.Processes {
				p.Processes[i].EnvFile = nil // they are not there
			}
			reread(t, p, t.TempDir())
		})
	}
}

func compare(t *testing.T, golden, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || got != string(want) {
		t.Errorf("%s: %v; go test -update writes it anew\ngot:\n%s", golden, err, got)
	}
}

// TestExportGolden: a spec in each format.
func TestExportGolden(t *testing.T) {
	s, err := spec.Load(t.Context(), spec.Request{Path: "testdata/export/kitt.hcl"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	at := filepath.Dir(s.File)
	for _, format := range Targets() {
		files, notes, err := Write(format, s)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for _, f := range files {
			b.WriteString("-- " + f.Name + " --\n" + string(f.Text))
		}
		for _, n := range notes {
			b.WriteString("# stderr: " + n.String() + "\n")
		}
		compare(t, "testdata/golden/export-"+format+".txt", strings.ReplaceAll(b.String(), at, "/srv/shop"))
	}
	if _, _, err := Write("nonsense", s); err == nil {
		t.Error("nonsense is a format")
	}
}

// TestWhatIsNoFile: one line that says why, and no process.
func TestWhatIsNoFile(t *testing.T) {
	for name, text := range map[string]string{"x": "hello", "compose.yml": "services: 3", "a.plist": "<plist", "process-compose.yaml": "[]", "docker-compose.yaml": "\t:"} {
		p, err := Read("", []File{{"/x/" + name, []byte(text)}}, samplePlace)
		if err == nil || len(p.Processes) > 0 || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, %d processes", name, err, len(p.Processes))
		}
	}
	if _, err := Read("nonsense", []File{{"/x", nil}}, samplePlace); err == nil {
		t.Error("nonsense is a format")
	}
}

// TestBroken: what is cut, doubled, swapped or spoilt in the samples at random. It finds in a second what fuzzing would.
func TestBroken(t *testing.T) {
	files, _ := filepath.Glob("testdata/import/*")
	random := rand.New(rand.NewPCG(3, 4))
	var texts [][]byte
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, b)
	}
	for range 800 {
		i := random.IntN(len(files))
		survives(t, guess(filepath.Base(files[i]), texts[i]), filepath.Base(files[i]), spoilt(random, texts[i], texts[random.IntN(len(texts))]))
		if t.Failed() {
			return
		}
	}
}

func spoilt(random *rand.Rand, text, other []byte) []byte {
	text = bytes.Clone(text)
	for range 1 + random.IntN(4) {
		i, j := random.IntN(len(text)+1), random.IntN(len(text)+1)
		i, j = min(i, j), max(i, j)
		switch random.IntN(6) {
		case 0:
			text = slices.Concat(text[:i], text[j:])
		case 1:
			text = slices.Concat(text[:j], text[i:])
		case 2:
			k := random.IntN(len(other))
			text = slices.Concat(text[:i], other[k:min(len(other), k+random.IntN(80))], text[i:])
		case 3:
			text = slices.Insert(text, i, byte(random.IntN(256)))
		case 4:
			text = slices.Concat(text[:i], []byte([]string{"\x00", "\xff\xfe", "${", "%{", "\"", "'", "\\", "-99999999999999999999", "\n[", ": &a [*a]", "1e999", "\x1b[31m", "é"}[random.IntN(13)]), text[i:])
		case 5:
			if i < len(text) {
				text[i] ^= 1 << random.IntN(8)
			}
		}
	}
	return text
}

// anything is true of whatever a reader reads.
func anything(f *testing.F, format, name string, seeds ...string) {
	for _, pattern := range seeds {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			if b, err := os.ReadFile(file); err == nil {
				f.Add(b)
			}
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) { survives(t, format, name, text) })
}

// survives says that a reader does not crash, and that what it makes of text kitt reads without a complaint.
func survives(t *testing.T, format, name string, text []byte) {
	defer func() {
		if bad := recover(); bad != nil {
			t.Fatalf("%s: %v\n%q\n%s", format, bad, text, debug.Stack())
		}
	}()
	p, err := Read(format, []File{{"/srv/shop/" + name, text}}, samplePlace)
	if err != nil {
		return
	}
	for i := range p.Processes {
		p.Processes[i].EnvFile = nil
	}
	for _, n := range p.Notes {
		if strings.ContainsAny(n.String(), "\n\x1b") || n.Text == "" {
			t.Errorf("note %q", n.String())
		}
	}
	if len(p.Processes) > 0 {
		reread(t, p, t.TempDir())
	}
}

func FuzzPM2(f *testing.F) { anything(f, "pm2", "dump.pm2", "testdata/*.json") }

func FuzzCompose(f *testing.F) {
	anything(f, "compose", "compose.yaml", "testdata/import/*compose*")
}

func FuzzProcessCompose(f *testing.F) {
	anything(f, "process-compose", "process-compose.yaml", "testdata/import/process-compose*")
}

func FuzzSupervisor(f *testing.F) {
	anything(f, "supervisor", "supervisord.conf", "testdata/import/*.conf")
}

func FuzzSystemd(f *testing.F) {
	anything(f, "systemd", "web@.service", "testdata/import/*.service")
}

func FuzzLaunchd(f *testing.F) {
	anything(f, "launchd", "org.example.web.plist", "testdata/import/*.plist")
}
