package cli

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kitt.sh/service/api"
	"kitt.sh/service/home"
)

const started = `{"type":"action","verb":"start","id":"web.1","reason":"new in the spec"}
{"type":"action","verb":"replace","id":"api.1","reason":"env PORT changed","changes":[{"field":"env.PORT"},{"field":"restart.policy","from":"always","to":"never","live":true}]}
{"type":"action","verb":"stop","id":"old.1","reason":"no longer in the spec"}
{"type":"progress","up":2,"total":3,"pending":[{"id":"api.1","phase":"starting","reason":"not ready yet"}]}
{"type":"progress","up":3,"total":3}
{"type":"done","text":"3 instances are up"}
`

func TestApplyPrintsEachActionWithItsReason(t *testing.T) {
	var asked string
	k := try(t, says(started, &asked))
	file := write(t, k.Cwd, "Procfile", "web: sleep 1\nnot a line\n")
	if code := k.do(Apply{Timeout: time.Minute, Formation: []string{"web=2"}}); code != 0 {
		t.Errorf("exit %d", code)
	}
	same(t, "stdout", k.out.String(), "+ start   web.1   new in the spec\n~ replace api.1   env PORT changed\n- stop    old.1   no longer in the spec\n3 instances are up\n")
	if !strings.Contains(k.err.String(), file+":2") {
		t.Errorf("no warning about line 2 in %q", k.err.String())
	}
	var load api.Load
	if err := json.Unmarshal([]byte(strings.TrimPrefix(asked, "POST /v1/apply ")), &load); err != nil {
		t.Fatal(err)
	}
	if !load.Capture || !load.Wait || load.Timeout != time.Minute || load.Request.Env["SECRET"] != "x" || load.Request.Env["TERM"] != "" ||
		load.Spec.File != file || len(load.Spec.Processes) != 1 || load.Request.Formation["web"] != 2 {
		t.Errorf("sent %+v", load)
	}
}

func TestApplyFromInsideDoesNotCapture(t *testing.T) {
	var asked string
	k := try(t, says(`{"type":"done"}`, &asked))
	write(t, k.Cwd, "Procfile", "web: sleep 1\n")
	k.Env = func(name string) string { return map[string]string{"KITT_LIFE": "shop/web.1#1.x"}[name] }
	if code := k.do(Apply{}); code != 0 || !strings.Contains(asked, `"capture":false`) {
		t.Errorf("exit %d, sent %s", code, asked)
	}
}

func TestAWrongSpecReachesNobody(t *testing.T) {
	k := try(t, func(http.ResponseWriter, *http.Request) { t.Error("the daemon was asked") })
	file := write(t, k.Cwd, "Procfile", "web: a\nweb: b\n")
	for _, v := range []Verb{Apply{}, Plan{}, Check{}} {
		code := k.do(v)
		if lines := strings.Split(k.err.String(), "\n"); code != codeBadSpec || !strings.HasPrefix(lines[0], file+":2") || !strings.Contains(k.err.String(), "    web: b\n") {
			t.Errorf("%T: exit %d, %q", v, code, k.err.String())
		}
	}
}

func TestCheck(t *testing.T) {
	k := try(t, nil)
	k.do(Check{})
	same(t, "without a file", strings.ReplaceAll(k.err.String(), k.Cwd, "DIR"),
		"kitt: DIR: no spec file in this folder\nhint: write a Procfile or a kitt.hcl, or name the file with -f\n")
	file := write(t, k.Cwd, "Procfile", "web: a\napi: b\n")
	if code := k.do(Check{}); code != 0 {
		t.Errorf("exit %d", code)
	}
	same(t, "stdout", k.out.String(), "ok: 2 processes\n")
	k.Output = "json"
	k.do(Check{Name: "Procfile"})
	want := `{"file":"` + file + `","project":"` + filepath.Base(k.Cwd) + `","processes":["web","api"],"complaints":[],"warnings":[],"differs":[]}` + "\n"
	same(t, "json", k.out.String(), want)
	k.Output = "table"
	if code := k.do(Check{Name: "a", File: "b"}); code != codeUsage {
		t.Errorf("two files: exit %d", code)
	}
	if code := k.do(Check{File: "nowhere.hcl"}); code != codeBadSpec {
		t.Errorf("no such file: exit %d, %s", code, k.err.String())
	}
}

