// Package openmetrics writes measurements as text that Prometheus and its kin scrape.
//
// Two forms of one text: OpenMetrics 1.0 (application/openmetrics-text), and the older text format 0.0.4 (text/plain), in which
// the name of a counter's family has its _total and no unit stands. See prometheus.io/docs/specs/om.
package openmetrics

import (
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A Kind of family. A counter only grows, and begins anew from 0 when what counts does.
type Kind string

const (
	Gauge   Kind = "gauge"
	Counter Kind = "counter"
)

// A Family is one measurement of many things.
type Family struct {
	Name    string // without _total; ends in _Unit where there is one
	Kind    Kind
	Unit    string // seconds, bytes; may be empty
	Help    string
	Samples []Sample
}

// A Sample is one value. Labels are pairs: name, value, name, value…
type Sample struct {
	Labels []string
	Value  float64
}

// The content types, as an answer names them.
const (
	Open  = "application/openmetrics-text; version=1.0.0; charset=utf-8"
	Plain = "text/plain; version=0.0.4; charset=utf-8"
)

// ContentType is the one to answer with to a request's Accept header.
func ContentType(accept string) string {
	if strings.Contains(accept, "application/openmetrics-text") {
		return Open
	}
	return Plain
}

// Write writes families in the form of a content type.
func Write(w io.Writer, families []Family, contentType string) error {
	var b []byte
	for _, f := range families {
		b = f.append(b, contentType == Open)
	}
	if contentType == Open {
		b = append(b, "# EOF\n"...)
	}
	_, err := w.Write(b)
	return err
}

func (f Family) append(b []byte, open bool) []byte {
	sample := f.Name
	if f.Kind == Counter {
		sample += "_total"
	}
	family := sample
	if open {
		family = f.Name
	}
	b = append(b, "# HELP "+family+" "+escape.Replace(f.Help)+"\n# TYPE "+family+" "+string(f.Kind)+"\n"...)
	if open && f.Unit != "" {
		b = append(b, "# UNIT "+family+" "+f.Unit+"\n"...)
	}
	for _, s := range f.Samples {
		b = append(s.appendLabels(append(b, sample...)), ' ')
		b = append(number(b, s.Value), '\n')
	}
	return b
}

// escape is for help and values of labels: the same in both forms but for the quote, which may be escaped in either.
var escape = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
var escapeValue = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)

func (s Sample) appendLabels(b []byte) []byte {
	if len(s.Labels) == 0 {
		return b
	}
	sep := byte('{')
	for pair := range slices.Chunk(s.Labels, 2) {
		b = append(append(b, sep), pair[0]...)
		b = append(b, '=', '"')
		b = append(b, escapeValue.Replace(strings.ToValidUTF8(pair[1], "\uFFFD"))...)
		b = append(b, '"')
		sep = ','
	}
	return append(b, '}')
}

func number(b []byte, v float64) []byte {
	switch {
	case math.IsInf(v, 1):
		return append(b, "+Inf"...)
	case math.IsInf(v, -1):
		return append(b, "-Inf"...)
	case v == math.Trunc(v) && math.Abs(v) < 1<<53:
		return strconv.AppendInt(b, int64(v), 10)
	}
	return strconv.AppendFloat(b, v, 'g', -1, 64) // NaN is NaN
}
