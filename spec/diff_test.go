package spec

import (
	"reflect"
	"slices"
	"testing"
)

// Each field of a Process has a word in Diff, so that no edit is missed.
func TestDiffMissesNothing(t *testing.T) {
	run := map[string]bool{"Command": true, "Cwd": true, "Env": true, "Unset": true, "Step": true, "InstanceVar": true, "User": true, "Group": true, "Umask": true, "Nice": true, "Rlimits": true, "Each": true, "Mode": true, "Stdin": true}
	skip := map[string]bool{"Name": true, "Origin": true, "Origins": true}
	for i := range reflect.TypeFor[Process]().NumField() {
		f := reflect.TypeFor[Process]().Field(i)
		if skip[f.Name] {
			continue
		}
		for _, changed := range variants(f, i) {
			changes := Diff(Defaults(), changed)
			if len(changes) != 1 {
				t.Errorf("%s: %+v", f.Name, changes)
				continue
			}
			if changes[0].Live == run[f.Name] {
				t.Errorf("%s: live is %v", f.Name, changes[0].Live)
			}
			if same := Defaults().RunDigest(1) == changed.RunDigest(1); same == run[f.Name] {
				t.Errorf("%s: the digest is the same: %v", f.Name, same)
			}
		}
	}
}

// variants are Defaults with one thing changed in the field: itself, or each field within.
func variants(f reflect.StructField, i int) []Process {
	var out []Process
	if f.Type.Kind() == reflect.Struct {
		for j := range f.Type.NumField() {
			p := Defaults()
			change(reflect.ValueOf(&p).Elem().Field(i).Field(j))
			out = append(out, p)
		}
		return out
	}
	p := Defaults()
	change(reflect.ValueOf(&p).Elem().Field(i))
	return append(out, p)
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
			change(one.FieldByName("Cwd"))
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
