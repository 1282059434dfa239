// Package recognise says in plain words why a program ended, from how it ended and what it wrote last.
//
// Recognisers are a table: the first row that knows the case has the word. What a row has to look up it asks for, and only
// then is it looked up.
package recognise

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A Case is one end.
type Case struct {
	Code   int           // -1: it did not exit by itself
	Signal string        // SIGKILL; empty: none
	Memory bool          // the system ended it for want of memory
	Lines  []string      // the last that this very life wrote
	Dir    func() string // where it runs; asked only when a row needs it. nil: unknown
	GOOS   string
}

// Facts are looked up when a row needs them.
type Facts interface {
	// Holder is who listens at a TCP port; pid 0 if nobody does, or it cannot be seen.
	Holder(port int) (pid int, name string)
	// Owner is the instance, shop/web.1, that a process belongs to; empty for one that kitt does not run.
	Owner(pid int) string
	// InShell is where the user's shell finds a program: the one that asks, else the login shell; empty if neither does.
	InShell(program string) string
}

// A Finding is what is wrong, and what to do.
type Finding struct {
	Kind string `json:"kind"` // port, module, command, permission, …: stable
	Text string `json:"text"`
	Hint string `json:"hint,omitempty"`
}

// A row knows one kind of end.
type row struct {
	kind string
	know func(c Case, f Facts) (Finding, bool)
}

// textMost is how much of what a program wrote a finding repeats, in bytes.
const textMost = 300

// Recognise is what the first row that knows the case says; ok is false if none does.
func Recognise(c Case, f Facts) (out Finding, ok bool) {
	if !slices.Contains(ownEnds, c.Signal) {
		c.Lines = nil // what ended it came from outside, whatever it had complained of before
	}
	for _, r := range rows {
		if out, ok = r.know(c, f); ok {
			out.Kind = r.kind
			if len(out.Text) > textMost {
				out.Text = strings.ToValidUTF8(out.Text[:textMost], "") + "…"
			}
			return out, true
		}
	}
	return Finding{}, false
}

// ownEnds are the signals by which a program ends itself, perhaps with a word before: abort, and no signal at all.
var ownEnds = []string{"", "SIGABRT", "SIGTRAP"}

// rows: what is said by the system goes before what is guessed from a number.
var rows = []row{
	{"memory", outOfMemory},
	{"port", portTaken},
	{"module", said("a file that it needs is not there: %s", "look at its path: kitt show NAME tells command and cwd", `Cannot find module '([./][^']*)'`)},
	{"module", said("a module that it needs is not there: %s", "install what the program depends on: npm install",
		`Cannot find module '([^']+)'`, `Cannot find package '([^']+)'`)},
	{"module", said("a Python module that it needs is not there: %s", "install it into the Python, or the virtual environment, that the command runs",
		`ModuleNotFoundError: No module named '([^']+)'`, `ImportError: No module named (\S+)`)},
	{"module", said("a Ruby library that it needs is not there: %s", "bundle install, and run it by bundle exec",
		`cannot load such file -- (\S+)`, `Could not find gem '([^']+)'`)},
	{"module", said("a Java class that it needs is not there: %s", "look at the class path", `ClassNotFoundException: (\S+)`, `Could not find or load main class (\S+)`)},
	{"library", said("a shared library that it needs is not there: %s", "install the package that has it, or build the program for this system",
		`error while loading shared libraries: ([^:]+)`, `Library not loaded: (\S+)`, "version `(GLIBC[^']*)' not found")},
	{"format", said("it is built for another kind of machine, or is a script without #!%s", "uname -m and file PROGRAM say which", `[Ee]xec format error()`, `bad CPU type in executable()`)},
	{"space", said("the disk is full%s", "df -h says which; kitt flush empties logs", `No space left on device()`, `ENOSPC()`)},
	{"files", said("it has too many files open%s", `raise it: limits { nofile = "8192" }`, `[Tt]oo many open files()`, `EMFILE()`)},
	{"privacy", privacy},
	{"permission", said("permission denied: %s", "look at the owner and mode of what it names: ls -l", `EACCES: permission denied, \w+ '([^']+)'`,
		`EPERM: operation not permitted, \w+ '([^']+)'`, `[Pp]ermission denied()`)},
	{"refused", said("what it wants to reach does not listen: %s", "is that service up? depends_on makes it wait for one that kitt runs", `ECONNREFUSED ([0-9a-zA-Z.:\[\]]+)`, `dial tcp ([^ ]+): connect: connection refused`)},
	{"heap", said("Node ran out of its own heap%s", `node_args: "--max-old-space-size=4096", if the machine has that`, `JavaScript heap out of memory()`)},
	{"syntax", said("its source has a mistake: %s", "the lines above that one name file and line", `(SyntaxError: .*)`, `(IndentationError: .*)`)},
	{"command", notFound},
	{"signal", signalled},
	{"permission", exit126},
}

