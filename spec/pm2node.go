package spec

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// nodeOf is the node that an interpreter node@VERSION means: the newest that nvm has of that version, which may be
// in part, or one of nvm's aliases (default, lts/*, lts/iron). Where nvm has none, the other version managers and Homebrew
// are asked; else it is the node on the PATH: kitt installs nothing.
func (a *app) nodeOf(version string) string {
	version = strings.TrimSuffix(strings.TrimPrefix(version, "v"), ".x")
	nvm := a.nvm()
	exact := nvmAlias(nvm, version)
	if exact == "system" {
		return "node"
	}
	places := a.nodePlaces(nvm)
	for _, asked := range []string{exact, majorOf(exact, version)} {
		for _, p := range places {
			if node := p.newest(asked); node != "" {
				return node
			}
		}
	}
	if len(numbersOf(exact)) == 1 {
		if node := a.brewed(exact); node != "" {
			return node
		}
	}
	a.warn(a.at("interpreter"), "nvm install "+version, "%s: node %s is not installed by nvm, fnm, asdf, mise, volta or Homebrew; the node on the PATH is used", a.path, version)
	return "node"
}

func (a *app) nvm() string {
	if dir := a.req.Env["NVM_DIR"]; dir != "" {
		return dir
	}
	return a.homeDir(".nvm")
}

// homeDir is a folder of the user's; one that is nowhere without a home.
func (a *app) homeDir(name string) string {
	if home := a.req.Env["HOME"]; home != "" {
		return filepath.Join(home, name)
	}
	return "/nonexistent"
}

// A nodePlace is a folder with one node for each version: DIR/v18.20.1/BELOW.
type nodePlace struct{ dir, below string }

// nodePlaces are those of nvm and of the other version managers, where they put them.
func (a *app) nodePlaces(nvm string) []nodePlace {
	or := func(name string, dirs ...string) string {
		if dir := a.req.Env[name]; dir != "" {
			return dir
		}
		for _, dir := range dirs {
			if st, err := os.Stat(dir); err == nil && st.IsDir() {
				return dir
			}
		}
		return dirs[0]
	}
	return []nodePlace{
		{filepath.Join(nvm, "versions", "node"), "bin/node"},
		{filepath.Join(or("FNM_DIR", a.homeDir(".local/share/fnm"), a.homeDir(".fnm"), a.homeDir("Library/Application Support/fnm")), "node-versions"), "installation/bin/node"},
		{filepath.Join(or("ASDF_DATA_DIR", a.homeDir(".asdf")), "installs/nodejs"), "bin/node"},
		{filepath.Join(or("MISE_DATA_DIR", a.homeDir(".local/share/mise")), "installs/node"), "bin/node"},
		{filepath.Join(or("VOLTA_HOME", a.homeDir(".volta")), "tools/image/node"), "bin/node"},
	}
}

// newest is the node of the newest version that begins with version; "" if there is none. "" asks for any.
func (p nodePlace) newest(version string) (node string) {
	best := []int(nil)
	entries, _ := os.ReadDir(p.dir) // no folder holds no version
	for _, entry := range entries {
		found := strings.TrimPrefix(entry.Name(), "v")
		numbers, file := numbersOf(found), filepath.Join(p.dir, entry.Name(), p.below)
		if (version == "" || found == version || strings.HasPrefix(found, version+".")) && slices.Compare(numbers, best) > 0 && isExecutable(file) {
			best, node = numbers, file
		}
	}
	return node
}

// brewed is the node of a formula node@18 of Homebrew's.
func (a *app) brewed(major string) string {
	prefixes := []string{"/opt/homebrew", "/usr/local", "/home/linuxbrew/.linuxbrew"}
	if own := a.req.Env["HOMEBREW_PREFIX"]; own != "" {
		prefixes = []string{own}
	}
	for _, prefix := range prefixes {
		if node := filepath.Join(prefix, "opt", "node@"+major, "bin/node"); isExecutable(node) {
			return node
		}
	}
	return ""
}

// nvmAlias follows nvm's aliases to the version, or the begin of one, that they stand for: "" is any, the newest.
func nvmAlias(nvm, name string) string {
	if name == "lts" {
		name = "lts/*"
	}
	for range 8 { // an alias of itself ends here
		if name == "node" || name == "stable" || name == "latest" || name == "current" {
			return ""
		}
		if strings.Contains(name, "..") {
			break
		}
		b, err := os.ReadFile(filepath.Join(nvm, "alias", name))
		if err != nil {
			break
		}
		name = strings.TrimPrefix(strings.TrimSpace(string(b)), "v")
	}
	return name
}

// majorOf is the major version that an alias led to: nvm knows the newest of it, which need not be installed.
func majorOf(exact, asked string) string {
	if exact == asked || exact == "" {
		return exact
	}
	major, _, _ := strings.Cut(exact, ".")
	return major
}

// numbersOf are those of a version, nil for what is none.
func numbersOf(version string) []int {
	var out []int
	for _, word := range strings.Split(version, ".") {
		n, err := strconv.Atoi(word)
		if err != nil {
			return nil
		}
		out = append(out, n)
	}
	return out
}
