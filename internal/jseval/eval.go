package jseval

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"modernc.org/quickjs"
)

//go:embed prelude.js
var prelude string

// An evaluation is one file on its way through one VM.
type evaluation struct {
	Request
	vm    *quickjs.VM
	out   Result
	names map[string][]string // what each built-in module exports
	done  bool
	late  atomic.Bool // its time is over
}

// evaluate runs the whole thing in this process.
func evaluate(r Request) Result {
	e := &evaluation{Request: r, names: map[string][]string{}}
	e.out.Reads = []string{}
	vm, err := quickjs.NewVM()
	if err != nil {
		e.out.Error = &Error{Config: r.File, File: r.File, Message: "start JavaScript: " + err.Error()}
		return e.out
	}
	defer vm.Close()
	e.vm = vm
	defer e.limit()()
	if err := e.run(); err != nil {
		e.fail(err.Error(), stackOf(err), "")
	}
	slices.Sort(e.out.Reads)
	e.out.Reads = slices.Compact(e.out.Reads)
	return e.out
}

// limit interrupts the VM once this process has worked long enough, or long enough has passed. The caller ends it.
func (e *evaluation) limit() (end func()) {
	begun, before := time.Now(), worked()
	ended, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for worked()-before < work && time.Since(begun) < wall {
			select {
			case <-ended:
				return
			case <-tick.C:
			}
		}
		e.late.Store(true)
		e.vm.Interrupt()
	}()
	return func() { close(ended); <-over }
}

// worked is the CPU time of this process.
func worked() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// run sets the VM up, starts the file and turns the event loop until the exports are there.
func (e *evaluation) run() error {
	vm := e.vm
	vm.SetMemoryLimit(memory)
	if err := vm.SetEvalTimeout(wall); err != nil {
		return err
	}
	vm.SetModuleLoader(e.load, e.normalize)
	if err := e.host(); err != nil {
		return err
	}
	if _, err := vm.Eval(`import("kitt:prelude")`, quickjs.EvalGlobal); err != nil {
		return err
	}
	if _, err := vm.ExecutePendingJobs(); err != nil {
		return err
	}
	source, how, err := e.main()
	if err != nil {
		return err
	}
	if source != "" {
		if _, err := vm.Eval(source, quickjs.EvalGlobal); err != nil {
			return err
		}
	}
	return e.turn(how)
}

// turn runs the file's code, its promises, and its timers without waiting for them.
func (e *evaluation) turn(how string) error {
	_, err := e.vm.Eval(fmt.Sprintf("__kitt.run(%q)", how), quickjs.EvalGlobal)
	for !e.done && !e.late.Load() {
		if err != nil {
			return err
		}
		if _, err = e.vm.ExecutePendingJobs(); err != nil || e.done {
			continue
		}
		more, err2 := e.vm.Eval("__kitt.tick()", quickjs.EvalGlobal)
		if err = err2; err == nil && more != true && !e.done {
			e.fail("what it exports is a promise that is never settled", "", "")
		}
	}
	if !e.done {
		return fmt.Errorf("interrupted")
	}
	return nil
}

// main gives the script that defines the file's code, and how to run it. An ES module has no script: it is imported.
func (e *evaluation) main() (source, how string, err error) {
	text, err := e.source(e.File)
	if err != nil {
		return "", "", err
	}
	switch {
	case isJSON(e.File):
		return "globalThis.__main=function(){return(" + text + "\n)}", "json", nil
	case isModule(e.File, text):
		return "", "module", nil
	}
	return mainPrefix + text + "\n}", "script", nil
}

const (
	wrap       = "(exports,require,module,__filename,__dirname){"
	mainPrefix = "globalThis.__main=function" + wrap
	jsonPrefix = "globalThis.__main=function(){return("
)

// host gives the prelude what only Go can do. It takes these names away from the file.
func (e *evaluation) host() error {
	settings, err := json.Marshal(map[string]any{"file": e.File, "dir": filepath.Dir(e.File), "cwd": e.Cwd, "env": e.Env,
		"profile": e.Profile, "platform": runtime.GOOS, "arch": nodeArch(), "cpus": runtime.NumCPU(), "hostname": hostname(),
		"home": e.Env["HOME"], "user": e.Env["USER"], "tmp": "/tmp", "wrap": wrap, "nodeOnly": nodeModules})
	if err != nil {
		return err
	}
	funcs := map[string]quickjs.HostFunc{
		"__kitt_settings": func([]any) (any, error) { return string(settings), nil },
		"__kitt_names":    e.hostNames,
		"__kitt_read":     e.hostRead,
		"__kitt_stat":     e.hostStat,
		"__kitt_list":     e.hostList,
		"__kitt_resolve":  e.hostResolve,
		"__kitt_console":  e.hostConsole,
		"__kitt_done":     e.hostDone,
		"__kitt_fail":     e.hostFail,
		"__kitt_need":     e.hostNeed,
	}
	for name, f := range funcs {
		if err := e.vm.RegisterHostFunc(name, f); err != nil {
			return err
		}
	}
	return nil
}

func (e *evaluation) hostNames(args []any) (any, error) {
	return nil, json.Unmarshal([]byte(str(args, 0)), &e.names)
}

func (e *evaluation) hostConsole(args []any) (any, error) {
	if line := str(args, 0); len(e.out.Console) < 1000 {
		e.out.Console = append(e.out.Console, line[:min(len(line), 4096)])
	}
	return nil, nil
}

func (e *evaluation) hostDone(args []any) (any, error) {
	if e.done {
		return nil, nil
	}
	value := str(args, 0)
	e.done = true
	if len(value) > maxAnswer/4 {
		e.done = false
		e.fail("its exports are too large", "", "")
		return nil, nil
	}
	e.out.Value = json.RawMessage(value)
	return nil, nil
}

// hostNeed notes what was asked for that only Node has, also where the file goes on without it.
func (e *evaluation) hostNeed(args []any) (any, error) {
	if e.out.Needs == "" {
		e.out.Needs = str(args, 0)
	}
	return nil, nil
}

// hostFail takes message, stack and, for a file that was required, its path.
func (e *evaluation) hostFail(args []any) (any, error) {
	e.fail(str(args, 0), str(args, 1), str(args, 2))
	return nil, nil
}

func str(args []any, i int) string {
	if i >= len(args) {
		return ""
	}
	s, _ := args[i].(string)
	return s
}

// nodeArch is the name that Node has for this machine.
func nodeArch() string {
	switch runtime.GOARCH {
	case "amd64":
		return "x64"
	case "386":
		return "ia32"
	}
	return runtime.GOARCH
}

func hostname() string {
	name, _ := os.Hostname()
	return name
}