// said is a row for what a program wrote: the newest line that one of the patterns finds, with what stands in its brackets.
func said(text, hint string, patterns ...string) func(Case, Facts) (Finding, bool) {
	var all []*regexp.Regexp
	for _, p := range patterns {
		all = append(all, regexp.MustCompile(p))
	}
	return func(c Case, _ Facts) (Finding, bool) {
		what, ok := newest(c.Lines, all)
		if !ok {
			return Finding{}, false
		}
		return Finding{Text: strings.TrimSuffix(fmt.Sprintf(text, what), ": "), Hint: hint}, true
	}
}

func newest(lines []string, patterns []*regexp.Regexp) (what string, ok bool) {
	for i := len(lines) - 1; i >= 0; i-- {
		for _, p := range patterns {
			if m := p.FindStringSubmatch(lines[i]); m != nil {
				return m[1], true
			}
		}
	}
	return "", false
}

func outOfMemory(c Case, _ Facts) (Finding, bool) {
	return Finding{Text: "the system killed it for want of memory", Hint: "limits.memory_restart restarts it before; free -m says what is left"}, c.Memory
}

var (
	inUse  = []*regexp.Regexp{regexp.MustCompile(`((?:EADDRINUSE|[Aa]ddress (?:already )?in use|port \d+ is (?:already )?(?:in use|taken|allocated)).*)`)}
	clock  = regexp.MustCompile(`\b\d{2}:\d{2}:\d{2}(?:[.,]\d+)?(?:[+-]\d{2}:?\d{2})?`)
	port   = regexp.MustCompile(`(?:[Pp]ort |[:\]]|', )(\d{2,5})\b`)
	nearby = regexp.MustCompile(`(?i)\bport[ :=]{1,2}(\d{2,5})\b`) // only where the word is: stacks are full of numbers
)

// portTaken looks for the number in the line that says so, else in those around it.
func portTaken(c Case, f Facts) (Finding, bool) {
	for i := len(c.Lines) - 1; i >= 0; i-- {
		if _, ok := newest(c.Lines[i:i+1], inUse); !ok {
			continue
		}
		line := clock.ReplaceAllString(c.Lines[i], "")
		if all := port.FindAllStringSubmatch(line, -1); all != nil {
			return held(number(all[len(all)-1]), f), true // what stands before may be a file and its line
		}
		for _, near := range c.Lines[max(0, i-2):min(i+6, len(c.Lines))] {
			if m := nearby.FindStringSubmatch(near); m != nil {
				return held(number(m), f), true
			}
		}
		return held(0, f), true
	}
	return Finding{}, false
}

func number(match []string) int {
	n, _ := strconv.Atoi(match[1]) // five digits at most
	return n
}

