// Package jseval evaluates a pm2 process file without Node: QuickJS, in a short-lived child of kitt.
//
// The file may do what config files do: require and import files beside it, read process.env, path, os, fs,
// print. It may not write, start programs or use the network, and it ends by itself: after three seconds,
// 128 MB, or too deep a recursion. Run is the caller's side; Main is the child. A file that needs what only Node has
// is evaluated once more by the user's own node, where there is one, with the same limits of time and memory.
package jseval

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"
)

const (
	memory    = 128 << 20 // bytes of the JavaScript heap
	maxSource = 16 << 20  // bytes of one file read
	maxReads  = 10_000
	maxAnswer = 32 << 20 // bytes of what the child may say
)

// A file has work of CPU time, so that a busy machine does not make a good file a bad one, and wall of the clock; Run kills
// the child a second later.
var (
	work = 3 * time.Second
	wall = 20 * time.Second
)

// A Request is one file to evaluate, and what it may see.
type Request struct {
	File    string            `json:"file"` // absolute
	Cwd     string            `json:"cwd"`  // process.cwd()
	Env     map[string]string `json:"env"`  // process.env, all of it
	Profile string            `json:"profile,omitempty"`
}

// A Result is what came of it. Reads is there whatever else went wrong.
type Result struct {
	Value   json.RawMessage `json:"value,omitempty"` // the exports: a function was called, a promise awaited
	Reads   []string        `json:"reads"`           // absolute paths of every file that was read or looked for
	Console []string        `json:"console,omitempty"`
	Error   *Error          `json:"error,omitempty"`
	Needs   string          `json:"needs,omitempty"` // what it asked for that only Node has, in words: "child_process.execSync"
	Node    string          `json:"node,omitempty"`  // path of the node that evaluated it for that; "" is the built-in engine
}

// An Error says what stopped the evaluation and where. Line and Col count from 1; 0 means not known.
type Error struct {
	Config  string `json:"config"` // the file asked for
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
	File    string `json:"file"` // where it happened: Config, or a file that it requires
	Line    int    `json:"line,omitempty"`
	Col     int    `json:"col,omitempty"`
	Stack   string `json:"stack,omitempty"`
}

func (e *Error) Error() string {
	return fmt.Sprintf("evaluate %s: %s", filepath.Base(e.Config), e.Message)
}
