package service

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A member is one instance, or with n 0 a process that has none, as far as a word can mean it.
type member struct {
	project, process, namespace string
	n                           int
	number                      int // pm_id; below 0: none yet
	deleted                     bool
}

// A hit is what a word means: a process, or with n above 0 one instance of it.
type hit struct {
	project, process string
	n                int
}

// address finds what a word means, near being the project that is looked into first. Pure. In this order it is
//
//	a name      web, web.1, shop/web, shop/web.1: in near, else in every project that has it
//	all         every process
//	/regexp/    the processes whose name it finds something in
//	a group     the processes of that namespace (of a pm2 file), or of that project
//	web*        the processes whose name the pattern fits, with * ? [a-z]; with a dot or a slash also web.*, shop/*, shop/web.*
//	a number    the instance of that pm_id
//
// All but names pass over what was deleted: only its name brings that back. No hit is a word that means nothing.
func address(word, near string, all []member) (hits []hit, err error) {
	if hits = byName(word, near, all); len(hits) > 0 {
		return hits, nil
	}
	mean := func(m member) bool { return m.namespace == word || m.project == word }
	switch pattern, ok := expression(word); {
	case word == "":
		return nil, nil
	case word == "all":
		mean = func(member) bool { return true }
	case ok:
		re, err := regexp.Compile(pattern)
		if err != nil {
			return nil, failure{2, fmt.Sprintf("find %s: %v", word, err), "a dot, a bracket or a star for itself is written \\. \\[ \\*"}
		}
		mean = func(m member) bool { return re.MatchString(m.process) }
	case strings.ContainsAny(word, "*?["):
		if _, err := path.Match(word, ""); err != nil {
			return nil, failure{2, fmt.Sprintf("find %s: no pattern", word), "a [ needs its ]; * stands for any text, ? for one letter"}
		}
		mean = func(m member) bool { return fits(word, m) }
	}
	if hits = matching(all, mean); len(hits) > 0 {
		return hits, nil
	}
	if number, err := strconv.Atoi(word); err == nil && number >= 0 {
		return matching(all, func(m member) bool { return m.number == number && m.n > 0 }), nil
	}
	return nil, nil
}

// fits tells whether a pattern fits a member's name, or that of its instance, in full or not.
func fits(pattern string, m member) bool {
	name := m.process
	if m.n > 0 {
		name += "." + strconv.Itoa(m.n)
	}
	for _, name := range []string{m.process, name, m.project + "/" + m.process, m.project + "/" + name} {
		if ok, _ := path.Match(pattern, name); ok {
			return true
		}
	}
	return false
}

// expression is what stands between two slashes.
func expression(word string) (string, bool) {
	inner, ok := strings.CutPrefix(word, "/")
	inner, closed := strings.CutSuffix(inner, "/")
	return inner, ok && closed && inner != ""
}

// byName finds the process or the instance of a name. A process's own name comes before an instance's.
func byName(word, near string, all []member) (hits []hit) {
	for from := 0; from < len(all); {
		project := all[from].project
		to := from
		for to < len(all) && all[to].project == project {
			to++
		}
		short, full := strings.CutPrefix(word, project+"/")
		if h, ok := inProject(short, all[from:to]); ok {
			if project == near && !full {
				return []hit{h}
			}
			hits = append(hits, h)
		}
		from = to
	}
	return hits
}

func inProject(short string, all []member) (h hit, ok bool) {
	for _, m := range all {
		if m.process == short {
			return hit{m.project, m.process, 0}, true
		}
		if m.n > 0 && short == m.process+"."+strconv.Itoa(m.n) {
			h, ok = hit{m.project, m.process, m.n}, true
		}
	}
	return h, ok
}

// matching lists what mean says yes to: as a process where that is all of it, else the instances.
func matching(all []member, mean func(member) bool) (hits []hit) {
	whole, meant := map[hit]int{}, map[hit]int{}
	for _, m := range all {
		whole[hit{m.project, m.process, 0}]++
		if !m.deleted && mean(m) {
			meant[hit{m.project, m.process, 0}]++
		}
	}
	for _, m := range all {
		process := hit{m.project, m.process, 0}
		h := hit{m.project, m.process, m.n}
		if m.deleted || !mean(m) {
			continue
		}
		if whole[process] == meant[process] {
			h = process
		}
		if !slices.Contains(hits, h) {
			hits = append(hits, h)
		}
	}
	return hits
}
