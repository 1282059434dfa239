package spec

import (
	"maps"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// processes builds the spec of what readRoot filed: the Procfile's first, then the blocks that add to it.
func (h *hclReader) processes() {
	if attr := h.root["project"]; attr != nil {
		if v := h.value("project", attr, h.eval); v != nil {
			h.spec.Project, h.named = v.text(), h.pos(attr.NameRange)
		}
	}
	if attr := h.root["rollback"]; attr != nil {
		if v := h.value("rollback", attr, h.eval); v != nil {
			h.spec.Rollback = v.boolean(false)
		}
	}
	if attr := h.root["sample"]; attr != nil {
		if v := h.value("sample", attr, h.eval); v != nil {
			h.spec.Sample = v.boolean(false)
		}
	}
	taken := h.taken()
	h.readPorts(slices.Concat(namesOf(taken), h.names))
	for i := range taken {
		h.spec.Processes = append(h.spec.Processes, h.process(taken[i].Name, &taken[i]))
	}
	for _, name := range h.names {
		if !slices.ContainsFunc(taken, func(p Process) bool { return p.Name == name }) {
			h.spec.Processes = append(h.spec.Processes, h.process(name, nil))
		}
	}
	h.samePorts()
	if len(h.spec.Processes) == 0 && len(h.spec.Notify) == 0 && len(h.errs) == 0 {
		h.warn(Pos{File: h.file, Line: 1}, "", "names no process")
	}
}

// taken are the processes of procfile = "…", with the .env beside it unless the file names its own env_file.
func (h *hclReader) taken() []Process {
	attr := h.root["procfile"]
	if attr == nil {
		return nil
	}
	v := h.value("procfile", attr, h.eval)
	if v == nil {
		return nil
	}
	file := v.path()
	text, err := h.tryRead(file)
	if err != nil {
		v.complain("", "read %s: %s", file, cause(err))
		return nil
	}
	envFile, settings := "", []setting(nil)
	if h.root["env_file"] == nil {
		envFile = filepath.Join(filepath.Dir(file), ".env")
		settings, _ = h.dotenvFile(envFile)
	}
	return h.procfileProcesses(file, text, envFile, settings)
}

// process puts the layers of one process together. base is the Procfile's, or nil.
func (h *hclReader) process(name string, base *Process) Process {
	p := Defaults()
	p.Name, p.Cwd, p.Origins = name, h.dir, map[string]Pos{}
	if base != nil {
		p = *base
	}
	if at, ok := h.places[name]; ok {
		p.Origin = at
	}
	layers := h.layers(name)
	for _, f := range processFields {
		if attr := top(layers, f.name); attr != nil && f.set != nil {
			if v := h.value(f.name, attr, h.eval); v != nil {
				f.set(&p, v)
				p.Origins[f.name] = h.pos(attr.NameRange)
			}
		}
	}
	p.settleJob()
	h.instances(&p, layers)
	h.dependsOn(&p, layers)
	h.runFields(&p, base, layers)
	h.port(&p)
	h.expose(&p)
	return p
}

func namesOf(processes []Process) (out []string) {
	for _, p := range processes {
		out = append(out, p.Name)
	}
	return out
}

// top is what the highest layer that has the field says.
func top(layers []layer, name string) *hcl.Attribute {
	for _, l := range slices.Backward(layers) {
		if l[name] != nil {
			return l[name]
		}
	}
	return nil
}

func (h *hclReader) instances(p *Process, layers []layer) {
	attr := top(layers, "instances")
	if attr == nil {
		return
	}
	v := h.value("instances", attr, h.eval)
	if v == nil {
		return
	}
	p.Origins["instances"] = h.pos(attr.NameRange)
	if v.v.Type() == cty.String && v.v.AsString() == "cpus" {
		p.Instances = runtime.NumCPU()
		return
	}
	n, err := strconv.Atoi(v.text())
	if err != nil {
		v.complain("write a number or \"cpus\"", "expected a whole number, got %s", v.shown())
		return
	}
	p.Instances = n
}

// dependsOn reads a map of conditions, or a list of names that must have started. Layers add up.
func (h *hclReader) dependsOn(p *Process, layers []layer) {
	for _, l := range layers {
		attr := l["depends_on"]
		if attr == nil {
			continue
		}
		v := h.value("depends_on", attr, h.eval)
		if v == nil {
			continue
		}
		if p.DependsOn == nil {
			p.DependsOn = map[string]string{}
		}
		for target, condition := range v.conditions() {
			p.DependsOn[target] = condition
			p.Origins["depends_on."+target] = h.keyPos(attr, target)
		}
	}
}

func (v *hclValue) conditions() map[string]string {
	out := map[string]string{}
	if t := v.v.Type(); !t.IsObjectType() && !t.IsMapType() {
		for _, name := range v.words() {
			out[name] = "started"
		}
		return out
	}
	for name, condition := range v.v.AsValueMap() {
		if !condition.IsNull() {
			out[name] = (&hclValue{v.h, "depends_on." + name, condition, v.at}).text()
		}
	}
	return out
}

// runFields reads what may depend on instance.n: once, or for each instance.
func (h *hclReader) runFields(p *Process, base *Process, layers []layer) {
	first := h.runOf(p, base, layers, 1)
	p.Command, p.Cwd, p.Unset = first.Command, first.Cwd, first.unset
	maps.Copy(p.Origins, first.origins)
	if first.Env["PORT"] != "" {
		p.Step = nil // the spec sets it
	}
	p.Env = first.Env
	if !h.variesByInstance(layers) {
		return
	}
	all := []Each{}
	for n := 1; n <= min(max(p.Instances, h.req.Scale[p.Name]), maxInstances); n++ {
		all = append(all, h.runOf(p, base, layers, n).Each)
	}
	p.spread(all)
}

// spread keeps in p what all instances share, and in Each the rest.
func (p *Process) spread(all []Each) {
	for name, value := range p.Env {
		if slices.ContainsFunc(all, func(e Each) bool { v, ok := e.Env[name]; return !ok || v != value }) {
			delete(p.Env, name)
		}
	}
	varies := false
	for i := range all {
		maps.DeleteFunc(all[i].Env, func(name, _ string) bool { _, shared := p.Env[name]; return shared })
		if len(all[i].Env) == 0 {
			all[i].Env = nil
		}
		if slices.Equal(all[i].Command, p.Command) {
			all[i].Command = nil
		}
		if all[i].Cwd == p.Cwd {
			all[i].Cwd = ""
		}
		varies = varies || !reflect.DeepEqual(all[i], Each{})
	}
	if varies {
		p.Each = all
	}
}

// A run is what one instance is started with, and what says so.
type run struct {
	Each
	unset   []string
	origins map[string]Pos
}

func (h *hclReader) runOf(p *Process, base *Process, layers []layer, n int) run {
	ctx := h.forInstance(n)
	out := run{Each: Each{Command: p.Command, Cwd: p.Cwd}, origins: map[string]Pos{}}
	if attr := top(layers, "command"); attr != nil {
		if v := h.value("command", attr, ctx); v != nil {
			out.Command = v.command()
		}
		out.origins["command"] = h.pos(attr.NameRange)
	}
	if attr := top(layers, "cwd"); attr != nil {
		if v := h.value("cwd", attr, ctx); v != nil {
			out.Cwd = v.path()
		}
		out.origins["cwd"] = h.pos(attr.NameRange)
	}
	h.envOf(&out, base, layers, ctx)
	return out
}

var runWords = []string{"command", "cwd", "env", "env_file"}

func (h *hclReader) variesByInstance(layers []layer) bool {
	for _, l := range append([]layer{h.root}, layers...) {
		for _, word := range runWords {
			if l[word] == nil {
				continue
			}
			for _, t := range l[word].Expr.Variables() {
				if t.RootName() == "instance" {
					return true
				}
			}
		}
	}
	return false
}

// envOf lays the environment together, lowest first: the file's env and env_file, the Procfile's .env,
// then of each layer its env_file and env.
func (h *hclReader) envOf(out *run, base *Process, layers []layer, ctx *hcl.EvalContext) {
	out.Env = map[string]string{}
	h.addEnv(out, h.root["env"], ctx)
	h.addEnvFiles(out, h.root["env_file"], ctx)
	if base != nil {
		maps.Copy(out.Env, base.Env)
	}
	for _, l := range layers {
		h.addEnvFiles(out, l["env_file"], ctx)
		h.addEnv(out, l["env"], ctx)
	}
	slices.Sort(out.unset)
	out.unset = slices.Compact(out.unset)
}

// addEnv lays one env = { … } over out. null takes a variable away, the captured one too.
func (h *hclReader) addEnv(out *run, attr *hcl.Attribute, ctx *hcl.EvalContext) {
	if attr == nil {
		return
	}
	v := h.value("env", attr, ctx)
	if v == nil {
		return
	}
	if t := v.v.Type(); !t.IsObjectType() && !t.IsMapType() {
		v.complain("write env = { NAME = \"value\" }", "expected names and values, got a %s", strings.TrimSuffix(v.v.Type().FriendlyName(), " of dynamic")) // not what it is: a secret perhaps
		return
	}
	for name, value := range v.v.AsValueMap() {
		at := h.keyPos(attr, name)
		out.origins["env."+name] = at
		switch {
		case value.IsNull():
			delete(out.Env, name)
			out.unset = append(out.unset, name)
		case !value.Type().IsPrimitiveType():
			h.complain(at, "write it as text; jsonencode() makes text of anything", "env.%s: expected text, a number or true or false", name)
		default:
			out.Env[name] = (&hclValue{h, "env." + name, value, attr.Expr.Range()}).text()
			out.unset = slices.DeleteFunc(out.unset, func(n string) bool { return n == name })
		}
	}
}

// addEnvFiles lays env files over out. One with a dash before its name may be missing, as in systemd.
func (h *hclReader) addEnvFiles(out *run, attr *hcl.Attribute, ctx *hcl.EvalContext) {
	if attr == nil {
		return
	}
	v := h.value("env_file", attr, ctx)
	if v == nil {
		return
	}
	for _, name := range v.words() {
		optional := strings.HasPrefix(name, "-")
		file := h.expand(strings.TrimPrefix(name, "-"))
		settings, read := h.settings[file]
		if !read {
			var missing bool
			settings, missing = h.dotenvFile(file)
			if missing && !optional {
				v.complain("make the file, or write \"-"+name+"\" if it may be missing", "no file %s", file)
			}
			h.settings[file] = settings
		}
		for _, s := range settings {
			out.Env[s.name] = s.value
			out.origins["env."+s.name] = Pos{file, s.line, 0}
			out.unset = slices.DeleteFunc(out.unset, func(n string) bool { return n == s.name })
		}
	}
}

// keyPos is where the key of an object stands; the field itself where the object is computed.
func (h *hclReader) keyPos(attr *hcl.Attribute, key string) Pos {
	pairs, diags := hcl.ExprMap(attr.Expr)
	if !diags.HasErrors() {
		for _, pair := range pairs {
			if v, diags := pair.Key.Value(nil); !diags.HasErrors() && v.Type() == cty.String && !v.IsNull() && v.AsString() == key {
				return h.pos(pair.Key.Range())
			}
		}
	}
	return h.pos(attr.NameRange)
}
