package spec

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// signals are those that Linux and macOS both have.
var signals = strings.Fields("HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM CHLD CONT STOP " +
	"TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO SYS")

// parseSignal takes a name with or without SIG, in any case, and gives it with SIG.
func parseSignal(s string) (string, bool) {
	name := strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(s)), "SIG")
	return "SIG" + name, slices.Contains(signals, name)
}

// parseDuration takes what Go writes: 15s, 500ms, 1m30s. A bare 0 needs no unit.
func parseDuration(s string) (time.Duration, error) {
	if strings.HasPrefix(s, "-") {
		return 0, fmt.Errorf("%q is less than nothing", s)
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		if _, err := strconv.ParseFloat(s, 64); err == nil {
			return 0, fmt.Errorf("%s has no unit", s)
		}
		return 0, fmt.Errorf("%q is not a duration", s)
	}
	return d, nil
}

var (
	sizeText  = regexp.MustCompile(`^(\d+(?:\.\d+)?) ?([A-Za-z]*)$`)
	sizeUnits = map[string]float64{"": 1, "B": 1,
		"kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
		"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
)

// parseSize takes bytes with a unit: 10MB is 10 million, 10MiB 10 times 1024 times 1024.
func parseSize(s string) (int64, error) {
	m := sizeText.FindStringSubmatch(s)
	if m == nil {
		return 0, fmt.Errorf("%q is not a size", s)
	}
	unit, ok := sizeUnits[m[2]]
	n, err := strconv.ParseFloat(m[1], 64)
	if !ok || err != nil || n*unit >= math.MaxInt64 {
		return 0, fmt.Errorf("%q is not a size", s)
	}
	return int64(n * unit), nil
}

// quoteWords writes argv so that a shell would read the same words.
func quoteWords(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = quoteWord(w)
	}
	return strings.Join(out, " ")
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)

func quoteWord(w string) string {
	if plainWord.MatchString(w) {
		return w
	}
	return "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
}
