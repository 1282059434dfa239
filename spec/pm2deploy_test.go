package spec_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"kitt.sh/spec"
)

// deploys reads the deploy section of text; what is wrong, and what is doubtful, comes as lines.
func deploys(t *testing.T, name, text string) (map[string]spec.Deploy, string) {
	t.Helper()
	dir := folder(t, name, text)
	all, warnings, err := spec.LoadDeploy(context.Background(), spec.Request{Path: name, Cwd: dir, Env: map[string]string{"HOME": "/h"}}, eval)
	var said []string
	for _, c := range append(complaints(t, err), warnings...) {
		said = append(said, strings.TrimPrefix(c.Error(), dir+"/")+" | "+c.Hint)
	}
	return all, strings.Join(said, "\n")
}

func TestDeployIsReadWhole(t *testing.T) {
	all, said := deploys(t, "ecosystem.config.js", `
const key = "~/.ssh/deploy";
module.exports = {
  deploy: {
    production: {
      key, user: "node", host: ["10.0.0.1", { host: "b.example", user: "ops" }], port: "2222", ref: "origin/main", repo: "git@x:y.git", path: "/srv/app",
      ssh_options: "StrictHostKeyChecking=no", "forward-agent": "yes", needs_tty: "no", fetch: "fast",
      "pre-setup": "a", "post-setup": "b", "pre-deploy-local": "c", "pre-deploy": "d", "post-deploy": "e",
      env: { NODE_ENV: "production", N: 1, O: { a: [1] }, none: null },
    },
    staging: { host: "localhost", ref: "main", repo: "r", path: "p", ssh_options: ["A=b", "C=d"] },
  },
};`)
	got := all["production"]
	got.Origin = spec.Pos{}
	b, _ := json.Marshal(got)
	want := `{"user":"node","host":["10.0.0.1","ops@b.example"],"port":2222,"key":"/h/.ssh/deploy","ssh_options":["StrictHostKeyChecking=no"],` +
		`"forward_agent":true,"ref":"origin/main","repo":"git@x:y.git","path":"/srv/app","fast":true,"pre_setup":"a","post_setup":"b",` +
		`"pre_deploy_local":"c","pre_deploy":"d","post_deploy":"e","env":{"N":"1","NODE_ENV":"production","O":"{\"a\":[1]}"},"origin":{}}`
	if string(b) != want || said != "" {
		t.Errorf("got %s\nsaid %s", b, said)
	}
	if s := all["staging"]; len(all) != 2 || strings.Join(s.SSHOptions, " ") != "A=b C=d" || strings.Join(s.Host, " ") != "localhost" {
		t.Errorf("got %+v", all)
	}
}

func TestDeployComplainsOfAllAtOnce(t *testing.T) {
	_, said := deploys(t, "ecosystem.json", `{"deploy": {
  "production": {"host": 5, "repo": "r", "paht": "p", "ref": true,
    "port": "ssh", "env": "secret=1"},
  "staging": "host"
}}`)
	for _, want := range []string{"ecosystem.json:2:3: deploy.production: no path", "ecosystem.json:2:18: deploy.production.host: expected the name of a host or a list of them, got 5",
		`ecosystem.json:2:42: deploy.production: unknown field "paht" | did you mean "path"?`, "deploy.production.ref: expected text, got true or false",
		`ecosystem.json:3:5: deploy.production.port: expected a port from 1 to 65535, got "ssh"`, "deploy.production.env: expected an object, got text",
		"ecosystem.json:4:3: deploy.staging: expected an object, got text"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not said in:\n%s", want, said)
		}
	}
	if strings.Contains(said, "secret") {
		t.Errorf("a value of the environment is said:\n%s", said)
	}
}

func TestNoDeployIsNoError(t *testing.T) {
	if all, said := deploys(t, "ecosystem.json", `{"apps": []}`); len(all) != 0 || said != "" {
		t.Errorf("%v %s", all, said)
	}
	if _, said := deploys(t, "Procfile", "web: x\n"); !strings.Contains(said, "Procfile has no deploy section | a deploy section stands in a pm2 file") {
		t.Error(said)
	}
}
