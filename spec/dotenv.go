package spec

import (
	"regexp"
	"strings"
)

// The grammar of npm's dotenv, the one that most .env files are written for: no expansion of $NAME,
// three kinds of quotes, escapes \n and \r between double quotes only. Like it, lines that are not
// assignments say nothing, and of two values the later counts.
var (
	dotenvSpace = `[\s\v\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}]`
	dotenvLine  = regexp.MustCompile(strings.ReplaceAll(
		`(?m)^\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`+
			"`(?:\\\\`|[^`])*`"+`|[^#\r\n]+)?\s*(?:#.*)?$`, `\s`, dotenvSpace))
	dotenvQuotes = regexp.MustCompile("(?m)^(?:'((?s:.*))'|\"((?s:.*))\"|`((?s:.*))`)$")
)

// A setting is one assignment of an env file.
type setting struct {
	name, value string
	line        int
}

// parseDotenv reads text as npm's dotenv does, in the order of the file.
func parseDotenv(text string) []setting {
	text = strings.ReplaceAll(strings.ReplaceAll(strings.TrimPrefix(text, "\ufeff"), "\r\n", "\n"), "\r", "\n")
	var out []setting
	line, counted := 1, 0
	for _, m := range dotenvLine.FindAllStringSubmatchIndex(text, -1) {
		line += strings.Count(text[counted:m[2]], "\n")
		counted = m[2]
		value := ""
		if m[4] >= 0 {
			value = dotenvValue(text[m[4]:m[5]])
		}
		out = append(out, setting{text[m[2]:m[3]], value, line})
	}
	return out
}

func dotenvValue(raw string) string {
	value := strings.TrimSpace(strings.Trim(strings.TrimSpace(raw), "\ufeff"))
	double := strings.HasPrefix(value, `"`)
	value = dotenvQuotes.ReplaceAllString(value, "$1$2$3")
	if double {
		value = strings.ReplaceAll(strings.ReplaceAll(value, `\n`, "\n"), `\r`, "\r")
	}
	return value
}

// dotenvFile reads an env file. missing says whether it is simply not there, which is no complaint yet.
func (r *reading) dotenvFile(file string) (settings []setting, missing bool) {
	text, err := r.tryRead(file)
	if err != nil {
		if !isMissing(err) {
			r.complain(Pos{File: file, Line: 1}, "", "read env file: %s", cause(err))
		}
		return nil, isMissing(err)
	}
	return parseDotenv(text), false
}
