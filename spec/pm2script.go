package spec

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// command is argv as pm2 would have it: by the shell if script has spaces, else through the interpreter
// that is named or that the extension calls for.
func (a *app) command() {
	script := a.str("script")
	a.p.Origins["command"] = a.at("script")
	if script == "" {
		if _, wrong := a.words["script"]; !wrong {
			a.complain(a.p.Origin, "script is the file or program to run", "%s: no script", a.path)
		}
		a.p.Command = nil
		return
	}
	if a.serveScript() {
		return
	}
	args := a.args("args")
	path := resolve(a.p.Cwd, script)
	spaced := strings.ContainsAny(script, " \t\n")
	if spaced && isFile(path) {
		a.differs(a.at("script"), a.path, "", "a file whose name has spaces is run as that file; pm2 would give its name to a shell as a line")
	}
	if spaced && !isFile(path) {
		if len(args) > 0 {
			a.warn(a.at("args"), "put them into script", "%s: script has spaces and is run by a shell, args have no effect, as in pm2", a.path)
		}
		a.p.Command = []string{a.shell(), "-c", script}
		return
	}
	if !strings.Contains(script, "/") && !isFile(path) && (extensionOf(script) == "" || a.onPath(script)) {
		path = script // npm, ts-node: looked for on the PATH
	}
	before := a.interpreter(script, path)
	if found := a.findOnPath(path); len(before) > 0 && found != "" {
		path = found // the interpreter looks in the folder only
	}
	a.p.Command = append(append(before, path), args...)
	a.python()
}

// interpreter is what stands before the script, its own arguments with it; nothing for a program.
func (a *app) interpreter(script, path string) []string {
	name := a.str("interpreter")
	a.p.Origins["interpreter"] = a.at("interpreter")
	if name == "" {
		name = a.byExtension(script, path)
	}
	before := a.args("node_args")
	if name == "none" || name == "" {
		if len(before) > 0 {
			a.warn(a.at("node_args"), "", "%s: there is no interpreter to take %s", a.path, a.words["node_args"].key)
		}
		return nil
	}
	if version, ok := strings.CutPrefix(name, "node@"); ok {
		name = a.nodeOf(version)
	}
	if strings.Contains(name, "/") && !filepath.IsAbs(name) {
		name = resolve(a.p.Cwd, name)
	}
	return append([]string{name}, before...)
}

var interpreters = map[string][]string{
	".js": {"node"}, ".cjs": {"node"}, ".mjs": {"node"}, ".ts": {"bun", "node"}, ".tsx": {"bun", "node"},
	".sh": {"bash", "sh"}, ".py": {"python", "python3"}, ".rb": {"ruby"}, ".php": {"php"}, ".pl": {"perl"},
	".coffee": {"coffee"}, ".ls": {"lsc"},
}

func extensionOf(script string) string {
	ext := filepath.Ext(script)
	if interpreters[ext] == nil {
		return ""
	}
	return ext
}

// byExtension is pm2's choice, but for a file that can say itself what runs it.
func (a *app) byExtension(script, path string) string {
	if !filepath.IsAbs(path) {
		return "none" // a program on the PATH
	}
	if choice := interpreters[extensionOf(script)]; choice != nil {
		for _, name := range choice {
			if a.onPath(name) {
				return name
			}
		}
		return choice[len(choice)-1]
	}
	head, ok := headOf(path)
	switch {
	case !ok, bytes.IndexByte(head, 0) >= 0, isBinary(head):
		return "none"
	case bytes.HasPrefix(head, []byte("#!")):
		if isExecutable(path) {
			a.differs(a.at("script"), a.path, "", "a script without a known extension is run as its first line says; pm2 would hand it to node")
			return "none"
		}
	}
	return "node"
}

func isBinary(head []byte) bool {
	return bytes.HasPrefix(head, []byte("\x7fELF")) || bytes.HasPrefix(head, []byte("\xcf\xfa\xed\xfe")) || bytes.HasPrefix(head, []byte("\xca\xfe\xba\xbe"))
}

// headOf reads the first bytes of a regular file.
func headOf(path string) ([]byte, bool) {
	if !isFile(path) {
		return nil, false
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, false
	}
	defer f.Close()
	head := make([]byte, 512)
	n, err := io.ReadFull(f, head)
	return head[:n], err == nil || err == io.ErrUnexpectedEOF || err == io.EOF
}

// python prints at once, as under pm2.
func (a *app) python() {
	if _, set := a.p.Env["PYTHONUNBUFFERED"]; !set && strings.HasPrefix(filepath.Base(firstWord(a.p.Command)), "python") {
		a.p.Env["PYTHONUNBUFFERED"] = "1"
	}
}

func (a *app) shell() string {
	if a.onPath("bash") {
		return "bash"
	}
	return "/bin/sh"
}

func (a *app) onPath(name string) bool { return a.findOnPath(name) != "" }

// findOnPath gives the file that a bare name means with the PATH that the app will have, or nothing.
func (a *app) findOnPath(name string) string {
	path, ok := a.p.Env["PATH"]
	if !ok {
		path = a.req.Env["PATH"]
	}
	for _, dir := range filepath.SplitList(path) {
		if file := filepath.Join(dir, name); filepath.IsAbs(dir) && !strings.Contains(name, "/") && isExecutable(file) {
			return file
		}
	}
	return ""
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func isExecutable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}
