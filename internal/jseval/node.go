package jseval

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

//go:embed node.cjs
var nodeScript string

// Note says in words that Node evaluated the file, and for what; or that it would have to, and what came without it.
// It is empty where neither is so.
func (r Result) Note() string {
	switch {
	case r.Node != "":
		return fmt.Sprintf("it uses %s, which only Node has: it was evaluated by %s, and can do all that you can", r.Needs, r.Node)
	case r.Needs != "" && r.Error == nil:
		return fmt.Sprintf("it tries %s, which only Node has, and there is no node on the PATH: what it does without is taken", r.Needs)
	}
	return ""
}

// inNode evaluates r again by the user's own node, because got needs what only Node has. Where there is none, got
// stands, and its error says so.
func inNode(ctx context.Context, r Request, got Result) (Result, error) {
	node := lookUp("node", r.Env["PATH"])
	if node == "" {
		if got.Error != nil {
			got.Error.Message = fmt.Sprintf("it uses %s, which only Node has, and there is no node on the PATH", got.Needs)
			got.Error.Hint = "install node, or put the values themselves into the file, or into a JSON file beside it"
		}
		return got, nil
	}
	out, err := askNode(ctx, node, r)
	if err != nil {
		return got, err
	}
	if e := out.Error; e != nil {
		e.Config = r.File
		if e.File == "" {
			e.File = r.File
		}
	}
	out.Needs, out.Node, out.Reads = got.Needs, node, append(out.Reads, got.Reads...)
	slices.Sort(out.Reads)
	out.Reads = slices.Compact(out.Reads)
	return out, nil
}

// askNode runs node.cjs. Its CPU time is limited by the shell that becomes node, its heap by node, the time of the clock
// here; whatever it started ends with it.
func askNode(ctx context.Context, node string, r Request) (Result, error) {
	limited, cancel := context.WithTimeout(ctx, wall)
	defer cancel()
	ask, err := json.Marshal(map[string]string{"file": r.File, "profile": r.Profile, "how": howOf(r.File)})
	if err != nil {
		return Result{}, fmt.Errorf("evaluate %s: %w", r.File, err)
	}
	from, to, err := os.Pipe()
	if err != nil {
		return Result{}, fmt.Errorf("evaluate %s: %w", r.File, err)
	}
	defer from.Close()
	errs := &capped{most: 64 << 10}
	cmd := exec.CommandContext(limited, "/bin/sh", "-c", `ulimit -t "$1" 2>/dev/null; shift; exec "$@"`, "sh", fmt.Sprint(int(work/time.Second)+2),
		node, fmt.Sprintf("--max-old-space-size=%d", memory>>20), "-e", nodeScript, string(ask))
	cmd.Env = []string{}
	for name, value := range r.Env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	if info, err := os.Stat(r.Cwd); err == nil && info.IsDir() {
		cmd.Dir = r.Cwd
	}
	cmd.ExtraFiles, cmd.Stderr, cmd.WaitDelay = []*os.File{to}, errs, 100*time.Millisecond
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	err = cmd.Start()
	to.Close()
	if err != nil {
		return Result{}, fmt.Errorf("evaluate %s: %w", r.File, err)
	}
	answer := make(chan []byte, 1)
	go func() { // ends when node and all that it started have closed the pipe, or below
		b, _ := io.ReadAll(io.LimitReader(from, maxAnswer))
		answer <- b
	}()
	err = cmd.Wait()
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what it left behind
	_ = from.SetReadDeadline(time.Now().Add(time.Second))
	return nodeAnswer(r, <-answer, err, limited, errs)
}

// nodeAnswer is what node said, or what its end means.
func nodeAnswer(r Request, answer []byte, err error, ctx context.Context, errs *capped) (out Result, _ error) {
	var ended *exec.ExitError
	killed := errors.As(err, &ended) && ended.Sys().(syscall.WaitStatus).Signaled()
	switch {
	case len(answer) > 0 && json.Unmarshal(answer, &out) == nil:
		return out, nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded), killed && !bytes.Contains(errs.Bytes(), []byte("heap out of memory")):
		out.Error = tooLong(r.File)
	case bytes.Contains(errs.Bytes(), []byte("heap out of memory")):
		out.Error = &Error{Message: "used more than 128 MB", Hint: "a config file exports a few objects; look for a list that grows without end"}
	case ctx.Err() != nil:
		return out, context.Cause(ctx)
	default:
		return out, fmt.Errorf("evaluate %s: node: %w%s", r.File, errors.Join(err, errNoAnswer), firstLine(errs.String()))
	}
	return out, nil
}

var errNoAnswer = errors.New("no answer")

// howOf is how a file is evaluated: json, module or script.
func howOf(file string) string {
	b, err := os.ReadFile(file)
	switch {
	case isJSON(file):
		return "json"
	case err == nil && isModule(file, string(b)):
		return "module"
	}
	return "script"
}

// lookUp finds a program on a PATH.
func lookUp(name, path string) string {
	for _, dir := range filepath.SplitList(path) {
		file := filepath.Join(dir, name)
		if info, err := os.Stat(file); filepath.IsAbs(dir) && err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return file
		}
	}
	return ""
}

// nodeModules are those of Node's own that the built-in engine has not.
var nodeModules = strings.Fields(`async_hooks buffer cluster console constants crypto dgram diagnostics_channel dns dns/promises domain events http
	http2 https inspector net perf_hooks punycode querystring readline readline/promises repl stream stream/promises string_decoder sys
	timers timers/promises tls trace_events tty v8 vm wasi worker_threads zlib sqlite test sea`)

// nodeGlobals are names that any file in Node knows.
var nodeGlobals = strings.Fields(`Buffer fetch TextEncoder TextDecoder AbortController AbortSignal URLSearchParams crypto WebAssembly Blob
	FormData Headers Request Response atob btoa BroadcastChannel MessageChannel EventTarget Event Intl`)

// needsNode is what of Node an error means, or nothing.
func needsNode(message string) string {
	if _, name, ok := strings.Cut(message, "Cannot find module '"); ok {
		name, _, _ = strings.Cut(name, "'")
		if slices.Contains(nodeModules, strings.TrimPrefix(name, "node:")) {
			return "the module " + name
		}
		if !strings.HasPrefix(name, ".") && !strings.HasPrefix(name, "/") {
			return "the package " + name
		}
	}
	for _, name := range nodeGlobals {
		if strings.Contains(message, "'"+name+"' is not defined") {
			return name
		}
	}
	return ""
}
