package spec

import (
	"reflect"
	"slices"
	"testing"
)

// Each field of a Process has a word in Diff, so that no edit is missed.
func TestDiffMissesNothing(t *testing.T) {
	run := map[string]bool{"Command": true, "Cwd": true, "Env": true, "Unset": true, "Step": true, "InstanceVar": true, "User": true, "Group": true, "Umask": true, "Nice": true, "Rlimits": true, "Each": true, "Mode": true, "Stdin": true,
		"Ready.Notify": true, "Ready.FD": true, "Alive.Watchdog": true, "Listen": true, "Expose": true, "Ports": true}
	skip := map[string]bool{"Name": true, "Origin": true, "Origins": true}
	for i := range reflect.TypeFor[Process]().NumField() {
		f := reflect.TypeFor[Process]().Field(i)
		if skip[f.Name] {
			continue
		}
		for _, path := range leaves(f.Name, f.Type, []int{i}) {
			changed := Defaults()
			change(reflect.ValueOf(&changed).Elem().FieldByIndex(path.index))
			changes := Diff(Defaults(), changed)
			if len(changes) != 1 {
				t.Errorf("%s: %+v", path.name, changes)
				continue
			}
			if changes[0].Live == (run[f.Name] || run[path.name]) {
				t.Errorf("%s: live is %v", path.name, changes[0].Live)
			}
			if same := Defaults().RunDigest(1) == changed.RunDigest(1); same == (run[f.Name] || run[path.name]) {
				t.Errorf("%s: the digest is the same: %v", path.name, same)
			}
		}
	}
}

// A leaf is a field, or one of a struct within, down to what is no struct.
type leaf struct {
	name  string
	index []int
}

func leaves(name string, t reflect.Type, index []int) (out []leaf) {
	if t.Kind() != reflect.Struct {
		return []leaf{{name, index}}
	}
	for j := range t.NumField() {
		out = append(out, leaves(name+"."+t.Field(j).Name, t.Field(j).Type, append(slices.Clone(index), j))...)
	}
	return out
}

func change(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(v.String() + "x")
	case reflect.Int, reflect.Int64:
		v.SetInt(v.Int() + 1)
	case reflect.Float64:
		v.SetFloat(v.Float() + 1)
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Slice:
		one := reflect.New(v.Type().Elem()).Elem()
		if one.Kind() == reflect.Struct {
			within := one.FieldByName("Cwd")
			if !within.IsValid() {
				within = one.Field(0)
			}
			change(within)
		} else {
			change(one)
		}
		v.Set(reflect.Append(v, one))
	case reflect.Map:
		m := reflect.MakeMap(v.Type())
		one := reflect.New(v.Type().Elem()).Elem()
		change(one)
		m.SetMapIndex(reflect.ValueOf("x"), one)
		v.Set(m)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
	default:
		panic("spec: a kind of field that the test does not know: " + v.Kind().String())
	}
}

func TestEnvValuesAreNeverInADiff(t *testing.T) {
	old, new := Defaults(), Defaults()
	old.Env, new.Env = map[string]string{"A": "secret1", "C": "secret2"}, map[string]string{"A": "secret3", "B": "secret4"}
	changes := Diff(old, new)
	want := []Change{{Field: "env.A"}, {Field: "env.B"}, {Field: "env.C"}}
	if !reflect.DeepEqual(changes, want) {
		t.Errorf("got %+v", changes)
	}
}

func TestFor(t *testing.T) {
	p := Defaults()
	p.Command, p.Cwd, p.Env = []string{"a"}, "/x", map[string]string{"K": "v"}
	p.Step, p.InstanceVar = map[string]int{"PORT": 5000}, "WHO"
	p.Each = []Each{{}, {Command: []string{"b"}, Cwd: "/y", Env: map[string]string{"K": "w"}}}
	command, cwd, env := p.For(2)
	if !slices.Equal(command, []string{"b"}) || cwd != "/y" || !reflect.DeepEqual(env, map[string]string{"K": "w", "PORT": "5001", "WHO": "1"}) {
		t.Errorf("got %q %q %v", command, cwd, env)
	}
	env["K"] = "changed"
	if _, _, again := p.For(2); again["K"] != "w" {
		t.Error("the caller can change the process")
	}
	if command, cwd, env = p.For(3); command[0] != "a" || cwd != "/x" || env["PORT"] != "5002" {
		t.Errorf("beyond Each: got %q %q %v", command, cwd, env)
	}
	if p.RunDigest(1) == p.RunDigest(3) {
		t.Error("digests do not tell instances apart")
	}
}

func TestOneMoreInstanceReplacesNothing(t *testing.T) {
	old, new := Defaults(), Defaults()
	old.Each = []Each{{Cwd: "/1"}}
	new.Each = []Each{{Cwd: "/1"}, {Cwd: "/2"}}
	new.Instances = 2
	if changes := Diff(old, new); len(changes) != 1 || changes[0].Field != "instances" {
		t.Errorf("got %+v", changes)
	}
}
