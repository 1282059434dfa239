package service

import (
	"context"
	"net/http"

	"kitt.sh/service/api"
)

// A route is one thing that the API can be asked. The table of them is the whole API: the mux and docs/openapi.json are
// both made of it.
//
// To add one: a row in table (or in a list of its own, which table appends), with a handler that reads its query by way
// of the helpers in query.go and answers by answer, refuse, or a stream; types of requests and answers stand in
// service/api, where their comments become the document's descriptions. Then `make generate`, and a row in docs/api.md.
// TestEveryRouteAnswersAsTheDocumentSays in internal/e2e wants to be told how to call it.
type route struct {
	method, path string
	does         string  // one sentence
	query        []param // what may stand in the query; all else there is ignored
	body         any     // a zero value of what is sent as JSON; nil: nothing
	gives        any     // a zero value of the answer, or of each object of a stream
	form         form
	finds        bool // it is refused with 404 where a name means nobody
	serve        func(*Daemon, http.ResponseWriter, *http.Request)
}

// form is how an answer comes.
type form int

const (
	object  form = iota // one JSON object, or list
	stream              // objects, one by one, to an end
	endless             // the same, which may have none: it is cut off where another daemon takes over
	text                // text of a kind of its own
)

// Parameters that several routes have.
var (
	project = param{"project", words1, "only this project", ""}
	near    = param{"near", words1, "project in which names are looked up first; else that of the folder in X-Kitt-Dir", "shop"}
	targets = param{"targets", words1, "who is meant, parted by commas: web, web.1, shop/web, a /regexp/, a namespace, a pm_id; none is all", "web,db.1"}
	name    = param{"name", needed, "one process, or instance: web, web.1, shop/web", "web"}
	follows = param{"follow", onoff, "go on with what comes", "1"}
)

// table lists all routes.
func table() []route {
	list := []route{
		{"GET", "/v1/version", "The daemon's version and pid.", nil, nil, api.Version{}, object, false, (*Daemon).getVersion},
		{"GET", "/v1/openapi.json", "This document.", nil, nil, nil, object, false, (*Daemon).getOpenAPI},
		{"GET", "/v1/status", "What runs, and how it is.", []param{project, near, targets,
			{"view", choice("json", "table", "text"), "table and text are kitt's own, and may change", "json"},
			{"columns", count, "for text: the width of a screen", "80"}, {"colour", onoff, "for text: with colours", "1"}},
			nil, api.Status{}, object, true, (*Daemon).getStatus},
		{"GET", "/v1/watch", "What runs, and each change of it: first all, then what became otherwise.", []param{project, near, targets,
			{"every", span, "cpu and memory are measured anew so often, at least every 500ms; without it only what else changes is told", "2s"}},
			nil, api.Watch{}, endless, true, (*Daemon).getWatch},
		{"GET", "/v1/show", "Everything about one process.", []param{project, name}, nil, api.Show{}, object, true, (*Daemon).getShow},
		{"GET", "/v1/explain", "The same as show.", []param{project, name}, nil, api.Show{}, object, true, (*Daemon).getShow},
		{"GET", "/v1/environ", "What an instance is started with.", []param{project, name, {"reveal", onoff, "with the values", "1"}},
			nil, api.Environ{}, object, true, (*Daemon).getEnviron},
		{"GET", "/v1/listing", "Instances, and the settings of their processes.", []param{near, targets}, nil, api.Listing{}, object, true, (*Daemon).getListing},
		{"GET", "/v1/runs", "The runs of jobs that are over, oldest first.", []param{near, targets, {"n", count, "how many at most; 0 is 20", "20"}},
			nil, []api.Run{}, object, true, (*Daemon).getRuns},
		{"GET", "/v1/samples", "CPU and memory of a day, as far as somebody looked, or a spec says sample = true.", []param{project, near, targets,
			{"since", moment, "from then on: a time, or how long ago; without it the last hour", "2h"}, {"points", count, "at most so many of each instance; 360 without it", "100"}},
			nil, api.Samples{}, object, true, (*Daemon).getSamples},
		{"GET", "/v1/why", "Why processes are as they are, as `kitt why -o json` says it.", []param{{"name", words1, "a process or instance; without it all that is amiss", "web"}},
			nil, nil, object, true, (*Daemon).getWhy},
		{"GET", "/v1/pending", "What the spec file of a project says and is not so yet, or what is wrong with it.", []param{project}, nil, api.Outstanding{}, object, true, (*Daemon).getPending},
		{"GET", "/v1/notify", "Whom alerts are sent to, and how that fares. No secret is in it.", nil, nil, []api.Notify{}, object, false, (*Daemon).getNotify},
		{"POST", "/v1/notify/test", "Sends a test alert to notify blocks: targets are their names; none are those of the project, else all.", nil, api.Order{}, api.Line{}, stream, true,
			(*Daemon).postNotify},
		{"GET", "/v1/history", "The revisions of a project that are kept, oldest first.", []param{project}, nil, api.History{}, object, true, (*Daemon).getHistory},
		{"GET", "/v1/diff", "What differs between two revisions.", []param{project, {"from", revno, "without it the one before to", "3"},
			{"to", revno, "without it the present one", "4"}}, nil, api.Diff{}, object, true, (*Daemon).getDiff},
		{"GET", "/v1/metrics", "What programs measured of themselves, and sent over their channels.", nil, nil, []api.Metric{}, object, false, (*Daemon).getMetrics},
		{"GET", "/v1/scrape", "What can be measured, in Prometheus' text form or, where Accept or open ask for it, in OpenMetrics'.",
			[]param{{"open", onoff, "OpenMetrics, whatever Accept says", "1"}}, nil, nil, text, false, (*Daemon).getScrape},
		{"GET", "/v1/events", "What happened, oldest first.", []param{
			{"n", count, "only the last so many; 0 is all", "20"}, {"since", moment, "only what happened since: a time, or how long ago", "10m"},
			{"after", count, "only what has a greater seq, whatever n says; Last-Event-ID means the same", "41"}, follows},
			nil, api.Event{}, endless, false, (*Daemon).getEvents},
		{"GET", "/v1/logs", "Lines that processes wrote, in the order of time.", logParams, nil, api.LogLine{}, endless, true, (*Daemon).getLogLines},
		{"GET", "/v1/logs/wait", "Where logs lie on this machine, and a word each time that there is more.", []param{project, near, targets},
			nil, api.LogNews{}, endless, true, (*Daemon).getLogs},
		{"POST", "/v1/apply", "Makes a spec the project's own, and what runs as it says.", nil, api.Load{}, api.Line{}, stream, false,
			load((*Daemon).apply)},
		{"POST", "/v1/plan", "Says what apply would do.", nil, api.Load{}, api.Line{}, stream, false,
			load(func(d *Daemon, _ context.Context, l api.Load, out *lines) error { return d.plan(l, out.say) })},
		{"POST", "/v1/rollback", "Makes an earlier revision the one that is wanted.", nil, api.Rollback{}, api.Line{}, stream, true, (*Daemon).postRollback},
		{"POST", "/v1/follow", "Applies the spec file of a project as it is now.", nil, api.FollowFile{}, api.Line{}, stream, true, (*Daemon).postFollow},
		{"POST", "/v1/ui", "Opens the page for browsers, or closes it.", nil, api.UI{}, api.UIOpen{}, object, false, (*Daemon).postUI},
		{"POST", "/v1/signal", "Sends a signal to what runs. It changes nothing that is wanted.", nil, api.Signal{}, api.Line{}, stream, true, (*Daemon).postSignal},
		{"POST", "/v1/flush", "Empties stored output.", nil, api.Order{}, api.Line{}, stream, true, (*Daemon).postFlush},
		{"POST", "/v1/shutdown", "Stops every process and kitt itself. What is wanted stays wanted.", nil, api.Order{}, api.Line{}, stream, false, (*Daemon).postShutdown},
		{"POST", "/v1/await", "Waits for instances named in full; kitt's own, when a daemon was replaced.", nil, api.Order{}, api.Line{}, stream, false, (*Daemon).postAwait},
		{"POST", "/v1/announce", "Says what the coming end of the service means; kitt's own.", nil, api.Announcement{}, api.Announcement{}, object, false, (*Daemon).postAnnounce},
	}
	for _, v := range orders {
		list = append(list, route{"POST", "/v1/" + v.verb, v.does, nil, api.Order{}, api.Line{}, stream, true, order(v.verb)})
	}
	return list
}

