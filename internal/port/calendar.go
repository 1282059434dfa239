package port

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A calendar is a schedule taken apart: the values of each field, nil for all of them. systemd and launchd can say no more
// than that.
type calendar struct {
	second, minute, hour, day, month, weekday []int
}

// A span is what a field may be, and the names of its values.
type fieldSpan struct {
	low, high int
	names     string
}

var (
	weekdayNames = "sun mon tue wed thu fri sat"
	fieldSpans   = []fieldSpan{{0, 59, ""}, {0, 59, ""}, {0, 23, ""}, {1, 31, ""}, {1, 12, "- jan feb mar apr may jun jul aug sep oct nov dec"}, {0, 7, weekdayNames}}
	cronWords    = map[string]string{"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
		"@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *"}
)

func (c *calendar) fields() []*[]int {
	return []*[]int{&c.second, &c.minute, &c.hour, &c.day, &c.month, &c.weekday}
}

// calendarOf takes a cron expression apart. It is false where more is said than a calendar can hold: @every, L, #, and
// two restricted days, of which either will do.
func calendarOf(cron string) (c calendar, ok bool) {
	if words, known := cronWords[cron]; known {
		cron = words
	}
	words := strings.Fields(strings.ToLower(cron))
	if len(words) == 5 {
		words = append([]string{"0"}, words...)
	}
	if len(words) != 6 {
		return c, false
	}
	for i, f := range c.fields() {
		if *f, ok = fieldValues(words[i], fieldSpans[i], "-"); !ok {
			return c, false
		}
	}
	c.weekday = sundays(c.weekday)
	return c, c.day == nil || c.weekday == nil
}

// sundays makes 7 a 0.
func sundays(days []int) []int {
	for i := range days {
		days[i] %= 7
	}
	slices.Sort(days)
	return slices.Compact(days)
}

// fieldValues reads *, */5, 1-5, 1-10/2, mon, and lists of them. between stands between the two ends of a range.
func fieldValues(text string, s fieldSpan, between string) (out []int, ok bool) {
	if text == "*" || text == "?" {
		return nil, true
	}
	for part := range strings.SplitSeq(text, ",") {
		list, step, stepped := strings.Cut(part, "/")
		from, to, ranged := strings.Cut(list, between)
		low, high, by := s.low, s.high, 1
		if list == "*" && s.names == weekdayNames {
			high = 6
		}
		if list != "*" {
			if low, ok = s.value(from); !ok {
				return nil, false
			}
			if !ranged && !stepped {
				high = low
			}
			if ranged {
				if high, ok = s.value(to); !ok {
					return nil, false
				}
			}
		}
		if stepped {
			n, err := strconv.Atoi(step)
			if by = n; err != nil || n < 1 {
				return nil, false
			}
		}
		for v := low; v <= high; v += by {
			out = append(out, v)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), len(out) > 0
}

func (s fieldSpan) value(text string) (int, bool) {
	if i := slices.Index(strings.Fields(s.names), text[:min(3, len(text))]); i >= 0 && len(text) >= 3 && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz") == "" {
		return i, true
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= s.low && n <= s.high
}

// cron is the expression of a calendar.
func (c calendar) cron() string {
	var words []string
	for i, f := range c.fields() {
		if i > 0 || !slices.Equal(*f, []int{0}) {
			words = append(words, joined(*f, "-", "%d"))
		}
	}
	return strings.Join(words, " ")
}

// joined writes values, with three and more that follow one another as a range.
func joined(values []int, between, format string) string {
	if values == nil {
		return "*"
	}
	var out []string
	for i := 0; i < len(values); {
		j := i
		for j+1 < len(values) && values[j+1] == values[j]+1 {
			j++
		}
		text := fmt.Sprintf(format, values[i])
		if j-i < 2 {
			j = i
		} else {
			text += between + fmt.Sprintf(format, values[j])
		}
		out = append(out, text)
		i = j + 1
	}
	return strings.Join(out, ",")
}

// onCalendar is what systemd's timers call it.
func (c calendar) onCalendar(zone string) string {
	text := fmt.Sprintf("*-%s-%s %s:%s:%s", joined(c.month, "..", "%02d"), joined(c.day, "..", "%02d"),
		joined(c.hour, "..", "%02d"), joined(c.minute, "..", "%02d"), joined(c.second, "..", "%02d"))
	if c.weekday != nil {
		var days []string
		for _, d := range c.weekday {
			name := strings.Fields(weekdayNames)[d]
			days = append(days, strings.ToUpper(name[:1])+name[1:])
		}
		text = strings.Join(days, ",") + " " + text
	}
	return strings.TrimSpace(text + " " + zone)
}

// fromCalendar reads OnCalendar=, and the time zone in it.
func fromCalendar(text string) (c calendar, zone string, ok bool) {
	words := strings.Fields(text)
	if len(words) == 1 {
		name := map[string]string{"minutely": "* * * * *"}[words[0]]
		if name == "" {
			name = "@" + words[0]
		}
		if words[0] == "weekly" { // systemd's week begins on Monday
			name = "0 0 * * 1"
		}
		if c, ok = calendarOf(name); ok {
			return c, "", true
		}
	}
	c = calendar{second: []int{0}, minute: []int{0}, hour: []int{0}}
	for i, w := range words {
		switch {
		case i == 0 && strings.ContainsAny(w[:1], "MTWFSmtwfs") && !strings.Contains(w, "/"):
			c.weekday, ok = fieldValues(strings.ToLower(w), fieldSpans[5], "..")
		case strings.Contains(w, ":"):
			ok = c.clock(strings.Split(w, ":"))
		case strings.Count(w, "-") == 2 && strings.HasPrefix(w, "*-"):
			ok = c.date(strings.Split(w, "-"))
		case i == len(words)-1 && i > 0 && (strings.Contains(w, "/") || w == "UTC"):
			zone, ok = w, true
		default:
			ok = false
		}
		if !ok {
			return c, "", false
		}
	}
	c.weekday = sundays(c.weekday)
	return c, zone, ok && (c.day == nil || c.weekday == nil)
}

func (c *calendar) clock(parts []string) (ok bool) {
	if len(parts) == 2 {
		parts = append(parts, "00")
	}
	for i, f := range []*[]int{&c.hour, &c.minute, &c.second} {
		if len(parts) != 3 {
			return false
		}
		if *f, ok = fieldValues(parts[i], fieldSpans[2-i], ".."); !ok {
			return false
		}
	}
	return true
}

func (c *calendar) date(parts []string) (ok bool) {
	if c.month, ok = fieldValues(parts[1], fieldSpans[4], ".."); !ok {
		return false
	}
	c.day, ok = fieldValues(parts[2], fieldSpans[3], "..")
	return ok
}
