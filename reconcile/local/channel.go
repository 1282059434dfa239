package local

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"

	"kitt.sh/reconcile"
	"kitt.sh/reconcile/keeper"
	"kitt.sh/spec"
)

// primary is the program that a process in mode cluster begins with: the only parent of its workers, and nothing else.
//
//go:embed primary.cjs
var primary []byte

// worker is what each of them begins with.
//
//go:embed worker.cjs
var worker []byte

// channelled gives a spawn Node's channel for messages, and a cluster its primary.
func (r *Runtime) channelled(s *keeper.Spawn, in reconcile.Instance) error {
	s.Stdin = in.Process.Stdin
	s.Channel = in.Process.Channel() || in.Process.Ready.FD > 0 // it is descriptor 3 either way
	if !in.Process.Channel() {
		return nil
	}
	s.Env = append(s.Env, "NODE_CHANNEL_FD="+strconv.Itoa(3+len(s.Listen)), "NODE_CHANNEL_SERIALIZATION_MODE=json")
	if in.Process.Mode != spec.ModeCluster {
		return nil
	}
	at := spec.ScriptAt(s.Argv)
	if at == 0 {
		return refusal{text: "mode cluster: no script in its command", hint: "command = [\"node\", \"app.js\"]"}
	}
	program, err := r.primaryFor(s.SetUser)
	if err != nil {
		return refusal{text: "write the primary of a cluster: " + err.Error(), retry: true}
	}
	s.Argv = append(append(append([]string{}, s.Argv[:at]...), program...), s.Argv[at:]...)
	return nil
}

// primaryFor is how node is told the primary: a file of kitt's own, or the text itself where another user runs it, who
// may not look into kitt's folders.
func (r *Runtime) primaryFor(other bool) ([]string, error) {
	if other {
		return []string{"-e", string(primary), "--"}, nil
	}
	r.programs.Lock() // several clusters may begin at once
	defer r.programs.Unlock()
	dir := filepath.Join(filepath.Dir(r.Logs), "run")
	file := filepath.Join(dir, "primary.cjs")
	err := keep(filepath.Join(dir, "worker.cjs"), worker)
	if err == nil {
		err = keep(file, primary)
	}
	return []string{file}, err
}

// keep makes a file hold text.
func keep(file string, text []byte) error {
	if b, err := os.ReadFile(file); err == nil && bytes.Equal(b, text) {
		return nil
	}
	return reconcile.Replace(file, text, false)
}

// say sends the message by which a life is asked to end. False means that it has no channel that takes it.
func (r *Runtime) say(life, message string) bool {
	if message == "" || r.Say == nil {
		return false
	}
	b, err := json.Marshal(message)
	return err == nil && r.Say(life, b) == nil
}
