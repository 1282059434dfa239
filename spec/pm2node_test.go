package spec_test

import (
	"path/filepath"
	"strings"
	"testing"

	"kitt.sh/spec"
)

func TestNodeOfAVersion(t *testing.T) {
	nvm := func(files ...string) []string {
		return append([]string{".nvm/versions/node/v18.20.4/bin/node", "", ".nvm/versions/node/v20.9.0/bin/node", "", ".nvm/versions/node/v22.1.0/bin/node", "",
			".nvm/alias/default", "lts/*\n", ".nvm/alias/lts/*", "lts/iron\n", ".nvm/alias/lts/iron", "v20.18.0\n", ".nvm/alias/old", "v18.20.4\n",
			".nvm/alias/loop", "loop\n", ".nvm/alias/mine", "system\n"}, files...)
	}
	for _, row := range []struct {
		name, asked string
		files       []string
		env         string // NAME=PATH below the home
		want        string // below the home; "node": that on the PATH
		warned      bool
	}{
		{"nvm's default, by way of lts/*, whose newest is not installed", "default", nvm(), "", ".nvm/versions/node/v20.9.0/bin/node", false},
		{"lts/iron", "lts/iron", nvm(), "", ".nvm/versions/node/v20.9.0/bin/node", false},
		{"lts", "lts", nvm(), "", ".nvm/versions/node/v20.9.0/bin/node", false},
		{"an alias of the user's", "old", nvm(), "", ".nvm/versions/node/v18.20.4/bin/node", false},
		{"node is the newest", "node", nvm(), "", ".nvm/versions/node/v22.1.0/bin/node", false},
		{"an alias for the system's", "mine", nvm(), "", "node", false},
		{"an alias of itself", "loop", nvm(), "", "node", true},
		{"none of that name", "../../x", nvm(), "", "node", true},
		{"nvm elsewhere", "18", []string{"n/versions/node/v18.1.0/bin/node", ""}, "NVM_DIR=n", "n/versions/node/v18.1.0/bin/node", false},
		{"nvm goes before the others", "20", nvm(".volta/tools/image/node/20.99.0/bin/node", ""), "", ".nvm/versions/node/v20.9.0/bin/node", false},
		{"fnm", "18", []string{".local/share/fnm/node-versions/v18.3.0/installation/bin/node", ""}, "", ".local/share/fnm/node-versions/v18.3.0/installation/bin/node", false},
		{"fnm elsewhere", "18", []string{"f/node-versions/v18.3.0/installation/bin/node", ""}, "FNM_DIR=f", "f/node-versions/v18.3.0/installation/bin/node", false},
		{"asdf", "18.3", []string{".asdf/installs/nodejs/18.3.0/bin/node", ""}, "", ".asdf/installs/nodejs/18.3.0/bin/node", false},
		{"mise, with its links", "18", []string{".local/share/mise/installs/node/18.3.0/bin/node", "", ".local/share/mise/installs/node/latest/bin/node", ""}, "", ".local/share/mise/installs/node/18.3.0/bin/node", false},
		{"volta", "18", []string{".volta/tools/image/node/18.3.0/bin/node", ""}, "", ".volta/tools/image/node/18.3.0/bin/node", false},
		{"Homebrew", "18", []string{"brew/opt/node@18/bin/node", ""}, "HOMEBREW_PREFIX=brew", "brew/opt/node@18/bin/node", false},
		{"Homebrew has major versions only", "18.1", []string{"brew/opt/node@18/bin/node", ""}, "HOMEBREW_PREFIX=brew", "node", true},
		{"nobody has it", "16", nvm(), "HOMEBREW_PREFIX=none", "node", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			home := folder(t, row.files...)
			env := map[string]string{"HOME": home}
			if name, path, ok := strings.Cut(row.env, "="); ok {
				env[name] = filepath.Join(home, path)
			}
			dir := folder(t, "ecosystem.json", `{"name": "a", "script": "a.js", "interpreter": "node@`+row.asked+`"}`, "a.js", "")
			s, said := load(t, spec.Request{Path: dir, Env: env})
			if said != nil {
				t.Fatal(said)
			}
			want := row.want
			if want != "node" {
				want = filepath.Join(home, want)
			}
			if got := s.Processes[0].Command[0]; got != want || (len(s.Warnings) > 0) != row.warned {
				t.Errorf("node@%s is %s, want %s; warned %v", row.asked, got, want, s.Warnings)
			}
		})
	}
}
