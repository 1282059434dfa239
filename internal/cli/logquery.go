package cli

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"kitt.sh/internal/logline"
)

// A logQuery says which lines are meant.
type logQuery struct {
	Last          int // lines of the past, over all sources; below 0: all
	Out, Err      bool
	Since         time.Time
	Until         time.Time              // lines that began later are left out; zero: none
	Keep          func(line []byte) bool // nil keeps all
	Before, After int                    // with Keep: lines beside those that it keeps
	Whole         bool                   // an unfinished last line waits for its end
}

// defaultLines is -n where nobody says otherwise; main.go says it too.
const defaultLines = "15"

func (l Logs) query(now time.Time) (q logQuery, err error) {
	q = logQuery{Out: !l.Err || l.Out, Err: !l.Out || l.Err, Whole: l.Follow && !l.Raw}
	all := l.Since != "" || l.Export != ""
	switch n, err := strconv.Atoi(l.Lines); {
	case l.Lines == "all", l.Lines == "" || l.Lines == defaultLines && all:
		q.Last = -1
	case err != nil || n < 0:
		return q, usage(fmt.Sprintf("-n %q is no number of lines", l.Lines), "for instance -n 100, or -n all")
	default:
		q.Last = n
	}
	if err := l.clash(); err != nil {
		return q, err
	}
	if q, err = l.span(now, q); err != nil {
		return q, err
	}
	if q.Keep, err = l.keep(); err != nil {
		return q, err
	}
	q.Before, q.After = max(l.Context, l.Before), max(l.Context, l.After)
	switch {
	case l.Context < 0 || l.Before < 0 || l.After < 0:
		return q, usage("a number of lines below 0", "for instance -C 3")
	case q.Before+q.After > 0 && q.Keep == nil:
		return q, usage("-A, -B and -C are about lines beside those that --grep, --level or --field find", "for instance --grep ERROR -C 3")
	}
	return q, nil
}

// clash refuses flags that exclude each other.
func (l Logs) clash() error {
	switch {
	case (l.IgnoreCase || l.Invert) && l.Grep == "":
		return usage("-i and --invert are about --grep", "for instance --grep error -i")
	case l.Crash && (l.Follow || l.Since != "" || l.Until != ""):
		return usage("--crash shows what was before an exit: not with -f, --since or --until", "kitt logs --crash NAME")
	case l.Export != "" && (l.Follow || l.Crash):
		return usage("--export writes what is stored: not with -f or --crash", "kitt logs --export DIR NAME")
	}
	return nil
}

// span adds --since and --until.
func (l Logs) span(now time.Time, q logQuery) (_ logQuery, err error) {
	if l.Since != "" {
		if q.Since, err = moment(now, "--since", l.Since); err != nil {
			return q, err
		}
	}
	if l.Until == "" {
		return q, nil
	}
	if q.Until, err = moment(now, "--until", l.Until); err != nil {
		return q, err
	}
	switch {
	case l.Follow:
		return q, usage("both -f and --until given", "leave one of them out: what comes is later than any --until")
	case q.Until.Before(q.Since):
		return q, usage(fmt.Sprintf("--until %s is before --since %s", l.Until, l.Since), "for instance --since 2h --until 1h")
	}
	return q, nil
}

// keep is what --grep, --level and --field mean together; nil if nothing.
func (l Logs) keep() (func(line []byte) bool, error) {
	grep, err := l.grep()
	if err != nil {
		return nil, err
	}
	says, err := l.says()
	switch {
	case err != nil || says == nil:
		return grep, err
	case grep == nil:
		return says, nil
	}
	return func(line []byte) bool { return grep(line) && says(line) }, nil
}

func (l Logs) grep() (func(line []byte) bool, error) {
	if l.Grep == "" {
		return nil, nil
	}
	flags := ""
	if l.IgnoreCase {
		flags = "(?i)"
	}
	re, err := regexp.Compile(flags + l.Grep)
	if err != nil {
		return nil, usage("--grep: "+err.Error(), `a dot, a bracket or a star for itself is written \. \[ \*`)
	}
	if l.Invert {
		return func(line []byte) bool { return !re.Match(line) }, nil
	}
	return re.Match, nil
}

// says judges what a line says: --level and --field.
func (l Logs) says() (func(line []byte) bool, error) {
	least := logline.None
	if l.Level != "" {
		var ok bool
		if least, ok = logline.ParseLevel(l.Level); !ok {
			return nil, usage(fmt.Sprintf("--level %q is no level", l.Level), "there are "+listed(logline.Names()))
		}
	}
	want := make([][2]string, len(l.Field))
	for i, f := range l.Field {
		key, value, ok := strings.Cut(f, "=")
		if !ok || key == "" {
			return nil, usage(fmt.Sprintf("--field %q is not KEY=VALUE", f), "for instance --field req.method=GET")
		}
		want[i] = [2]string{key, value}
	}
	if least == logline.None && len(want) == 0 {
		return nil, nil
	}
	return func(line []byte) bool {
		r := logline.Parse(line)
		for _, w := range want {
			if got, ok := r.Get(w[0]); !ok || got != w[1] {
				return false
			}
		}
		return r.Level >= least
	}, nil
}
