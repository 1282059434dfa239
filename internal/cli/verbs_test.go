package cli

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"kitt.sh/service/api"
)

// tableOf answers as the daemon does: rows as a table when that is asked for.
func tableOf(s *api.Status, asked *string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if asked != nil {
			*asked = r.URL.String()
		}
		if r.URL.Query().Get("view") == "table" {
			w.Write(api.AppendTable(nil, s))
			return
		}
		io.WriteString(w, `{"keeper":{"pid":7},"instances":[{"id":"web.1","reason":"yes: no","n":1,"exit":null}]}`+"\n")
	}
}

const showJSON = `{"process":{"name":"web","command":["npm","run","start it"],"cwd":"/shop","env":{"PORT":"***"},"instances":2,
"restart":{"policy":"always","backoff_min":100000000,"backoff_max":15000000000,"factor":2,"stable":30000000000,"max":0,"within":0},
"stop":{"signal":"SIGTERM","timeout":10000000000,"kill_mode":"tree"},"log":{"max_size":10485760,"keep":5,"compress":true},
"origin":{"file":"/shop/kitt.hcl","line":3,"col":1},
"origins":{"command":{"file":"/shop/kitt.hcl","line":4,"col":3},"env.PORT":{"file":"/shop/.env","line":1},"restart":{"file":"/shop/kitt.hcl","line":6,"col":3}}},
"file":"/shop/kitt.hcl","instances":[{"id":"web.1","project":"shop","process":"web","n":1,"phase":"running","ready":true,"pid":812,
"since":null,"generation":1,"restarts":0,"exit":null,"reason":"","cpu":0,"memory":1000000,"log":{"out":"/l/out","err":"/l/err"}}],
"events":[],"tree":[{"id":"web.1","pid":812,"parent":1,"command":"/bin/npm","cpu":0.1,"memory":500000},{"id":"web.1","pid":813,"parent":812,"command":"no\u001bde","cpu":0,"memory":500000}]}`

