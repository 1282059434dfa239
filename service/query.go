package service

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A param is one word of a query.
type param struct {
	name    string
	kind    kind
	does    string
	example string
}

// A kind is what may be said: its name in JSON Schema, and what is refused.
type kind struct {
	is     string   // string, integer or boolean
	format string   // in words
	among  []string // if any: one of these
	need   bool
	wrong  func(string) bool // nil: nothing is wrong
}

var (
	words1 = kind{is: "string"}
	needed = kind{is: "string", need: true}
	onoff  = kind{is: "boolean", format: "1 or 0, true or false", wrong: func(s string) bool { _, ok := truths[s]; return !ok }}
	count  = kind{is: "integer", format: "a number from 0 on", wrong: func(s string) bool { _, err := strconv.ParseUint(s, 10, 53); return err != nil }}
	revno  = kind{is: "integer", format: "the number of a revision", wrong: func(s string) bool { n, err := strconv.ParseUint(s, 10, 31); return err != nil || n == 0 }}
	moment = kind{is: "string", format: "a time as 2026-01-31T12:00:00Z, or how long ago as 10m", wrong: func(s string) bool { _, err := momentOf(time.Time{}, s); return err != nil }}
	span   = kind{is: "string", format: "a duration as 1m30s", wrong: func(s string) bool { d, err := time.ParseDuration(s); return err != nil || d < 0 }}
)

var truths = map[string]bool{"": true, "1": true, "true": true, "0": false, "false": false}

func choice(among ...string) kind {
	return kind{is: "string", among: among, format: "one of " + strings.Join(among, ", "), wrong: func(s string) bool { return !slices.Contains(among, s) }}
}

// check refuses a query in which a parameter says what it cannot.
func check(params []param, u *url.URL) error {
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return failure{2, "read query: " + err.Error(), "curl --get --data-urlencode 'name=value' writes it well"}
	}
	for _, p := range params {
		said, there := q[p.name]
		hint := "for instance " + p.name + "=" + p.example
		switch {
		case p.kind.need && q.Get(p.name) == "":
			return failure{2, "read " + p.name + ": missing", hint}
		case !there || p.kind.wrong == nil || said[0] == "" && p.kind.is != "boolean":
		case p.kind.wrong(said[0]):
			return failure{2, fmt.Sprintf("read %s: %q is not %s", p.name, said[0], p.kind.format), hint}
		}
	}
	return nil
}

// yes is a flag of a query that was checked.
func yes(q url.Values, name string) bool { return q.Has(name) && truths[q.Get(name)] }

// number is a count of a query that was checked; without one it is none.
func number(q url.Values, name string, none int) int {
	if n, err := strconv.ParseUint(q.Get(name), 10, 53); err == nil {
		return int(n)
	}
	return none
}

// momentOf reads a time, or how long ago it was.
func momentOf(now time.Time, s string) (time.Time, error) {
	if d, err := time.ParseDuration(s); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return at, fmt.Errorf("%q is no time", s)
	}
	return at, nil
}

// sinceOf is a moment of a query that was checked; the zero time without one.
func sinceOf(now time.Time, q url.Values, name string) time.Time {
	at, err := momentOf(now, q.Get(name))
	if err != nil {
		return time.Time{}
	}
	return at
}
