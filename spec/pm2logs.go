package spec

import (
	"path/filepath"
	"regexp"
	"strings"
)

// logs reads where copies of the output go. kitt keeps its own store besides.
//
// In a name, {n} stands for what tells instances apart: "-0" for the first. pm2 puts its number of the
// process there; only before .log, in place of a number that is there, only if logs are not merged.
func (a *app) logs() {
	log := &a.p.Log
	merged := a.flag("merge_logs", a.mergedByDefault())
	log.Out = a.logFile("out_file", !merged)
	log.Err = a.logFile("error_file", !merged)
	log.Combined = a.logFile("log_file", !merged)
	log.Off = a.flag("disable_logs", false)
	if format := a.str("log_date_format"); format != "" {
		layout, unknown := goLayout(format)
		if unknown != "" {
			a.warn(a.at("log_date_format"), "", "%s: log_date_format: %s is not known here and stays as it is", a.path, unknown)
		}
		log.Stamp = layout
	}
	if a.flag("time", false) {
		log.Stamp = "2006-01-02T15:04:05"
	}
	switch kind := a.str("log_type"); kind {
	case "json":
		log.JSON = true
	case "", "raw":
	default:
		a.wrong("log_type", "", "%q is not json", kind)
	}
}

// mergedByDefault is pm2's rule: only plain processes without a number of instances share their files.
func (a *app) mergedByDefault() bool {
	m, given := a.words["instances"]
	return !strings.HasPrefix(a.words["exec_mode"].text(), "cluster") && (!given || m.value.text == "0" || m.value.text == "max")
}

func (m member) text() string {
	if m.value == nil {
		return ""
	}
	return m.value.text
}

// logFile is the absolute path of a copy; none for true, which only asks pm2 for its usual place.
func (a *app) logFile(word string, apart bool) string {
	m, ok := a.words[word]
	if !ok || m.value.kind == isBool {
		return ""
	}
	name := a.str(word)
	if name == "" || name == "NULL" || name == "/dev/null" {
		return ""
	}
	a.p.Origins["log."+map[string]string{"out_file": "out", "error_file": "err", "log_file": "combined"}[word]] = a.at(word)
	name = resolve(a.p.Cwd, a.homed(name))
	if apart {
		name = numberedLog.ReplaceAllString(name, "{n}.log")
	}
	return name
}

var numberedLog = regexp.MustCompile(`(-[0-9]+)?\.log$`)

// homed is path with a leading ~ made the home folder, which pm2 does for logs and keys only.
func (e *ecosystem) homed(path string) string {
	if home := e.req.Env["HOME"]; home != "" && (path == "~" || strings.HasPrefix(path, "~/")) {
		return filepath.Join(home, path[1:])
	}
	return path
}

// dayjs are the tokens of pm2's date formats, longest first where one begins with another.
var dayjs = []struct{ token, layout string }{
	{"YYYY", "2006"}, {"YY", "06"}, {"MMMM", "January"}, {"MMM", "Jan"}, {"MM", "01"}, {"M", "1"},
	{"DDDD", "002"}, {"DD", "02"}, {"Do", ""}, {"D", "2"}, {"dddd", "Monday"}, {"ddd", "Mon"}, {"dd", ""}, {"d", ""},
	{"HH", "15"}, {"H", "15"}, {"hh", "03"}, {"h", "3"}, {"mm", "04"}, {"m", "4"}, {"ss", "05"}, {"s", "5"},
	{"SSS", "000"}, {"ZZ", "-0700"}, {"Z", "-07:00"}, {"A", "PM"}, {"a", "pm"}, {"X", ""}, {"x", ""},
}

// goLayout turns a dayjs format into Go's. unknown is the first token that Go has no word for.
// Go takes thousandths only after a point or a comma, so another sign before SSS becomes a point.
func goLayout(format string) (layout, unknown string) {
	var b strings.Builder
next:
	for i := 0; i < len(format); {
		if end := strings.IndexByte(format[i:], ']'); format[i] == '[' && end > 0 {
			b.WriteString(format[i+1 : i+end])
			i += end + 1
			continue
		}
		for _, t := range dayjs {
			if !strings.HasPrefix(format[i:], t.token) {
				continue
			}
			if t.layout == "" && unknown == "" {
				unknown = t.token
			}
			if t.layout == "" {
				b.WriteString(t.token)
			} else {
				b.WriteString(t.layout)
			}
			i += len(t.token)
			continue next
		}
		if strings.HasPrefix(format[i+1:], "SSS") && format[i] != '.' && format[i] != ',' {
			b.WriteByte('.')
		} else {
			b.WriteByte(format[i])
		}
		i++
	}
	return b.String(), unknown
}