func TestVerbs(t *testing.T) {
	var asked string
	full := &api.Status{Instances: shop()}
	tests := []struct {
		name      string
		verb      Verb
		output    string
		daemon    http.HandlerFunc
		asks      string
		out, talk string
		code      int
	}{
		{"status prints a table", Status{}, "", tableOf(full, &asked), "/v1/status?view=table", `NAME      PHASE    PID  AGE  RESTARTS   CPU   MEMORY  REASON
web.1     running  812   3m         0  1.2%  45.3 MB
mailer.1  failed     -   5s        10     -        -  gave up: 10 deaths in 10m, the last with code 3
db.1      held       -   2d         0     -        -  stopped by you
`, "", 0},
		{"status of names asks for them", Status{Names: []string{"web", "shop/db"}}, "name", tableOf(full, &asked),
			"/v1/status?targets=web%2Cshop%2Fdb&view=table", "web.1\nmailer.1\ndb.1\n", "", 0},
		{"status of nothing says what to do", Status{}, "", tableOf(&api.Status{}, nil), "", "", "kitt: no processes; try kitt apply\n", 0},
		{"status as json is the daemon's answer, byte for byte", Status{}, "json", tableOf(full, &asked), "/v1/status",
			`{"keeper":{"pid":7},"instances":[{"id":"web.1","reason":"yes: no","n":1,"exit":null}]}` + "\n", "", 0},
		{"status as yaml keeps the order and quotes what it must", Status{}, "yaml", tableOf(full, nil), "", `keeper:
  pid: 7
instances:
  - id: web.1
    reason: 'yes: no'
    n: 1
    exit: null
`, "", 0},
		{"status without kitt exits 3", Status{}, "", nil, "", "", "kitt: kitt is not running\nhint: kitt apply starts it, with the spec of this folder\n", 3},
		{"a name that is none exits 4", Status{Names: []string{"x"}}, "", refuses(404, `{"error":"no process \"x\"","hint":"kitt status lists them","code":4}`), "",
			"", "kitt: no process \"x\"\nhint: kitt status lists them\n", 4},
		{"an answer cannot play with the terminal", Status{Names: []string{"x"}}, "", refuses(404, `{"error":"no \u001b[2Jx","code":4}`), "",
			"", "kitt: no \\x1b[2Jx\n", 4},

		{"restart sends names and waits", Restart{Names: []string{"web"}, Timeout: time.Minute}, "",
			says(`{"type":"action","verb":"restart","id":"web.1","reason":"restart asked for"}`+"\n"+`{"type":"done","text":"1 instance is up"}`+"\n", &asked),
			`POST /v1/restart {"targets":["web"],"wait":true,"timeout":60000000000}`, "~ restart web.1   restart asked for\n1 instance is up\n", "", 0},
		{"restart of nobody is misuse", Restart{}, "", nil, "", "", "kitt: no name given\nhint: kitt restart NAME…, or kitt restart --all\n", 2},
		{"names and --all are misuse", Stop{All: true, Names: []string{"a"}}, "", nil, "", "", "kitt: both names and --all given\nhint: leave one of them out\n", 2},
		{"reload", Reload{Names: []string{"web"}}, "", says(`{"type":"done"}`, &asked), `POST /v1/reload {"targets":["web"],"wait":true,"timeout":0}`, "", "", 0},
		{"start lifts", Start{Names: []string{"web"}, NoWait: true}, "", says(`{"type":"done"}`, &asked), `POST /v1/start {"targets":["web"],"wait":false,"timeout":0}`, "", "", 0},
		{"stop may have an end and a reason", Stop{Names: []string{"web"}, For: time.Hour, Message: "db moves"}, "", says(`{"type":"done","text":"held"}`, &asked),
			`POST /v1/stop {"targets":["web"],"for":3600000000000,"message":"db moves","wait":true,"timeout":0}`, "held\n", "", 0},
		{"scale takes several", Scale{Counts: []string{"web=3", "api=0"}}, "", says(`{"type":"done"}`, &asked), `POST /v1/scale {"scale":{"api":0,"web":3},"wait":true,"timeout":0}`, "", "", 0},
		{"scale wants a number", Scale{Counts: []string{"web"}}, "", nil, "", "", "kitt: \"web\" is not NAME=NUMBER\nhint: for instance web=2\n", 2},
		{"delete of all", Delete{All: true}, "", says(`{"type":"done"}`, &asked), `POST /v1/delete {"all":true,"wait":true,"timeout":0}`, "", "", 0},
		{"down is about this project", Down{}, "", says(`{"type":"done"}`, &asked), `POST /v1/down {"wait":true,"timeout":0}`, "", "", 0},
		{"down may be about another", Down{Project: "blog"}, "", says(`{"type":"done"}`, &asked), `POST /v1/down {"project":"blog","wait":true,"timeout":0}`, "", "", 0},
		{"or about all", Down{All: true}, "", says(`{"type":"done"}`, &asked), `POST /v1/down {"all":true,"wait":true,"timeout":0}`, "", "", 0},
		{"to wait is what down does anyway", Down{Wait: true}, "", says(`{"type":"done"}`, &asked), `POST /v1/down {"wait":true,"timeout":0}`, "", "", 0},
		{"or not", Down{NoWait: true}, "", says(`{"type":"done"}`, &asked), `POST /v1/down {"wait":false,"timeout":0}`, "", "", 0},
		{"but not both", Down{Wait: true, NoWait: true}, "", nil, "", "", "kitt: both --wait and --no-wait given\nhint: leave one of them out; to wait is the rule\n", 2},
		{"shutdown", Shutdown{}, "", says(`{"type":"done","text":"kitt is down"}`, &asked), `POST /v1/shutdown {"all":true,"wait":true,"timeout":0}`, "kitt is down\n", "", 0},
		{"shutdown of what is down is no error", Shutdown{}, "", nil, "", "", "kitt: kitt is not running\n", 0},
		{"json streams are passed on", Restart{Names: []string{"web"}}, "json", says(`{"type":"action","verb":"stop","id":"web.1"}`+"\n"+`{"type":"done","code":5,"text":"late"}`+"\n", nil), "",
			`{"type":"action","verb":"stop","id":"web.1"}` + "\n" + `{"type":"done","text":"late","code":5}` + "\n", "", 5},
		{"what is not up is listed, with why", Start{Names: []string{"web"}}, "", says(
			`{"type":"progress","up":1,"total":3,"pending":[{"id":"api.10","phase":"failed","reason":"exec: no such file","final":true},{"id":"b.1","phase":"starting","reason":""}]}`+"\n"+
				`{"type":"done","code":5,"text":"2 of 3 not up after 1m\n  api.10 is failed","hint":"kitt logs api.10"}`+"\n", nil), "", "",
			"api.10  failed    exec: no such file\nb.1     starting\nkitt: 2 of 3 not up after 1m\nhint: kitt logs api.10\n", 5},
		{"a stream that breaks is told", Start{Names: []string{"web"}}, "", says("", nil), "", "",
			"kitt: start web: kitt's daemon went away while it answered\nhint: kitt status web shows what was done\n", 1},
		{"a verb says which forms it has", Restart{Names: []string{"web"}}, "yaml", nil, "", "", "kitt: this verb has no -o yaml\nhint: it has table, json\n", 2},

		{"events are lines", Events{Lines: 5}, "", says(
			`{"seq":1,"at":"`+noon.UTC().Format(time.RFC3339)+`","kind":"exit","id":"shop/web.1","exit":{"code":3,"signal":"","at":null},"pid":812}`+"\n"+
				`{"seq":2,"at":"`+noon.UTC().Format(time.RFC3339)+`","kind":"start","id":"shop/web.1","reason":"it died"}`+"\n", &asked), "GET /v1/events?n=5 ",
			"12:00:00.000  exit        shop/web.1        code 3 (pid 812)\n12:00:00.000  start       shop/web.1        it died\n", "", 0},
		{"events of one process", Events{Names: []string{"web"}}, "json", says(`{"seq":1,"at":null,"kind":"exit","id":"shop/api.1"}`+"\n"+`{"seq":2,"at":null,"kind":"start","id":"shop/web.1"}`+"\n", nil), "",
			`{"seq":2,"at":null,"kind":"start","id":"shop/web.1"}` + "\n", "", 0},

		{"show tells everything", Show{Name: "web"}, "", says(showJSON, &asked), "GET /v1/show?name=web ", `shop/web  /shop/kitt.hcl:3:1

NAME   PROJECT  PHASE    PID  AGE  RESTARTS   CPU  MEMORY  READY  GENERATION  EXIT
web.1  shop     running  812    -         0  0.0%  1.0 MB  yes             1  -

settings
command              npm run 'start it'
cwd                  /shop
env.PORT             ***
instances            2
restart.policy       always
restart.backoff_min  100ms
restart.backoff_max  15s
restart.stable       30s
stop.signal          SIGTERM
stop.timeout         10s
kill_mode            tree
log.max_size         10.5 MB
log.keep             5
log.compress         true

logs
web.1 out  /l/out
web.1 err  /l/err

processes
812 npm  10.0%  500.0 kB
  813 no\x1bde  0.0%  500.0 kB
`, "", 0},
		{"explain tells where a value came from", Explain{Name: "web", Field: "restart"}, "", says(showJSON, nil), "", `restart.policy       always  /shop/kitt.hcl:6:3
restart.backoff_min  100ms   /shop/kitt.hcl:6:3
restart.backoff_max  15s     /shop/kitt.hcl:6:3
restart.stable       30s     /shop/kitt.hcl:6:3
`, "kitt: values of env are not shown; the rest of the environment is that of the shell that ran kitt apply\n", 0},
		{"explain as json", Explain{Name: "web", Field: "stop.signal"}, "json", says(showJSON, nil), "", `[{"field":"stop.signal","value":"SIGTERM","from":null}]` + "\n", "", 0},
		{"explain of no field", Explain{Name: "web", Field: "x"}, "", says(showJSON, nil), "", "", "kitt: explain web: no field \"x\"\nhint: kitt explain web\n", 1},

		{"version tells both", VersionCmd{}, "json", says(`{"version":"1.2.2","pid":8}`, nil), "", `{"version":"1.2.3","daemon":{"pid":8,"version":"1.2.2"}}` + "\n", "", 0},
		{"version without kitt", VersionCmd{}, "", nil, "", "kitt 1.2.3\n", "", 0},
	}
	Version = func() string { return "1.2.3" }
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			asked = ""
			k := try(t, tt.daemon)
			if tt.output != "" {
				k.Output = tt.output
			}
			if code := k.do(tt.verb); code != tt.code {
				t.Errorf("exit %d, want %d", code, tt.code)
			}
			same(t, "stdout", k.out.String(), tt.out)
			same(t, "stderr", k.err.String(), tt.talk)
			if tt.asks != "" && strings.TrimSpace(asked) != strings.TrimSpace(tt.asks) {
				t.Errorf("asked %q, want %q", asked, tt.asks)
			}
		})
	}
}