// orders are the verbs on processes.
var orders = []struct{ verb, does string }{
	{"restart", "Restarts processes."},
	{"reload", "Reloads processes: each is replaced once its successor is ready, where that can be."},
	{"start", "Starts processes, and lifts their holds."},
	{"stop", "Stops processes, and holds them until start or apply."},
	{"delete", "Stops processes, and holds them out of the list until the next apply."},
	{"down", "Stops a project's processes, and holds them."},
	{"scale", "Sets how many instances processes have: {\"scale\": {\"web\": 3}}."},
	{"reset", "Counts restarts from 0 again."},
	{"send", "Sends a message to programs over their channels, or a text to their stdin."},
	{"run", "Runs a job now."},
}

// routes serves the table.
func (d *Daemon) routes() http.Handler {
	mux, methods := http.NewServeMux(), map[string][]string{}
	for _, r := range table() {
		h := r.handler(d)
		mux.HandleFunc(r.method+" "+r.path, h)
		methods[r.path] = append(methods[r.path], r.method)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { unknown(w, r, methods[r.URL.Path]) })
	return mux
}

// handler serves one route: its query is checked before.
func (r route) handler(d *Daemon) http.HandlerFunc {
	h := func(w http.ResponseWriter, req *http.Request) {
		if err := check(r.query, req.URL); err != nil {
			refuse(w, err)
			return
		}
		r.serve(d, w, req)
	}
	if r.form == endless {
		return d.streaming(h)
	}
	return h
}

// unknown refuses what no route is for; may lists the methods of the path.
func unknown(w http.ResponseWriter, r *http.Request, may []string) {
	f := api.Failure{Error: "the daemon does not know " + r.Method + " " + r.URL.Path,
		Hint: "GET /v1/openapi.json lists what it knows; kitt version shows whether it is of another version than you", Code: 1}
	status := http.StatusNotFound
	if len(may) > 0 {
		status, f.Hint = http.StatusMethodNotAllowed, may[0]+" "+r.URL.Path
		w.Header().Set("Allow", may[0])
	}
	refuseAs(w, status, f)
}
