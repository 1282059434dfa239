package layers

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestLayers reads every Go file of the repository, whatever system it is for, and holds it against the rules.
func TestLayers(t *testing.T) {
	files, err := read(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, floor := range floors[:3] {
		if !slices.ContainsFunc(files, func(f file) bool { return f.dir == floor }) {
			t.Errorf("no file found in %s: the walk is wrong", floor)
		}
	}
	for _, c := range complaints(files) {
		t.Error(c)
	}
}

// read finds the Go files below root, except what belongs to tests, to other tools, or to nobody.
func read(root string) ([]file, error) {
	var files []file
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := d.Name()
		if d.IsDir() {
			aside := strings.HasPrefix(base, ".") || slices.Contains([]string{"testdata", "bench-out", "node_modules"}, base)
			if name != root && aside {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(base) != ".go" {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		f := file{dir: path.Dir(filepath.ToSlash(rel)), name: base}
		for _, imp := range parsed.Imports {
			p, err := strconv.Unquote(imp.Path.Value)
			if err != nil {
				return err
			}
			f.imports = append(f.imports, p)
		}
		files = append(files, f)
		return nil
	})
	return files, err
}

// TestRules breaks each rule once.
func TestRules(t *testing.T) {
	const ok = ""
	rows := []struct {
		name           string
		dir, file, imp string
		complaint      string
	}{
		{"main imports the command line", ".", "main.go", "kitt.sh/internal/cli", ok},
		{"main imports the keeper, to be it", ".", "main.go", "kitt.sh/reconcile/keeper", ok},
		{"the command line imports the service", "internal/cli", "apply.go", "kitt.sh/service/api", ok},
		{"the service imports the floors below", "service", "daemon.go", "kitt.sh/reconcile/local", ok},
		{"a room imports its own floor", "reconcile/local", "local.go", "kitt.sh/reconcile", ok},
		{"reconcile imports spec", "reconcile", "plan.go", "kitt.sh/spec", ok},
		{"the service imports the evaluator", "service", "eval.go", "kitt.sh/internal/jseval", ok},
		{"the keeper imports x/sys", "reconcile/keeper", "keeper.go", "golang.org/x/sys/unix", ok},
		{"a test of the keeper runs programs", "reconcile/keeper", "keeper_test.go", "os/exec", ok},
		{"a test uses the contract suite", "reconcile/local", "local_test.go", "kitt.sh/reconcile/runtimetest", ok},
		{"a test looks at its package from outside", "spec", "load_test.go", "kitt.sh/spec", ok},
		{"a reader's test evaluates JavaScript", "spec", "ecosystem_test.go", "kitt.sh/internal/jseval", ok},
		{"a test of the whole looks anywhere", "internal/e2e", "e2e_test.go", "kitt.sh/service/api", ok},
		{"the keeper marks its steps", "reconcile/keeper", "spawn.go", "kitt.sh/reconcile/failpoint", ok},
		{"so do the logs", "reconcile/logs", "compress.go", "kitt.sh/reconcile/failpoint", ok},
		{"the service serves a document", "service", "openapi.go", "kitt.sh/docs", ok},
		{"a document imports the service", "docs", "docs.go", "kitt.sh/service/api", "docs imports nothing of ours"},
		{"a package comment alone is no code", "internal/e2e", "doc.go", "", ok},

		{"the command line imports the formats of others", "internal/cli", "import.go", "kitt.sh/internal/port", ok},
		{"the formats of others are made of specs", "internal/port", "port.go", "kitt.sh/spec", ok},
		{"the formats of others look at what runs", "internal/port", "port.go", "kitt.sh/reconcile", "imports only go down"},
		{"a deploy asks the daemon", "internal/deploy", "run.go", "kitt.sh/service/api", "imports only go down"},
		{"spec imports reconcile", "spec", "load.go", "kitt.sh/reconcile", "spec imports nothing of ours"},
		{"spec imports the evaluator", "spec", "load.go", "kitt.sh/internal/jseval", "spec imports nothing of ours"},
		{"reconcile imports the service", "reconcile", "loop.go", "kitt.sh/service", "imports only go down"},
		{"a room of reconcile imports the service", "reconcile/local", "local.go", "kitt.sh/service/api", "imports only go down"},
		{"so does its test", "reconcile/local", "local_test.go", "kitt.sh/service/api", "imports only go down"},
		{"the service imports the command line", "service", "daemon.go", "kitt.sh/internal/cli", "imports only go down"},
		{"the evaluator imports spec", "internal/jseval", "eval.go", "kitt.sh/spec", "internal/jseval imports nothing of ours"},
		{"the keeper imports reconcile", "reconcile/keeper", "keeper.go", "kitt.sh/reconcile", "reconcile/keeper imports nothing of ours"},
		{"the keeper imports spec", "reconcile/keeper", "keeper.go", "kitt.sh/spec", "reconcile/keeper imports nothing of ours"},
		{"the logs import the keeper", "reconcile/logs", "logs.go", "kitt.sh/reconcile/keeper", "reconcile/logs imports nothing of ours"},
		{"spec marks steps", "spec", "load.go", "kitt.sh/reconcile/failpoint", "spec imports nothing of ours"},
		{"a mark formats text", "reconcile/failpoint", "on.go", "fmt", "must stay small"},
		{"the keeper speaks HTTP", "reconcile/keeper", "keeper.go", "net/http", "must stay small"},
		{"the keeper speaks JSON", "reconcile/keeper", "keeper.go", "encoding/json", "must stay small"},
		{"the keeper uses os/exec", "reconcile/keeper", "keeper.go", "os/exec", "must stay small"},
		{"the keeper reads HCL", "reconcile/keeper", "keeper.go", "github.com/hashicorp/hcl/v2", "lives on the standard library"},
		{"the keeper parses flags", "reconcile/keeper", "keeper_darwin.go", "github.com/alecthomas/kong", "lives on the standard library"},
		{"kong strays", "service", "daemon.go", "github.com/alecthomas/kong", "only ., internal/cli, internal/shell may"},
		{"quickjs strays, by a package of its", "spec", "load.go", "modernc.org/quickjs/lib", "only internal/jseval may"},
		{"anybody imports a test room", "service", "daemon.go", "kitt.sh/internal/e2e", "nobody imports internal/e2e"},
		{"anybody imports an example", "internal/cli", "cli.go", "kitt.sh/examples/bridge", "nobody imports examples/bridge"},
		{"anybody imports main", "internal/cli", "cli.go", "kitt.sh", "nobody imports ."},
		{"an example imports kitt", "examples/bridge", "main.go", "kitt.sh/service/api", "examples imports nothing of ours"},
		{"code imports the contract suite", "reconcile/local", "local.go", "kitt.sh/reconcile/runtimetest", "is for tests"},
		{"a test room holds code", "internal/e2e", "run.go", "os", "is for tests only"},
		{"a new folder at the top", "pkg/util", "util.go", "os", "no code belongs in pkg/util"},
		{"a new folder in internal", "internal/util", "util.go", "os", "no code belongs in internal/util"},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			f := file{dir: r.dir, name: r.file}
			if r.imp != "" {
				f.imports = []string{r.imp}
			}
			got := strings.Join(complaints([]file{f}), "\n")
			if r.complaint == ok && got != "" || !strings.Contains(got, r.complaint) {
				t.Errorf("complaints %q, want %q", got, r.complaint)
			}
		})
	}
}

// TestReadSeesEverySystem: files for another system, or behind a build tag, count too.
func TestReadSeesEverySystem(t *testing.T) {
	files, err := read("testdata/tree")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range files {
		got = append(got, path.Join(f.dir, f.name)+" "+strings.Join(f.imports, ","))
	}
	want := []string{"spec/a_darwin.go kitt.sh/service", "spec/b_tagged.go kitt.sh/service,os"}
	if !slices.Equal(got, want) {
		t.Errorf("read %q, want %q", got, want)
	}
}
