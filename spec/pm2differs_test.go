package spec_test

import (
	"path/filepath"
	"strings"
	"testing"

	"kitt.sh/spec"
)

// Each thing that kitt takes otherwise than pm2 is one line, however many apps meet it.
func TestDiffersAreALineEach(t *testing.T) {
	dir := folder(t, "ecosystem.config.js", `module.exports = { apps: [
  { name: 'a', script: 'a.js', max_restarts: 3, env: { A: null, B: null }, instances: 1 },
  { name: 'b', script: 'a.js', max_restarts: 3, env: { A: null }, filter_env: true, name_prefix: 'p' },
  { name: 'c', script: './tool', cwd: 'sub', env: { C: null } },
  { name: 'd', script: 'my app.js' },
] }`, "a.js", "", "sub/tool", "#!/bin/sh\n", "my app.js", "", "elsewhere/x", "")
	s, said := load(t, spec.Request{Path: filepath.Join(dir, "ecosystem.config.js"), Cwd: filepath.Join(dir, "elsewhere"), Env: map[string]string{"HOME": "/h", "PATH": ""}})
	if said != nil {
		t.Fatal(said)
	}
	var got []string
	for _, c := range s.Differs {
		got = append(got, strings.TrimPrefix(c.Error(), dir+"/ecosystem.config.js:"))
	}
	want := []string{
		`2:16: apps[0].script, apps[1].script and 2 more: relative paths lie beside the file; pm2 would look in the folder that it is called from`,
		`2:32: apps[0], apps[1]: max_restarts counts the deaths younger than min_uptime within ten minutes, at any age of the app; pm2 only in its first seconds`,
		`2:56: apps[0].env.A, apps[0].env.B and 2 more: null takes a variable away; pm2 would set it to the text "null"`,
		`2:76: apps[0]: instances: 1 is one plain process; pm2 would run it in cluster mode`,
		`3:67: apps[1]: filter_env: true hands down PATH, HOME, USER and the like only; in pm2 it has no effect`,
		`3:85: apps[1]: name_prefix stands before the name; pm2 takes it from its command line only`,
		`4:16: apps[2]: a script without a known extension is run as its first line says; pm2 would hand it to node`,
		`5:16: apps[3]: a file whose name has spaces is run as that file; pm2 would give its name to a shell as a line`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if len(s.Warnings) > 0 {
		t.Errorf("%v", s.Warnings)
	}
}

func TestNodeOfAVersionIsTheNewestThatNvmHas(t *testing.T) {
	home := folder(t, ".nvm/versions/node/v18.9.1/bin/node", "", ".nvm/versions/node/v18.19.0/bin/node", "", ".nvm/versions/node/v20.1.0/bin/node", "", ".nvm/versions/node/v18.20.0/README", "")
	for asked, want := range map[string]string{"18": "v18.19.0", "18.9": "v18.9.1", "18.9.1": "v18.9.1", "v20": "v20.1.0", "20.1.0": "v20.1.0", "1": "", "22": "", "18.1": ""} {
		dir := folder(t, "ecosystem.json", `{"name": "a", "script": "a.js", "interpreter": "node@`+asked+`"}`, "a.js", "")
		s, said := load(t, spec.Request{Path: dir, Env: map[string]string{"HOME": home}})
		if said != nil {
			t.Fatal(said)
		}
		node := s.Processes[0].Command[0]
		switch {
		case want != "" && node != filepath.Join(home, ".nvm/versions/node", want, "bin/node"):
			t.Errorf("node@%s is %s, want that of %s", asked, node, want)
		case want == "" && (node != "node" || len(s.Warnings) != 1 || s.Warnings[0].Hint != "nvm install "+strings.TrimPrefix(asked, "v")):
			t.Errorf("node@%s is %s with %v", asked, node, s.Warnings)
		}
	}
}
