package service

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"

	"kitt.sh/reconcile"
	"kitt.sh/spec"
)

// A keptSpec is a last good spec as it lies on the disk. Version 1 was the bare spec, with its values.
type keptSpec struct {
	Version int       `json:"version"` // 2
	Spec    spec.Spec `json:"spec"`    // for each value of an environment, its name in desired.json
}

// referred is s with each value of an environment replaced by its name under key, and the values by those names.
// The name tells nothing of the value to who lacks the key, and is the same each time, so that files compare.
func referred(s *spec.Spec, key []byte) (spec.Spec, map[string]string) {
	values := map[string]string{}
	hide := func(env map[string]string) map[string]string {
		out := maps.Clone(env)
		for k, v := range out {
			h := hmac.New(sha256.New, key)
			h.Write([]byte(v))
			name := hex.EncodeToString(h.Sum(nil)[:16])
			out[k], values[name] = name, v
		}
		return out
	}
	out := *s
	out.Processes = make([]spec.Process, len(s.Processes))
	for i, p := range s.Processes {
		p.Env, p.Each = hide(p.Env), append([]spec.Each(nil), p.Each...)
		for n := range p.Each {
			p.Each[n].Env = hide(p.Each[n].Env)
		}
		out.Processes[i] = p
	}
	out.Notify = nil
	for _, n := range s.Notify {
		out.Notify = append(out.Notify, n.WithTexts(func(v string) string { return hide(map[string]string{"": v})[""] }))
	}
	return out, values
}

// resolved puts the values back in place of their names.
func resolved(s *spec.Spec, values map[string]string) error {
	missing := 0
	fill := func(env map[string]string) {
		for k, name := range env {
			v, ok := values[name]
			if env[k] = v; !ok {
				missing++
			}
		}
	}
	for i := range s.Processes {
		fill(s.Processes[i].Env)
		for _, each := range s.Processes[i].Each {
			fill(each.Env)
		}
	}
	for i, n := range s.Notify {
		s.Notify[i] = n.WithTexts(func(name string) string {
			text := map[string]string{"": name}
			fill(text)
			return text[""]
		})
	}
	if missing > 0 {
		return fmt.Errorf("%s of environments not in desired.json", plural(missing, "value is", "values are"))
	}
	return nil
}

// parseSpec reads a kept spec.
func parseSpec(b []byte, values map[string]string) (*spec.Spec, error) {
	var k keptSpec
	if err := json.Unmarshal(b, &k); err != nil {
		return nil, err
	}
	switch k.Version {
	case 0:
		s := &spec.Spec{}
		return s, json.Unmarshal(b, s)
	case 2:
		return &k.Spec, resolved(&k.Spec, values)
	}
	return nil, fmt.Errorf("version %d is not one that this kitt reads", k.Version)
}

// keepValues makes the values of a project's environments lasting before a file refers to them; those that the file
// before refers to stay. The caller holds mu.
func (d *Daemon) keepValues(project string, values map[string]string) error {
	have := d.intents.Values[project]
	lacks := false
	for name := range values {
		_, ok := have[name]
		lacks = lacks || !ok
	}
	if !lacks {
		return nil
	}
	all := maps.Clone(values)
	maps.Copy(all, have)
	return d.commitValues(project, all)
}

// dropValues forgets the values that no file refers to any more. The caller holds mu.
func (d *Daemon) dropValues(project string, values map[string]string) error {
	if len(d.intents.Values[project]) <= len(values) {
		return nil
	}
	return d.commitValues(project, values)
}

func (d *Daemon) commitValues(project string, values map[string]string) error {
	return d.commit(func(in *reconcile.Intents) error {
		if len(values) == 0 {
			delete(in.Values, project)
			return nil
		}
		if in.Values == nil {
			in.Values = map[string]map[string]string{}
		}
		in.Values[project] = values
		maps.DeleteFunc(in.Values, func(name string, _ map[string]string) bool { return name != project && in.Projects[name] == nil })
		return nil
	})
}

// valueKey is the key under which values are named; made with the first of them. The caller holds mu.
func (d *Daemon) valueKey() []byte {
	if len(d.intents.ValueKey) < 16 {
		next := d.intents.Clone() // on the disk with the commit of the first value
		next.ValueKey = make([]byte, 16)
		_, _ = rand.Read(next.ValueKey) // never fails
		d.intents = next
	}
	return d.intents.ValueKey
}
