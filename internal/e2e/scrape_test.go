package e2e

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/rogpeppe/go-internal/testscript"
)

// scraped reads a file as Prometheus does: scraped FILE [NAME LABEL=VALUE… MIN]. With a name, the first sample that has these
// labels must be at least MIN. Every metric that examples/grafana/kitt.json asks for has to be there.
func scraped(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: scraped file [name label=value... min]")
	}
	p := expfmt.NewTextParser(model.UTF8Validation)
	families, err := p.TextToMetricFamilies(strings.NewReader(ts.ReadFile(args[0])))
	ts.Check(err)
	if len(args) > 1 {
		most, err := strconv.ParseFloat(args[len(args)-1], 64)
		ts.Check(err)
		if v, ok := valueOf(families[args[1]], args[2:len(args)-1]); !ok || v < most {
			ts.Fatalf("%s %v: is %v, found %v", args[1], args[2:len(args)-1], v, ok)
		}
		return
	}
	for _, name := range dashboardNames(ts) {
		if families[name] == nil {
			ts.Fatalf("the dashboard asks for %s, which is not there", name)
		}
	}
}

func valueOf(f *dto.MetricFamily, want []string) (v float64, ok bool) {
	for _, m := range f.GetMetric() {
		has := map[string]bool{}
		for _, l := range m.GetLabel() {
			has[l.GetName()+"="+l.GetValue()] = true
		}
		all := true
		for _, w := range want {
			all = all && has[w]
		}
		if all {
			return m.GetGauge().GetValue() + m.GetCounter().GetValue() + m.GetUntyped().GetValue(), true
		}
	}
	return 0, false
}

// dashboardNames are the metrics in the dashboard's expressions.
func dashboardNames(ts *testscript.TestScript) (names []string) {
	b, err := os.ReadFile(filepath.Join("..", "..", "examples", "grafana", "kitt.json"))
	ts.Check(err)
	var board struct {
		Panels []struct {
			Targets []struct{ Expr string }
		}
	}
	ts.Check(json.Unmarshal(b, &board))
	for _, panel := range board.Panels {
		for _, target := range panel.Targets {
			names = append(names, regexp.MustCompile(`\bkitt_[a-z_]+`).FindAllString(target.Expr, -1)...)
		}
	}
	if len(names) < 10 {
		ts.Fatalf("only %d metrics in the dashboard", len(names))
	}
	return names
}

// fetch GETs a path over a unix socket and prints the whole answer: fetch SOCKET PATH [ACCEPT].
func fetch(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: fetch socket path [accept]")
	}
	c := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", args[0])
	}}}
	r, err := http.NewRequest("GET", "http://kitt"+args[1], nil)
	ts.Check(err)
	if len(args) > 2 {
		r.Header.Set("Accept", args[2])
	}
	answer, err := c.Do(r)
	ts.Check(err)
	defer answer.Body.Close()
	text, err := httputil.DumpResponse(answer, true)
	ts.Check(err)
	_, _ = ts.Stdout().Write(text)
}

// busy VAR FILE: somebody listens at a port of loopback until the script ends; its number is in the variable and the file.
func busy(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	ts.Setenv(args[0], port)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(port), 0o600))
}
