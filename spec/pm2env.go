package spec

import (
	"slices"
	"strconv"
	"strings"
)

// environment is what the file put into its own, then env, then port, then what deploy says for the profile, then env_PROFILE.
func (a *app) environment() {
	a.p.Env = a.inherited()
	a.addEnv("env", a.words["env"].value)
	if n, ok := a.number("port"); ok && n > 0 {
		a.p.Env["PORT"] = strconv.Itoa(n)
		a.p.Origins["env.PORT"] = a.at("port")
	}
	if a.req.Profile != "" {
		a.addEnv("deploy", a.root.get("deploy").get(a.req.Profile).get("env"))
		word := "env_" + a.req.Profile
		a.addEnv(word, a.words[word].value)
	}
	a.p.InstanceVar = "NODE_APP_INSTANCE"
	if name := a.str("instance_var"); name != "" {
		a.p.InstanceVar = name
	}
	a.increment()
	a.filter()
}

// inherited is what the file itself put into process.env, as by dotenv: under pm2 the apps have it like the shell's.
func (a *app) inherited() map[string]string {
	env := map[string]string{}
	for name, value := range a.setenv {
		if m, ok := a.words["filter_env"]; !ok || !a.filtered(m.value, name) {
			env[name] = value
			a.p.Origins["env."+name] = Pos{File: a.file, Line: 1}
		}
	}
	a.p.Unset = append(a.p.Unset, a.unsetenv...)
	return env
}

func (a *app) addEnv(word string, env *node) {
	if env == nil || !truthy(env) {
		return
	}
	if env.kind != isObject {
		a.wrong(word, envHint, "expected an object, got %s", env.kind) // not what it is: a secret perhaps
		return
	}
	for _, m := range env.members {
		at := m.at
		if at.Line == 0 {
			at = a.at(word)
		}
		a.p.Origins["env."+m.key] = at
		switch m.value.kind {
		case isNull:
			a.differs(at, a.path+"."+word+"."+m.key, "", "null takes a variable away; pm2 would set it to the text \"null\"")
			delete(a.p.Env, m.key)
			a.p.Unset = append(a.p.Unset, m.key)
		case isList, isObject:
			a.p.Env[m.key] = m.value.json()
		default:
			a.p.Env[m.key] = m.value.text
		}
	}
}

// increment makes a variable count up from copy to copy.
func (a *app) increment() {
	name := a.str("increment_var")
	if name == "" {
		return
	}
	text, ok := a.p.Env[name]
	if !ok {
		text, ok = a.req.Env[name]
	}
	base, err := 0, error(nil)
	if ok {
		base, err = strconv.Atoi(text)
	}
	if err != nil {
		a.wrong("increment_var", "", "%s is not a number to count up from", name)
		return
	}
	delete(a.p.Env, name)
	a.p.Step = map[string]int{name: base}
}

// filter finds what is not handed down: with a list, names that contain one of its words; with text, that
// name; with true, all but what every program needs. In pm2 true has no effect.
func (a *app) filter() {
	m, ok := a.words["filter_env"]
	if ok {
		if m.value.kind == isNumber || m.value.kind == isObject {
			a.wrong("filter_env", "write filter_env: [\"SECRET\"]", "expected a list, text or true, got %s", m.value.shown())
		}
		for name := range a.req.Env {
			if a.filtered(m.value, name) {
				a.p.Unset = append(a.p.Unset, name)
			}
		}
		if m.value.kind == isBool && m.value.text == "true" {
			a.differs(a.at("filter_env"), a.path, "", "filter_env: true hands down PATH, HOME, USER and the like only; in pm2 it has no effect")
		}
	}
	slices.Sort(a.p.Unset)
	a.p.Unset = slices.DeleteFunc(slices.Compact(a.p.Unset), func(name string) bool { _, set := a.p.Env[name]; return set })
}

var needed = []string{"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TZ", "TMPDIR"}

func (a *app) filtered(rule *node, name string) bool {
	switch rule.kind {
	case isBool:
		return rule.text == "true" && !slices.Contains(needed, name)
	case isText:
		return rule.text == name
	case isList:
		return slices.ContainsFunc(rule.list, func(n *node) bool { return n.kind == isText && n.text != "" && strings.Contains(name, n.text) })
	}
	return false
}
