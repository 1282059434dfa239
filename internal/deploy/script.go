// Package deploy brings a repository to hosts, as the deploy section of a pm2 file says: over the system's ssh and git.
//
// On a host, path/source is the clone, path/current a link to it, path/shared what outlives deploys, and path/.deploys
// the log of them: a short commit a line, the newest last. What is run there is one script for /bin/sh, decided by the
// pure functions of this file; it goes in by stdin, so that no value stands in anybody's ps.
package deploy

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"kitt.sh/spec"
)

// A Job is what is to be done on each host: the script, and what is done here before it.
type Job struct {
	Words  string // how it is told: update, revert 1
	Script string // for /bin/sh on the host
	Local  string // a line for the shell here, before it; empty for none
	Checks bool   // what is not committed or pushed here would be left out: refuse
}

// Plan makes a job of what was asked: setup, update (also for no words), revert N, exec CMD, list, curr, prev, or a ref to
// update to. The error is a misuse.
func Plan(d spec.Deploy, words []string) (Job, error) {
	verb, rest := "update", []string(nil)
	if len(words) > 0 {
		verb, rest = words[0], words[1:]
	}
	head, err := prelude(d)
	if err != nil {
		return Job{}, err
	}
	job := Job{Words: strings.TrimSpace(verb + " " + strings.Join(rest, " "))}
	most := map[string]int{"revert": 1, "exec": len(rest), "run": len(rest)}[verb]
	if len(rest) > most {
		return job, fmt.Errorf("too many words after %s: %s", verb, strings.Join(rest, " "))
	}
	body := ""
	switch verb {
	case "setup":
		body, err = setup(d)
	case "update", "deploy":
		body, err = update(d, d.Ref)
		job.Local, job.Checks = d.PreDeployLocal, true
	case "revert":
		body, err = revert(d, rest)
	case "exec", "run":
		body, err = execute(rest)
	case "list", "ls":
		body = list
	case "curr", "current":
		body = curr
	case "prev", "previous":
		body = prev
	default:
		body, err = update(d, verb)
		job.Local = d.PreDeployLocal
	}
	// The whole is a function, so that the shell has read all of it before anything else could read from its stdin.
	job.Script = "kitt_deploy() {\nset -eu\n" + head + body + "}\nkitt_deploy </dev/null\nexit\n"
	return job, err
}

var variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// prelude sets what every script uses: kitt_path, the folder; SHARED and the variables of the section for the hooks.
func prelude(d spec.Deploy) (string, error) {
	if strings.ContainsRune(d.Path+d.Ref+d.Repo+d.PreDeploy+d.PostDeploy+d.PreSetup+d.PostSetup, 0) {
		return "", fmt.Errorf("a NUL byte in its values")
	}
	var b strings.Builder
	b.WriteString("die() { echo \"$*\" >&2; exit 1; }\n")
	b.WriteString("hook() { echo \"--> $1\" >&2; \"${SHELL:-/bin/sh}\" -c \"$2\" || die \"$1 failed: exit status $?\"; }\n")
	for _, name := range slices.Sorted(maps.Keys(d.Env)) {
		if !variable.MatchString(name) || strings.ContainsRune(d.Env[name], 0) {
			return "", fmt.Errorf("env %q cannot be set by a shell", name)
		}
		fmt.Fprintf(&b, "%s=%s; export %s\n", name, quote(d.Env[name]), name)
	}
	// After the variables of the section, which may have any name.
	fmt.Fprintf(&b, "kitt_path=%s\ncase $kitt_path in /*) ;; *) kitt_path=$PWD/$kitt_path ;; esac\n", remotePath(d.Path))
	b.WriteString("SHARED=$kitt_path/shared; export SHARED\n")
	return b.String(), nil
}

// quote makes one word of the shell's, whatever is in it.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// remotePath is a path of the host: a leading ~ is the home there.
func remotePath(path string) string {
	switch {
	case path == "~":
		return `"$HOME"`
	case strings.HasPrefix(path, "~/"):
		return `"$HOME"` + quote(path[1:])
	case strings.HasPrefix(path, "-"):
		return quote("./" + path)
	}
	return quote(path)
}

