package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"kitt.sh/spec"
)

// upMode says what the end of a process means to the others.
type upMode int

const (
	upFirst     upMode = iota // the first that fails, or that is to run for ever and ends, ends all
	upKeepGoing               // the others go on until all have ended
	upRestart                 // it is restarted as the spec says; one that gives up ends all
)

// upChoose picks the processes that the words of the command line mean: names, with what they depend on, and
// NAME=N for a number of instances; all=N sets that of those that no word names. Only numbers choose all.
func upChoose(s *spec.Spec, words []string) ([]spec.Process, error) {
	counts, named, called := map[string]int{}, map[string]bool{}, map[string]bool{}
	for _, word := range words {
		name, number, counted := strings.Cut(word, "=")
		if i := slices.IndexFunc(s.Processes, func(p spec.Process) bool { return p.Name == name }); i < 0 && !(counted && name == "all") {
			return nil, &trouble{text: fmt.Sprintf("up %s: no such process in %s", name, s.File), hint: "there are " + listed(upNames(s.Processes)), code: codeNoProcess}
		}
		if !counted {
			named[name], called[name] = true, true
			continue
		}
		n, err := strconv.Atoi(number)
		if err != nil || n < 0 || n > 1000 {
			return nil, usage(fmt.Sprintf("%q is not NAME=NUMBER", word), "for instance web=2, a number up to 1000")
		}
		counts[name] = n
	}
	upNeeds(s.Processes, named)
	var out []spec.Process
	total := 0
	for _, p := range s.Processes {
		n, counted := counts[p.Name]
		if all, ok := counts["all"]; ok && !counted && p.Fronts() == "" {
			n, counted = all, true
		}
		if len(named) > 0 && !named[p.Name] && !named[p.Fronts()] {
			if _, own := counts[p.Name]; !own {
				continue
			}
		}
		if counted {
			p.Instances = n
		}
		p.Held = p.Held && !called[p.Name] // autostart is off: it runs when it is called by name
		total += p.Instances
		out = append(out, p)
	}
	if total == 0 {
		return nil, usage("nothing to run: "+s.File+" has no process, or all are set to 0", "")
	}
	return out, nil
}

// upNeeds adds what the named depend on, and what that depends on.
func upNeeds(all []spec.Process, named map[string]bool) {
	for more := len(named) > 0; more; {
		more = false
		for _, p := range all {
			for need := range p.DependsOn {
				if named[p.Name] && !named[need] {
					named[need], more = true, true
				}
			}
		}
	}
}

func upNames(ps []spec.Process) (names []string) {
	for _, p := range ps {
		names = append(names, p.Name)
	}
	return names
}

// What is kept of the output of a stream: it is printed at once, and only a terminal that stands still is waited for.
const (
	upSegment  = 16 << 20
	upSegments = 8
)

// upBend makes processes ones of the foreground: nothing restarts unless that is asked for, all output comes through
// kitt, and no file is written that another kitt may write as well.
func upBend(ps []spec.Process, mode upMode) []spec.Process {
	out := slices.Clone(ps)
	for i := range out {
		p := &out[i]
		p.Log = spec.Log{MaxSize: upSegment, Keep: upSegments}
		if mode != upRestart {
			p.Restart.Policy = "never"
		}
	}
	return out
}

// upOrder is the order in which processes start: what one depends on comes before it, else as in the file.
func upOrder(ps []spec.Process) (out []upProcess) {
	done := map[string]bool{}
	byName := map[string]*spec.Process{}
	for i := range ps {
		byName[ps[i].Name] = &ps[i]
	}
	var add func(p *spec.Process)
	add = func(p *spec.Process) {
		if p == nil || done[p.Name] {
			return
		}
		done[p.Name] = true
		one := upProcess{name: p.Name}
		for need := range p.DependsOn {
			one.needs = append(one.needs, need)
		}
		slices.Sort(one.needs)
		for _, need := range one.needs {
			add(byName[need])
		}
		out = append(out, one)
	}
	for i := range ps {
		add(&ps[i])
	}
	return out
}

// upEnviron is the environment that processes in the foreground inherit: that of the caller, whose session they live
// in, but for what is the shell's own or another kitt's.
func upEnviron(environ []string) map[string]string {
	env := make(map[string]string, len(environ))
	for _, pair := range environ {
		name, value, ok := strings.Cut(pair, "=")
		switch {
		case !ok || name == "" || name == "_" || name == "PWD" || name == "OLDPWD" || name == "SHLVL" || name == "NOTIFY_SOCKET",
			strings.HasPrefix(name, "KITT_"), strings.HasPrefix(name, "LISTEN_"):
		default:
			env[name] = value
		}
	}
	return env
}