func TestPlanShowsFieldByField(t *testing.T) {
	answer := strings.Replace(started, "3 instances are up", "3 changes", 1)
	k := try(t, says(answer, nil))
	write(t, k.Cwd, "Procfile", "web: sleep 1\n")
	if code := k.do(Plan{}); code != 0 {
		t.Errorf("exit %d", code)
	}
	same(t, "stdout", k.out.String(), `+ start   web.1   new in the spec
~ replace api.1   env PORT changed
    env.PORT  (replace)
    restart.policy: always -> never  (live)
- stop    old.1   no longer in the spec
3 changes
`)
	if code := k.do(Plan{DetailedExitcode: true}); code != 2 {
		t.Errorf("with changes: exit %d", code)
	}
	k = try(t, says(`{"type":"done","text":"0 changes"}`, nil))
	write(t, k.Cwd, "Procfile", "web: sleep 1\n")
	if code := k.do(Plan{DetailedExitcode: true}); code != 0 {
		t.Errorf("without: exit %d", code)
	}
}

func TestPlanWithoutKittStartsNothing(t *testing.T) {
	k := try(t, nil)
	started := startKeeper
	defer func() { startKeeper = started }()
	startKeeper = func(context.Context, home.Dirs) error { t.Error("it was started"); return nil }
	write(t, k.Cwd, "Procfile", "web: sleep 1\n")
	if code := k.do(Plan{DetailedExitcode: true}); code != 2 {
		t.Errorf("exit %d %s", code, k.err.String())
	}
	same(t, "stdout", k.out.String(), "+ start   web.1   kitt is not running\n1 process of Procfile to start\n")
}

func TestApplyStartsKitt(t *testing.T) {
	k := try(t, nil)
	started := startKeeper
	defer func() { startKeeper = started }()
	startKeeper = func(_ context.Context, d home.Dirs) error {
		time.AfterFunc(30*time.Millisecond, func() { listenAt(t, d.API(), says(`{"type":"done","text":"up"}`, nil)) })
		return nil
	}
	write(t, k.Cwd, "Procfile", "web: sleep 1\n")
	if code := k.do(Apply{}); code != 0 || k.out.String() != "up\n" {
		t.Errorf("exit %d, %q, %q", code, k.out.String(), k.err.String())
	}
}

func TestAStatusWakesAKittThatDied(t *testing.T) {
	k := try(t, nil)
	started := startKeeper
	defer func() { startKeeper = started }()
	startKeeper = func(_ context.Context, d home.Dirs) error {
		listenAt(t, d.API(), tableOf(&api.Status{Instances: shop()}, nil))
		return nil
	}
	left := livesLeft
	defer func() { livesLeft = left }()
	livesLeft = func(run string) bool { return run == k.Dirs.Run }
	if code := k.do(Status{}); code != 0 || !strings.Contains(k.out.String(), "web.1") {
		t.Errorf("exit %d, %q", code, k.err.String())
	}
	same(t, "stderr", k.err.String(), "kitt: kitt was gone; starting it again\n")
}

func TestAKeeperThatCannotStartShowsItsLastWords(t *testing.T) {
	k := try(t, nil)
	if err := os.MkdirAll(k.Dirs.Own(), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, k.Dirs.Own(), "keeper.log", "one\ntwo\nthree\nfour\nfive\ncannot \x1b[2Jfork\n")
	k.fail(silent(k.Dirs))
	got := strings.ReplaceAll(k.err.String(), k.Dirs.Home, "HOME")
	same(t, "stderr", got, `kitt: start kitt: no answer on HOME/run/api.sock in 5s
  HOME/logs/kitt/keeper.log ends with:
  two
  three
  four
  five
  cannot \x1b[2Jfork
hint: look into HOME/logs/kitt
`)
}

