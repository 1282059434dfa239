package local

import (
	"os"
	"path/filepath"
	"strings"
)

// fnmDefault is what took the place of a folder that fnm makes for each shell, and that a reboot takes away: that of fnm's
// default version. shell is where such folders lay, below what was named in one of them.
func fnmDefault(shell, below string) string {
	_, below, _ = strings.Cut(below, "/")
	homes := []string{os.Getenv("FNM_DIR")}
	if home, err := os.UserHomeDir(); err == nil {
		homes = append(homes, home+"/.local/share/fnm", home+"/.fnm", home+"/Library/Application Support/fnm")
	}
	if home, ok := strings.CutSuffix(shell, "/.local/state"); ok { // of another user than kitt's own
		homes = append(homes, home+"/.local/share/fnm")
	}
	for _, home := range homes {
		now := filepath.Join(home, "aliases/default", below)
		if _, err := os.Stat(now); err == nil && home != "" {
			return now
		}
	}
	return ""
}

// nvmDefault is the version that nvm's alias default stands for; "" where above is no folder of nvm's.
func nvmDefault(above string) string {
	home, ok := strings.CutSuffix(above, "/versions/node")
	if !ok {
		return ""
	}
	name := "default"
	for range 8 { // an alias of itself ends here
		b, err := os.ReadFile(filepath.Join(home, "alias", name))
		if err != nil {
			break
		}
		name = strings.TrimSpace(string(b))
	}
	if !version.MatchString(name) {
		return ""
	}
	return name
}

// brewed is what took the place of a formula of a version, node@18: another version of it, or the one without.
func brewed(opt, formula, old, below string) string {
	var there []string
	for _, dir := range glob(opt, formula+"@*", below) {
		there = append(there, strings.TrimPrefix(filepath.Base(dir), formula+"@"))
	}
	if next := successor(strings.TrimPrefix(old, formula+"@"), there); next != "" {
		return filepath.Join(opt, formula+"@"+next, below)
	}
	if now := filepath.Join(opt, formula, below); exists(now) {
		return now
	}
	return ""
}

// glob lists the folders of dir that match a pattern and have below in them. Those whose end is no version are none.
func glob(dir, pattern, below string) (out []string) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		_, v, _ := strings.Cut(e.Name(), "@")
		if ok, _ := filepath.Match(pattern, e.Name()); ok && version.MatchString(v) && exists(filepath.Join(dir, e.Name(), below)) {
			out = append(out, filepath.Join(dir, e.Name()))
		}
	}
	return out
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