func held(n int, f Facts) Finding {
	if n == 0 || n > 65535 {
		return Finding{Text: "an address that it listens at is in use already"}
	}
	pid, name := f.Holder(n)
	if pid == 0 {
		return Finding{Text: fmt.Sprintf("port %d was in use; nobody that can be seen listens there now", n), Hint: "kitt restart NAME tries again at once"}
	}
	text := fmt.Sprintf("port %d is held by process %d (%s)", n, pid, name)
	if own := f.Owner(pid); own != "" {
		return Finding{Text: text + ", which is " + own, Hint: "kitt stop " + own + ", or give this program another port"}
	}
	return Finding{Text: text, Hint: "end that one, or give this program another port"}
}

var (
	notPermitted = []*regexp.Regexp{regexp.MustCompile(`(?:^|[^a-z])([Oo]peration not permitted)`)}
	private      = regexp.MustCompile(`/Users/[^/]+/(?:Documents|Desktop|Downloads|Library/Mobile Documents)(?:/|\b)`)
)

// privacy is macOS's: folders of the user that a service may not read. Much else is not permitted, too: the line, or where
// the program runs, must be in one of them.
func privacy(c Case, _ Facts) (Finding, bool) {
	if _, ok := newest(c.Lines, notPermitted); !ok || c.GOOS != "darwin" {
		return Finding{}, false
	}
	there := slices.ContainsFunc(c.Lines, func(l string) bool {
		_, ok := newest([]string{l}, notPermitted)
		return ok && private.MatchString(l)
	})
	return Finding{Text: "macOS does not let it read there: folders like Documents, Desktop and Downloads are private",
		Hint: "move it elsewhere, or System Settings, Privacy & Security, Full Disk Access for the program"}, there || c.Dir != nil && private.MatchString(c.Dir())
}

// missing is how shells, env, Go and Node say that there is no such command. Much else is "not found".
var missing = []*regexp.Regexp{
	regexp.MustCompile(`([^\s:]+): command not found$`), regexp.MustCompile(`command not found: (\S+)`), regexp.MustCompile(`Unknown command: (\S+)`),
	regexp.MustCompile(`: (?:line )?\d+: (?:exec: )?([^\s:]+): not found$`), regexp.MustCompile(`^(?:\S*/)?-?\w*sh: (?:exec: )?([^\s:]+): not found$`),
	regexp.MustCompile(`exec: "([^"]+)": executable file not found`),
	regexp.MustCompile(`env: [‘'"]?([\w./+-]+)[’'"]?: No such file or directory`), regexp.MustCompile(`spawn (\S+) ENOENT`),
}

// notFound: the program, or one that it calls, is not on PATH.
func notFound(c Case, f Facts) (Finding, bool) {
	name, ok := newest(c.Lines, missing)
	if !ok && c.Code != 127 {
		return Finding{}, false
	}
	if !ok {
		return Finding{Text: "a command that it runs was not found (exit 127)", Hint: "kitt show --env NAME tells its PATH"}, true
	}
	if at := f.InShell(name); at != "" {
		return Finding{Text: fmt.Sprintf("%s is not on its PATH, but on your shell's: %s", name, at), Hint: "kitt apply in that shell takes its PATH over"}, true
	}
	return Finding{Text: name + " was not found on its PATH", Hint: "install it, or write its whole path"}, true
}

func signalled(c Case, _ Facts) (Finding, bool) {
	text, ok := map[string]string{
		"SIGSEGV": "it crashed: it touched memory that is not its own", "SIGBUS": "it crashed: bad access to memory, or a file that it mapped was cut",
		"SIGILL": "it crashed: an instruction that this processor does not have", "SIGABRT": "it gave up by itself (abort)", "SIGFPE": "it crashed: a sum that has no result",
		"SIGKILL": "somebody killed it with SIGKILL; kitt did not", "SIGSYS": "it made a system call that it may not", "SIGXCPU": "it used up its processor time (limits.rlimits.cpu_time)",
	}[c.Signal]
	return Finding{Text: text}, ok
}

func exit126(c Case, _ Facts) (Finding, bool) {
	return Finding{Text: "a command that it runs could not be executed (exit 126)", Hint: "chmod +x, or name its interpreter"}, c.Code == 126
}
