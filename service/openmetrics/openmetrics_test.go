package openmetrics

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

var sample = []Family{
	{Name: "kitt_up", Kind: Gauge, Help: "back\\slash and\nbreak", Samples: []Sample{
		{Labels: []string{"process", "we\"b\\\n", "instance", "w\xffb.1"}, Value: 1},
		{Value: math.Inf(1)}, {Labels: []string{"process", "x"}, Value: 0.25}}},
	{Name: "kitt_log_bytes", Kind: Counter, Unit: "bytes", Help: "Bytes.", Samples: []Sample{{Labels: []string{"process", "web"}, Value: 1 << 52}}},
	{Name: "kitt_none", Kind: Gauge, Help: "Nobody has it."},
}

// Prometheus's own parser reads what is written, and finds every value and label as it was.
func TestPrometheusReadsIt(t *testing.T) {
	for _, kind := range []string{Plain, Open} {
		var b bytes.Buffer
		if err := Write(&b, sample, kind); err != nil {
			t.Fatal(err)
		}
		p := expfmt.NewTextParser(model.UTF8Validation)
		got, err := p.TextToMetricFamilies(&b)
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		up := got["kitt_up"].GetMetric()
		if len(up) != 3 || up[0].GetGauge().GetValue() != 1 || !math.IsInf(up[1].GetGauge().GetValue(), 1) || up[2].GetGauge().GetValue() != 0.25 {
			t.Errorf("%s: %v", kind, up)
		}
		if l := up[0].GetLabel(); len(l) != 2 || l[0].GetValue() != "we\"b\\\n" || l[1].GetValue() != "w\uFFFDb.1" {
			t.Errorf("%s: labels %v", kind, l)
		}
		m := got["kitt_log_bytes_total"].GetMetric()
		if len(m) != 1 || m[0].GetCounter().GetValue()+m[0].GetUntyped().GetValue() != 1<<52 {
			t.Errorf("%s: %v", kind, m)
		}
	}
}

// What OpenMetrics asks beyond that: the family's name without _total, the unit, and the end.
func TestOpenMetricsForm(t *testing.T) {
	var open, plain bytes.Buffer
	_ = Write(&open, sample[1:2], Open)
	_ = Write(&plain, sample[1:2], Plain)
	want := "# HELP kitt_log_bytes Bytes.\n# TYPE kitt_log_bytes counter\n# UNIT kitt_log_bytes bytes\nkitt_log_bytes_total{process=\"web\"} 4503599627370496\n# EOF\n"
	if open.String() != want {
		t.Errorf("got %q, want %q", open.String(), want)
	}
	if text := plain.String(); !strings.Contains(text, "# TYPE kitt_log_bytes_total counter\n") || strings.Contains(text, "UNIT") || strings.Contains(text, "EOF") {
		t.Errorf("plain: %q", text)
	}
}

func TestContentType(t *testing.T) {
	for accept, want := range map[string]string{
		"": Plain, "*/*": Plain, "text/plain": Plain,
		"application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2": Open,
	} {
		if got := ContentType(accept); got != want {
			t.Errorf("%q: %s", accept, got)
		}
	}
}
