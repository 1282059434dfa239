package cli

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"kitt.sh/internal/shell"
	"kitt.sh/service/api"
	"kitt.sh/spec"
)

// completionWait is how long somebody who pressed a key waits for names: longer than a daemon that is well takes.
const completionWait = 300 * time.Millisecond

// completing answers a shell's script: __complete. Nothing is ever said of what goes wrong, as that would stand in the middle
// of the line that is typed.
func completing(argv []string, grammar any) bool {
	if len(argv) < 2 || argv[1] != "__complete" {
		return false
	}
	q := shell.Ask(argv[2:])
	k := open(Globals{Home: flagOf(q.Before, "--home")})
	a := shell.Complete(model(grammar).Model, q.Before, q.Word)
	for _, kind := range a.Kinds {
		a.Choices = append(a.Choices, k.choices(kind, a)...)
	}
	shell.Tell(k.Out, a)
	return true
}

// flagOf is the value that the words give a flag.
func flagOf(words []string, flag string) string {
	for i, w := range words {
		if v, ok := strings.CutPrefix(w, flag+"="); ok {
			return v
		}
		if w == flag && i+1 < len(words) {
			return words[i+1]
		}
	}
	return ""
}

// choices are the words of a kind that go on from a.Word.
func (k *Kitt) choices(kind shell.Kind, a shell.Answer) (out []shell.Choice) {
	var named []shell.Choice
	switch kind {
	case shell.Processes, shell.Jobs, shell.Counts:
		named = nameChoices(k.living(), kind, a.Word)
	case shell.Specced:
		if named = k.specced(); named == nil {
			named = nameChoices(k.living(), shell.Processes, a.Word)
		}
	case shell.Projects:
		named = projectChoices(k.living())
	}
	for _, c := range named {
		if strings.HasPrefix(c.Word, a.Word) && !slices.Contains(a.Taken, c.Word) {
			out = append(out, shell.Choice{Word: a.Prefix + c.Word, Help: c.Help})
		}
	}
	return out
}

// living are the instances that the daemon knows; nil if it does not answer in time.
func (k *Kitt) living() []api.Instance {
	ctx, cancel := context.WithTimeout(context.Background(), completionWait)
	defer cancel()
	var s api.Status
	if k.API.Read(ctx, "/v1/status", url.Values{}, &s) != nil {
		return nil
	}
	return s.Instances
}

// specced are the processes of the spec file in this folder; nil where there is none that can be read without running it.
func (k *Kitt) specced() (out []shell.Choice) {
	path, err := spec.Find(k.Cwd)
	if err != nil || strings.HasSuffix(filepath.Ext(path), "js") {
		return nil
	}
	s, _ := spec.Load(context.Background(), spec.Request{Path: path, Cwd: k.Cwd, Env: capture(k.Environ)}, nil)
	if s == nil {
		return nil
	}
	for _, p := range s.Processes {
		out = append(out, shell.Choice{Word: p.Name, Help: p.Description})
	}
	return out
}

// nameChoices are names as people type them: short where only one project has it; instances once their process is typed.
func nameChoices(rows []api.Instance, kind shell.Kind, word string) (out []shell.Choice) {
	projects, instances := map[string]map[string]bool{}, map[string][]api.Instance{}
	for _, in := range rows {
		if projects[in.Process] == nil {
			projects[in.Process] = map[string]bool{}
		}
		projects[in.Process][in.Project] = true
		full := in.Project + "/" + in.Process
		instances[full] = append(instances[full], in)
	}
	for _, full := range slices.Sorted(maps.Keys(instances)) {
		group := instances[full]
		name := group[0].Process
		if len(projects[name]) > 1 || strings.Contains(word, "/") {
			name = full
		}
		if kind == shell.Counts {
			out = append(out, shell.Choice{Word: name + "=", Help: phases(group)})
			continue
		}
		out = append(out, shell.Choice{Word: name, Help: phases(group)})
		for _, in := range group {
			if len(group) > 1 && strings.HasPrefix(word, name) {
				out = append(out, shell.Choice{Word: fmt.Sprintf("%s.%d", name, in.N), Help: in.Phase})
			}
		}
	}
	return out
}

func projectChoices(rows []api.Instance) (out []shell.Choice) {
	groups := map[string][]api.Instance{}
	for _, in := range rows {
		groups[in.Project] = append(groups[in.Project], in)
	}
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		out = append(out, shell.Choice{Word: name, Help: phases(groups[name])})
	}
	return out
}

// phases says how instances are: running, or 2 running, 1 failed.
func phases(group []api.Instance) string {
	if len(group) == 1 {
		return cmp.Or(clean(group[0].Phase), "unknown")
	}
	counts := map[string]int{}
	for _, in := range group {
		counts[clean(in.Phase)]++
	}
	var parts []string
	for _, phase := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%d %s", counts[phase], phase))
	}
	return strings.Join(parts, ", ")
}

// model reads the grammar of the command line.
func model(grammar any) *kong.Kong {
	parser, err := kong.New(grammar, kong.Name("kitt"), kong.Vars{"version": "kitt " + Version()},
		kong.Description("kitt keeps a list of processes true. Start with: kitt apply"),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}), kong.Help(help))
	if err != nil {
		panic("cli: " + err.Error())
	}
	return parser
}
