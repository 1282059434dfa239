package local

import (
	"os"
	"path/filepath"
	"testing"
)

func TestWhatVersionManagersLeaveBehind(t *testing.T) {
	for _, row := range []struct {
		name  string
		files []string // below a home; NAME=TEXT for what is in one
		gone  string
		want  string
	}{
		{"nvm: the same major version", []string{".nvm/versions/node/v18.20.4/bin/node", ".nvm/versions/node/v22.1.0/bin/node"}, ".nvm/versions/node/v18.1.0/bin", ".nvm/versions/node/v18.20.4/bin"},
		{"nvm: else that of its alias default", []string{".nvm/versions/node/v20.9.0/bin/node", ".nvm/versions/node/v22.1.0/bin/node", ".nvm/alias/default=20"}, ".nvm/versions/node/v18.1.0/bin", ".nvm/versions/node/v20.9.0/bin"},
		{"nvm: by way of lts/*", []string{".nvm/versions/node/v20.9.0/bin/node", ".nvm/versions/node/v22.1.0/bin/node", ".nvm/alias/default=lts/*", ".nvm/alias/lts/*=lts/iron", ".nvm/alias/lts/iron=v20.18.0"}, ".nvm/versions/node/v18.1.0/bin/node", ".nvm/versions/node/v20.9.0/bin/node"},
		{"nvm: else the newest", []string{".nvm/versions/node/v20.9.0/bin/node", ".nvm/versions/node/v22.1.0/bin/node", ".nvm/alias/default=node"}, ".nvm/versions/node/v18.1.0/bin", ".nvm/versions/node/v22.1.0/bin"},
		{"fnm: a version", []string{".local/share/fnm/node-versions/v20.9.0/installation/bin/node"}, ".local/share/fnm/node-versions/v18.1.0/installation/bin", ".local/share/fnm/node-versions/v20.9.0/installation/bin"},
		{"fnm: a shell of before the reboot", []string{".local/share/fnm/aliases/default/bin/node"}, ".local/state/fnm_multishells/812_1700000000000/bin", ".local/share/fnm/aliases/default/bin"},
		{"fnm: not another shell", []string{".local/state/fnm_multishells/999_1700000000000/bin/node"}, ".local/state/fnm_multishells/812_1700000000000/bin", ""},
		{"asdf", []string{".asdf/installs/nodejs/18.20.4/bin/node"}, ".asdf/installs/nodejs/18.1.0/bin", ".asdf/installs/nodejs/18.20.4/bin"},
		{"mise, with its links", []string{".local/share/mise/installs/node/20.9.0/bin/node", ".local/share/mise/installs/node/latest/bin/node", ".local/share/mise/installs/node/20/bin/node"}, ".local/share/mise/installs/node/20.1.0/bin", ".local/share/mise/installs/node/20.9.0/bin"},
		{"volta", []string{".volta/tools/image/node/20.9.0/bin/node"}, ".volta/tools/image/node/18.1.0/bin/node", ".volta/tools/image/node/20.9.0/bin/node"},
		{"Homebrew's cellar", []string{"brew/Cellar/node/22.1.0_1/bin/node"}, "brew/Cellar/node/21.5.0/bin/node", "brew/Cellar/node/22.1.0_1/bin/node"},
		{"a formula of a version", []string{"brew/opt/node@20/bin/node", "brew/opt/node@22/bin/node", "brew/opt/node/bin/node"}, "brew/opt/node@18/bin", "brew/opt/node@22/bin"},
		{"or the one without", []string{"brew/opt/node/bin/node"}, "brew/opt/node@18/bin/node", "brew/opt/node/bin/node"},
		{"shims stay where they are", []string{".asdf/shims/node"}, ".asdf/shims/node", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			home := t.TempDir()
			t.Setenv("HOME", home)
			t.Setenv("FNM_DIR", "")
			for _, f := range row.files {
				plant(t, home, f)
			}
			want := row.want
			if want != "" {
				want = filepath.Join(home, want)
			}
			if got := moved(filepath.Join(home, row.gone)); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// plant makes a program, or of NAME=TEXT a file.
func plant(t *testing.T, home, file string) {
	name, text := file, "#!/bin/sh\n"
	for i, c := range file {
		if c == '=' {
			name, text = file[:i], file[i+1:]+"\n"
		}
	}
	path := filepath.Join(home, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}
