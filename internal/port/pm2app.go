package port

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// pm2Apps finds the list in what pm2 printed: a banner may stand before it.
func pm2Apps(text []byte) ([]pm2App, error) {
	var apps []pm2App
	found := false
	for len(text) > 0 && !found {
		if line := bytes.TrimLeft(text, " \t\r\n"); bytes.HasPrefix(line, []byte("[")) {
			d := json.NewDecoder(bytes.NewReader(line))
			d.UseNumber()
			if err := d.Decode(&apps); err == nil {
				found = true
			}
		}
		i := bytes.IndexByte(text, '\n')
		if i < 0 {
			break
		}
		text = text[i+1:]
	}
	if !found {
		return nil, errors.New("no list of pm2's processes in it")
	}
	return slices.DeleteFunc(apps, func(a pm2App) bool { return a == nil }), nil
}

// A pm2App is one instance: of jlist, where the fields lie in pm2_env, or of a dump.
type pm2App map[string]any

func (a pm2App) get(word string) any {
	if inner, ok := a["pm2_env"].(map[string]any); ok {
		if v, ok := inner[word]; ok {
			return v
		}
	}
	return a[word]
}

func (a pm2App) str(word string) string { return scalarText(a.get(word)) }

func (a pm2App) number(word string) (int, bool) {
	n, err := strconv.ParseFloat(a.str(word), 64)
	return int(n), err == nil && n >= 0 && n < 1<<40
}

func (a pm2App) yes(word string, or bool) bool {
	if b, ok := a.get(word).(bool); ok {
		return b
	}
	return or
}

func (a pm2App) list(word string) (out []string) {
	switch v := a.get(word).(type) {
	case []any:
		for _, x := range v {
			out = append(out, scalarText(x))
		}
	case string:
		out = strings.Fields(v)
	case json.Number:
		out = []string{v.String()}
	}
	return out
}

func (a pm2App) module() bool { return a.yes("pmx_module", false) }

func (a pm2App) id() int {
	n, ok := a.number("pm_id")
	if !ok {
		return -1
	}
	return n
}

// same tells whether two are instances of one app.
func (a pm2App) same(b pm2App) bool {
	for _, word := range []string{"name", "namespace", "pm_exec_path", "pm_cwd", "exec_interpreter"} {
		if a.str(word) != b.str(word) {
			return false
		}
	}
	return slices.Equal(a.list("args"), b.list("args")) && slices.Equal(a.list("node_args"), b.list("node_args"))
}

// pm2Groups brings the instances of each app together, in pm2's order of their numbers.
func pm2Groups(apps []pm2App) (out [][]pm2App) {
	apps = slices.Clone(apps)
	slices.SortStableFunc(apps, func(a, b pm2App) int { return a.id() - b.id() })
	for _, a := range apps {
		i := slices.IndexFunc(out, func(g []pm2App) bool { return g[0].same(a) })
		if i < 0 {
			out = append(out, []pm2App{a})
			continue
		}
		out[i] = append(out[i], a)
	}
	return out
}

// scalarText is a value as a variable of the environment would have it.
func scalarText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}
