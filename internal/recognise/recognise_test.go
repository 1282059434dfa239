package recognise

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// facts of a machine where node holds port 3000 and the shell finds bun.
type facts struct{}

func (facts) Holder(port int) (int, string) {
	switch port {
	case 3000:
		return 812, "node"
	case 3100:
		return 813, "node"
	}
	return 0, ""
}

func (facts) Owner(pid int) string {
	if pid == 813 {
		return "shop/web.1"
	}
	return ""
}

func (facts) InShell(program string) string {
	if program == "bun" {
		return "/home/me/.bun/bin/bun"
	}
	return ""
}

func TestRecognise(t *testing.T) {
	for _, row := range []struct {
		name, kind, want string
		c                Case
	}{
		{"node, port taken", "port", "port 3000 is held by process 812 (node)", Case{Code: 1, Lines: []string{"node:events:497", "      throw er; // Unhandled 'error' event", "Error: listen EADDRINUSE: address already in use :::3000", "    at Server.setupListenHandle [as _listen2] (node:net:1817:16)", "  port: 3000"}}},
		{"port taken by one of kitt's", "port", "port 3100 is held by process 813 (node), which is shop/web.1", Case{Code: 1, Lines: []string{"listen tcp :3100: bind: address already in use"}}},
		{"python, port taken, number before", "port", "port 3000 is held", Case{Code: 1, Lines: []string{"starting on port 3000", "OSError: [Errno 98] Address already in use"}}},
		{"go, port taken by nobody now", "port", "port 4000 was in use", Case{Code: 1, Lines: []string{"listen tcp :4000: bind: address already in use"}}},
		{"port taken, no number", "port", "an address", Case{Code: 1, Lines: []string{"bind: Address in use"}}},
		{"go, a time before the port", "port", "port 3000 is held", Case{Code: 1, Lines: []string{"2026/01/31 12:03:45 listen tcp :3000: bind: address already in use"}}},
		{"node, a time with a zone before it", "port", "port 3000 is held", Case{Code: 1, Lines: []string{"2026-01-31T12:03:45.123+01:00 Error: listen EADDRINUSE: address already in use :::3000"}}},
		{"a time, and no port", "port", "an address", Case{Code: 1, Lines: []string{"12:03:45 bind: Address already in use"}}},
		{"python's pair of host and port", "port", "port 3000 is held", Case{Code: 1, Lines: []string{"[Errno 98] error while attempting to bind on address ('127.0.0.1', 3000): address already in use"}}},
		{"nginx, port 80", "port", "port 80 was in use", Case{Code: 1, Lines: []string{"nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)"}}},
		{"node, a socket: no line of the stack is a port", "port", "an address", Case{Code: 1, Lines: []string{"Error: listen EADDRINUSE: address already in use /run/x.sock", "    at Server.setupListenHandle [as _listen2] (node:net:1817:16)"}}},
		{"node, its own file", "module", "a file that it needs is not there: /app/server.js", Case{Code: 1, Lines: []string{"Error: Cannot find module '/app/server.js'"}}},
		{"node module", "module", "is not there: express", Case{Code: 1, Lines: []string{"Error: Cannot find module 'express'", "Require stack:", "- /app/server.js"}}},
		{"node package of a module", "module", "is not there: chalk", Case{Code: 1, Lines: []string{"Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'chalk' imported from /app/x.mjs"}}},
		{"python module", "module", "Python module that it needs is not there: flask", Case{Code: 1, Lines: []string{"ModuleNotFoundError: No module named 'flask'"}}},
		{"ruby library", "module", "Ruby library that it needs is not there: sinatra", Case{Code: 1, Lines: []string{"in 'require': cannot load such file -- sinatra (LoadError)"}}},
		{"java class", "module", "Java class", Case{Code: 1, Lines: []string{"Error: Could not find or load main class App"}}},
		{"shared library", "library", "libssl.so.1.1", Case{Code: 127, Lines: []string{"./x: error while loading shared libraries: libssl.so.1.1: cannot open shared object file"}}},
		{"glibc", "library", "GLIBC_2.38", Case{Code: 1, Lines: []string{"./x: /lib/libc.so.6: version `GLIBC_2.38' not found (required by ./x)"}}},
		{"exec format", "format", "another kind of machine", Case{Code: 126, Lines: []string{"sh: 1: ./x: Exec format error"}}},
		{"disk full", "space", "the disk is full", Case{Code: 1, Lines: []string{"Error: ENOSPC: no space left on device, write"}}},
		{"open files", "files", "too many files", Case{Code: 1, Lines: []string{"Error: EMFILE: too many open files, open '/x'"}}},
		{"permission", "permission", "permission denied: /etc/shadow", Case{Code: 1, Lines: []string{"Error: EACCES: permission denied, open '/etc/shadow'"}}},
		{"permission of a shell", "permission", "permission denied", Case{Code: 126, Lines: []string{"sh: 1: ./run.sh: Permission denied"}}},
		{"macOS privacy", "privacy", "macOS does not let it", Case{Code: 1, GOOS: "darwin", Lines: []string{"ls: /Users/me/Documents: Operation not permitted"}}},
		{"macOS privacy, by where it runs", "privacy", "macOS does not let it", Case{Code: 1, GOOS: "darwin", Lines: []string{"shell-init: error retrieving current directory: getcwd: Operation not permitted"}, Dir: func() string { return "/Users/me/Desktop/bot" }}},
		{"refused", "refused", "127.0.0.1:5432", Case{Code: 1, Lines: []string{"Error: connect ECONNREFUSED 127.0.0.1:5432"}}},
		{"heap", "heap", "its own heap", Case{Signal: "SIGABRT", Code: -1, Lines: []string{"FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory"}}},
		{"syntax", "syntax", "SyntaxError: Unexpected token '}'", Case{Code: 1, Lines: []string{"/app/x.js:3", "SyntaxError: Unexpected token '}'", "    at wrapSafe"}}},
		{"command that the shell has", "command", "bun is not on its PATH, but on your shell's: /home/me/.bun/bin/bun", Case{Code: 127, Lines: []string{"/bin/sh: 1: bun: not found"}}},
		{"command that nobody has", "command", "deno was not found", Case{Code: 127, Lines: []string{"bash: line 1: deno: command not found"}}},
		{"command, said by bash in a script", "command", "deno was not found", Case{Code: 1, Lines: []string{"./run.sh: line 3: deno: command not found"}}},
		{"command, said by dash that should become it", "command", "deno was not found", Case{Code: 127, Lines: []string{"/bin/sh: 1: exec: deno: not found"}}},
		{"command, said by busybox", "command", "deno was not found", Case{Code: 127, Lines: []string{"/bin/sh: deno: not found"}}},
		{"command, said by zsh, which names it last", "command", "bun is not on its PATH, but on your shell's", Case{Code: 127, Lines: []string{"zsh:1: command not found: bun"}}},
		{"command, said by fish", "command", "deno was not found", Case{Code: 127, Lines: []string{"fish: Unknown command: deno"}}},
		{"command, said by node", "command", "deno was not found", Case{Code: 1, Lines: []string{"Error: spawn deno ENOENT"}}},
		{"node by env", "command", "node was not found", Case{Code: 127, Lines: []string{"env: ‘node’: No such file or directory"}}},
		{"127 without a word", "command", "exit 127", Case{Code: 127}},
		{"126 without a word", "permission", "exit 126", Case{Code: 126}},
		{"out of memory", "memory", "for want of memory", Case{Code: -1, Signal: "SIGKILL", Memory: true}},
		{"SIGKILL", "signal", "kitt did not", Case{Code: -1, Signal: "SIGKILL"}},
		{"killed, long after something was refused", "signal", "kitt did not", Case{Code: -1, Signal: "SIGKILL", Lines: []string{"connect ECONNREFUSED 127.0.0.1:5432, trying again", "ready"}}},
		{"SIGSEGV", "signal", "crashed", Case{Code: -1, Signal: "SIGSEGV"}},
	} {
		got, ok := Recognise(row.c, facts{})
		if !ok || got.Kind != row.kind || !strings.Contains(got.Text, row.want) || strings.Contains(got.Text, "%!") {
			t.Errorf("%s: %v %+v, want %s: %q", row.name, ok, got, row.kind, row.want)
		}
	}
	for _, c := range []Case{{}, {Code: 1}, {Code: 3, Lines: []string{"bye"}}, {Code: -1, Signal: "SIGTERM"}, {Code: 1, Lines: []string{"rm: Operation not permitted"}},
		{Code: 1, GOOS: "darwin", Lines: []string{"kill: Operation not permitted"}},
		{Code: 1, GOOS: "darwin", Lines: []string{"kill: Operation not permitted"}, Dir: func() string { return "/Users/me/bot" }},
		{Code: 1, Lines: []string{"GET /favicon.ico: not found"}}, {Code: 1, Lines: []string{"error: user ada: not found"}},
		{Code: -1, Signal: "SIGTERM", Lines: []string{"Error: Cannot find module 'x'"}}} {
		if got, ok := Recognise(c, facts{}); ok {
			t.Errorf("%+v: made up %+v", c, got)
		}
	}
}

// TestWordsAreBounded: what a program wrote is told, but not all of it.
func TestWordsAreBounded(t *testing.T) {
	got, _ := Recognise(Case{Code: 1, Lines: []string{"SyntaxError: " + strings.Repeat("é", 2000)}}, facts{})
	if len(got.Text) > 400 || !utf8.ValidString(got.Text) || !strings.HasSuffix(got.Text, "…") {
		t.Errorf("%d bytes: %q", len(got.Text), got.Text)
	}
}