func hook(name, line string) string {
	if strings.TrimSpace(line) == "" {
		return ""
	}
	return "hook " + name + " " + quote(line) + "\n"
}

func setup(d spec.Deploy) (string, error) {
	ref, err := quotedRef(d.Ref)
	if err != nil {
		return "", err
	}
	depth := ""
	if d.Fast {
		depth = "--depth=5 --no-single-branch "
	}
	return `[ ! -e "$kitt_path/source/.git" ] || die "$kitt_path/source is there already: it is set up"
mkdir -p "$kitt_path/shared/logs" "$kitt_path/shared/pids"
` + hook("pre-setup", d.PreSetup) + "git clone " + depth + "-- " + quote(d.Repo) + ` "$kitt_path/source"
cd "$kitt_path/source"
git reset -q --hard ` + ref + ` --
ln -sfn "$kitt_path/source" "$kitt_path/current"
` + hook("post-setup", d.PostSetup), nil
}

// quotedRef keeps a ref from being taken for an option.
func quotedRef(ref string) (string, error) {
	if ref == "" || strings.HasPrefix(ref, "-") || strings.ContainsAny(ref, "\x00\n ") {
		return "", fmt.Errorf("%q is no ref of git's", ref)
	}
	return quote(ref), nil
}

func update(d spec.Deploy, ref string) (string, error) {
	quoted, err := quotedRef(ref)
	return toCommit(d, "kitt_ref="+quoted+"\n"), err
}

// toCommit brings the clone to "$kitt_ref", which the script has set in pick.
func toCommit(d spec.Deploy, pick string) string {
	depth := ""
	if d.Fast {
		depth = " --depth=5"
	}
	return isSetUp + pick + `cd "$kitt_path/source"
` + hook("pre-deploy", d.PreDeploy) + "git fetch -q --all --tags --force" + depth + `
git reset -q --hard "$kitt_ref" --
ln -sfn "$kitt_path/source" "$kitt_path/current"
` + hook("post-deploy", d.PostDeploy) + `git rev-parse --short HEAD >>"$kitt_path/.deploys"
echo "at $(git log -n 1 --format='%h %s')" >&2
`
}

const isSetUp = `[ -e "$kitt_path/source/.git" ] || die "$kitt_path/source is no clone: it is not set up"
`

const hasLog = `[ -s "$kitt_path/.deploys" ] || die "nothing was deployed to $kitt_path yet"
`

func revert(d spec.Deploy, words []string) (string, error) {
	n := 1
	if len(words) > 0 {
		var err error
		if n, err = strconv.Atoi(words[0]); err != nil || n < 1 || n > 1_000_000 {
			return "", fmt.Errorf("revert %s: not a number of deploys to go back", words[0])
		}
	}
	back := strconv.Itoa(n)
	return toCommit(d, hasLog+`kitt_all=$(wc -l <"$kitt_path/.deploys")
[ "$kitt_all" -gt `+back+` ] || die "there are only" $kitt_all "deploys"
kitt_ref=$(tail -n `+strconv.Itoa(n+1)+` "$kitt_path/.deploys" | head -n 1)
`), nil
}

func execute(words []string) (string, error) {
	line := strings.Join(words, " ")
	if strings.TrimSpace(line) == "" {
		return "", fmt.Errorf("exec what?")
	}
	if strings.ContainsRune(line, 0) {
		return "", fmt.Errorf("a NUL byte in the command")
	}
	return isSetUp + "cd \"$kitt_path/current\"\n\"${SHELL:-/bin/sh}\" -c " + quote(line) + "\n", nil
}

const (
	// The number before each deploy is the N that revert takes.
	list = hasLog + `awk '{ line[NR] = $0 } END { for (i = NR; i > 0; i--) printf "%d\t%s\n", NR - i, line[i] }' "$kitt_path/.deploys"
`
	curr = hasLog + `tail -n 1 "$kitt_path/.deploys"
`
	prev = hasLog + `[ "$(wc -l <"$kitt_path/.deploys")" -gt 1 ] || die "there is only one deploy"
tail -n 2 "$kitt_path/.deploys" | head -n 1
`
)
