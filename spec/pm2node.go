package spec

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// nodeOf is the node that an interpreter node@VERSION means: the newest that nvm has of that version, which may be
// in part. Where there is none it is the node on the PATH: kitt installs nothing.
func (a *app) nodeOf(version string) string {
	nvm := a.req.Env["NVM_DIR"]
	if home := a.req.Env["HOME"]; nvm == "" && home != "" {
		nvm = filepath.Join(home, ".nvm")
	}
	version = strings.TrimPrefix(version, "v")
	best, place := []int(nil), filepath.Join(nvm, "versions", "node")
	entries, _ := os.ReadDir(place) // no folder holds no version
	for _, entry := range entries {
		found := strings.TrimPrefix(entry.Name(), "v")
		numbers := numbersOf(found)
		if (found == version || strings.HasPrefix(found, version+".")) && slices.Compare(numbers, best) > 0 && isExecutable(filepath.Join(place, entry.Name(), "bin", "node")) {
			best = numbers
		}
	}
	if best == nil {
		a.warn(a.at("interpreter"), "nvm install "+version, "%s: node %s is not installed by nvm; the node on the PATH is used", a.path, version)
		return "node"
	}
	words := make([]string, len(best))
	for i, n := range best {
		words[i] = strconv.Itoa(n)
	}
	return filepath.Join(place, "v"+strings.Join(words, "."), "bin", "node")
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