func TestCtrlCLeavesTheWorkRunning(t *testing.T) {
	k := try(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `{"type":"note","text":"begun"}`+"\n")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	write(t, k.Cwd, "Procfile", "web: sleep 1\n")
	ctx, stop := context.WithCancel(t.Context())
	k.Err = io.MultiWriter(&k.err, writerFunc(func(b []byte) {
		if strings.Contains(string(b), "begun") {
			stop()
		}
	}))
	if code := k.doIn(ctx, Apply{}); code != codeStopped {
		t.Errorf("exit %d", code)
	}
	same(t, "stderr", k.err.String(), "kitt: begun\nkitt: apply goes on without you\nhint: kitt status tells how far it is\n")
}

type writerFunc func([]byte)

func (f writerFunc) Write(b []byte) (int, error) { f(b); return len(b), nil }

func TestStdinBecomesAFileThatCanBeFollowed(t *testing.T) {
	tests := []struct{ name, text, ending string }{
		{"a Procfile", "# x\nweb: sleep 1\n", ".procfile"},
		{"kitt.hcl", "process \"web\" {\n}\n", ".hcl"},
		{"pm2's json", " {\"apps\":[]}", ".json"},
		{"pm2's javascript", "// x\nmodule.exports = {}", ".config.cjs"},
		{"a module", "export default {}", ".config.mjs"},
		{"pm2's yaml", "apps:\n  - script: x\n", ".yml"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := try(t, nil)
			k.In = strings.NewReader(tt.text)
			req, err := Source{File: "-"}.request(k.Kitt)
			if err != nil || req.Path != filepath.Join(k.Cwd, ".kitt-stdin"+tt.ending) {
				t.Fatalf("got %s, %v", req.Path, err)
			}
			if b, err := os.ReadFile(req.Path); err != nil || string(b) != tt.text {
				t.Errorf("it holds %q, %v", b, err)
			}
		})
	}
}

func TestStdinThatIsOnlyLookedAtLeavesNoFile(t *testing.T) {
	k := try(t, nil)
	for _, v := range []Verb{Check{File: "-"}, Plan{File: "-"}} {
		k.In = strings.NewReader("web: sleep 1\n")
		if code := k.do(v); code != 0 {
			t.Errorf("%T: exit %d, %s", v, code, k.err.String())
		}
		if left, _ := os.ReadDir(k.Cwd); len(left) > 0 {
			t.Errorf("%T: %s is left", v, left[0].Name())
		}
	}
}

func TestProgress(t *testing.T) {
	line := api.Line{Type: "progress", Up: 1, Total: 4, Pending: []api.Pending{{ID: "a.1", Phase: "starting", Reason: "no answer\n"}, {ID: "b.1", Phase: "waiting"}, {ID: "c.1"}}}
	t.Run("on a terminal one line is redrawn, and gone at the end", func(t *testing.T) {
		k := try(t, nil)
		k.Live = true
		p := progress{k: k.Kitt, width: func() int { return 40 }}
		p.show(line)
		p.clear()
		p.clear()
		same(t, "stderr", k.err.String(), "\r\x1b[K1/4 up · a.1 starting: no answer\\n · b…\r\x1b[K")
	})
	t.Run("an action takes its place, and it stands below", func(t *testing.T) {
		k := try(t, nil)
		k.Live = true
		s := stream{k: k.Kitt}
		s.bar = progress{k: k.Kitt, width: func() int { return 12 }}
		action := api.Line{Type: "action", Verb: "start", ID: "a.1"}
		s.line(action) // nothing is known of the rest yet
		s.line(line)
		s.line(action)
		same(t, "stderr", k.err.String(), "\r\x1b[K1/4 up · a…\r\x1b[K\r\x1b[K1/4 up · a…")
	})
	t.Run("elsewhere a line now and then", func(t *testing.T) {
		k := try(t, nil)
		now := noon
		k.Now = func() time.Time { return now }
		p := progress{k: k.Kitt}
		for range 12 {
			p.show(line)
			now = now.Add(time.Second)
		}
		p.clear()
		want := "1/4 up · a.1 starting: no answer\\n · b.1 waiting · and 1 more\n"
		same(t, "stderr", k.err.String(), want+want)
	})
	t.Run("with -q nothing", func(t *testing.T) {
		k := try(t, nil)
		k.Live, k.Quiet = true, true
		(&progress{k: k.Kitt}).show(line)
		same(t, "stderr", k.err.String(), "")
	})
}
