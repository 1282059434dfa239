package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"kitt.sh/service/api"
	"kitt.sh/spec"
)

// defaultProject holds what was started without a spec. Its file is kitt's own.
const defaultProject = "default"

// An ownSpec is the spec file of the default project while it is held: an ecosystem file in kitt's state, 0600, because
// like pm2 kitt remembers the environment that each script was started with.
type ownSpec struct {
	path string
	lock *os.File
	apps []map[string]any
}

func ownSpecPath(k *Kitt) string {
	return filepath.Join(k.Dirs.State, defaultProject, "ecosystem.json")
}

// openOwnSpec reads the file, which nobody else changes until close.
func openOwnSpec(k *Kitt) (*ownSpec, error) {
	o := &ownSpec{path: ownSpecPath(k)}
	if err := os.MkdirAll(filepath.Dir(o.path), 0o700); err != nil {
		return nil, fmt.Errorf("keep process: %w", err)
	}
	var err error
	if o.lock, err = os.OpenFile(filepath.Join(filepath.Dir(o.path), "lock"), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, fmt.Errorf("keep process: %w", err)
	}
	if err := syscall.Flock(int(o.lock.Fd()), syscall.LOCK_EX); err != nil {
		o.close()
		return nil, fmt.Errorf("keep process: %w", err)
	}
	b, err := os.ReadFile(o.path)
	if errors.Is(err, fs.ErrNotExist) {
		return o, nil
	}
	var file struct{ Apps []map[string]any }
	if err == nil {
		err = json.Unmarshal(b, &file)
	}
	if err != nil {
		o.close()
		return nil, &trouble{text: "read " + o.path + ": " + err.Error(), hint: "mend the file, or remove it; what runs is not touched", code: codeFailed}
	}
	o.apps = file.Apps
	return o, nil
}

func (o *ownSpec) close() { _ = o.lock.Close() }

// save replaces the file.
func (o *ownSpec) save() error {
	if o.apps == nil {
		o.apps = []map[string]any{}
	}
	b, err := json.MarshalIndent(map[string]any{"apps": o.apps}, "", "  ")
	if err == nil {
		err = os.WriteFile(o.path+".new", append(b, '\n'), 0o600)
	}
	if err == nil {
		err = os.Rename(o.path+".new", o.path)
	}
	if err != nil {
		return fmt.Errorf("keep process: %w", err)
	}
	return nil
}

// scripts starts scripts and commands: as processes of the default project, or with --save of this folder's.
func (s Start) scripts(ctx context.Context, k *Kitt, words []string) error {
	if s.App.Name != "" && len(words) > 1 {
		return usage("--name for several scripts", "start them one by one")
	}
	if s.Save {
		return s.save(ctx, k, words)
	}
	answers, err := wake(ctx, k)
	if err != nil {
		return err
	}
	o, err := openOwnSpec(k)
	if err != nil {
		return err
	}
	defer o.close()
	before := o.apps
	var names []string
	for _, word := range words {
		app := s.App.app(k.Cwd, word, s.Args, plainEnv(k))
		var was map[string]any
		if o.apps, was = put(o.apps, app); was != nil && was["script"] != app["script"] && !s.Force {
			return &trouble{text: fmt.Sprintf("start %s: there is a process %s already, of %v", word, app["name"], was["script"]),
				hint: "give it another name with -n NAME, or take its place with --force", code: codeFailed}
		}
		names = append(names, app["name"].(string))
	}
	if err := s.take(ctx, k, o, names, answers); err != nil {
		if load := new(refused); errors.As(err, load) { // nothing of it was taken over
			o.apps = before
			if e := o.save(); e != nil {
				return e
			}
			return load.err
		}
		return err
	}
	return nil
}

// refused is an error before anything was applied.
type refused struct{ err error }

func (r refused) Error() string { return r.err.Error() }

// take applies the file of the default project; only the named are touched.
func (s Start) take(ctx context.Context, k *Kitt, o *ownSpec, names []string, answers func() error) error {
	if err := o.save(); err != nil {
		return err
	}
	req := spec.Request{Path: o.path, Cwd: filepath.Dir(o.path), Env: map[string]string{"PATH": k.Env("PATH"), "HOME": k.Env("HOME")}}
	spec, err := k.read(ctx, req)
	if err != nil {
		return refused{err}
	}
	if err := answers(); err != nil {
		return refused{err}
	}
	load := api.Load{Spec: *spec, Request: req, Capture: true, Wait: !s.NoWait, Timeout: s.Timeout, Only: names}
	return unanswered("start", names, (&stream{k: k}).print(ctx, "start", k.API.Post(ctx, "apply", load)))
}

// plainEnv is the environment of this shell as a file can hold it.
func plainEnv(k *Kitt) map[string]string {
	env := capture(k.Environ)
	for name, value := range env {
		if !isText(name) || !isText(value) {
			delete(env, name)
		}
	}
	return env
}

func isText(s string) bool {
	for _, r := range s {
		if r == '\uFFFD' {
			return false
		}
	}
	return true
}

// tidyOwn drops from the default project's file what was deleted.
func (k *Kitt) tidyOwn(ctx context.Context) error {
	if _, err := os.Stat(ownSpecPath(k)); err != nil {
		return nil
	}
	o, err := openOwnSpec(k)
	if err != nil {
		return err
	}
	defer o.close()
	l, err := k.listing(ctx, nil)
	if err != nil {
		return err
	}
	n := len(o.apps)
	o.apps = slices.DeleteFunc(o.apps, func(a map[string]any) bool {
		name, _ := a["name"].(string)
		return slices.Contains(l.Deleted, defaultProject+"/"+name)
	})
	if len(o.apps) == n {
		return nil
	}
	return o.save()
}

// app is the one of that name, or nil.
func (o *ownSpec) app(name string) map[string]any {
	for _, a := range o.apps {
		if a["name"] == name {
			return a
		}
	}
	return nil
}

// sameEnv compares an environment as it was read with one that is to be.
func sameEnv(read any, env map[string]string) bool {
	was, _ := read.(map[string]any)
	if len(was) != len(env) {
		return false
	}
	for name, value := range env {
		if was[name] != value {
			return false
		}
	}
	return true
}
