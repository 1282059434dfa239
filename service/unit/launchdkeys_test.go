package unit

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
)

// A shape is what launchd.plist(5) wants a key's value to be.
type shape struct {
	name string
	fits func(any) bool
}

func is[T any](v any) bool { _, ok := v.(T); return ok }

func every(fits func(any) bool) func(any) bool {
	return func(v any) bool {
		list, ok := v.([]any)
		return ok && len(list) > 0 && !slices.ContainsFunc(list, func(e any) bool { return !fits(e) })
	}
}

func dictOf(fits func(string, any) bool) func(any) bool {
	return func(v any) bool {
		d, ok := v.(map[string]any)
		for k, e := range d {
			ok = ok && fits(k, e)
		}
		return ok
	}
}

func wordOf(known ...string) func(any) bool {
	return func(v any) bool { s, ok := v.(string); return ok && slices.Contains(known, s) }
}

func absolute(v any) bool { s, ok := v.(string); return ok && path.IsAbs(s) }

var (
	aText   = shape{"a string", is[string]}
	aPath   = shape{"an absolute path", absolute}
	aNumber = shape{"a whole number from 0", is[uint64]}
	aFlag   = shape{"true or false", is[bool]}
	aDict   = shape{"a dict", is[map[string]any]}
	texts   = shape{"strings", every(is[string])}
	words   = shape{"strings by name", dictOf(func(_ string, v any) bool { return is[string](v) })}
	session = func(v any) bool {
		one := wordOf("Aqua", "LoginWindow", "Background", "StandardIO", "System")
		return one(v) || every(one)(v)
	}
	resources = []string{"Core", "CPU", "Data", "FileSize", "MemoryLock", "NumberOfFiles", "NumberOfProcesses", "ResidentSetSize", "Stack"}
	limits    = shape{"numbers by resource", dictOf(func(k string, v any) bool { return slices.Contains(resources, k) && is[uint64](v) })}
	alive     = map[string]func(any) bool{"SuccessfulExit": is[bool], "Crashed": is[bool], "AfterInitialDemand": is[bool],
		"PathState": is[map[string]any], "OtherJobEnabled": is[map[string]any]}
	keepAlive = shape{"true, false or conditions", func(v any) bool {
		return is[bool](v) || dictOf(func(k string, v any) bool { return alive[k] != nil && alive[k](v) })(v)
	}}
)

// launchdKeys are the keys of launchd.plist(5) and what each wants to be. Those that the manual calls obsolete or without effect
// are left out on purpose: kitt must not use them.
var launchdKeys = map[string]shape{
	"Label": aText, "Program": aPath, "ProgramArguments": texts, "BundleProgram": aText, "AssociatedBundleIdentifiers": {"a string or strings", func(v any) bool { return is[string](v) || every(is[string])(v) }},
	"UserName": aText, "GroupName": aText, "InitGroups": aFlag, "RootDirectory": aPath, "WorkingDirectory": aPath, "Umask": {"a number or a string", func(v any) bool { return is[uint64](v) || is[string](v) }},
	"EnvironmentVariables": words, "LimitLoadToSessionType": {"a session type or several", session}, "LimitLoadToHardware": aDict, "LimitLoadFromHardware": aDict,
	"RunAtLoad": aFlag, "KeepAlive": keepAlive, "LaunchOnlyOnce": aFlag, "StartInterval": aNumber, "StartCalendarInterval": {"a dict or several", func(v any) bool { return is[map[string]any](v) || every(is[map[string]any])(v) }},
	"StartOnMount": aFlag, "WatchPaths": texts, "QueueDirectories": texts, "LaunchEvents": aDict, "MachServices": aDict, "Sockets": aDict, "inetdCompatibility": aDict,
	"StandardInPath": aPath, "StandardOutPath": aPath, "StandardErrorPath": aPath, "Debug": aFlag, "WaitForDebugger": aFlag,
	"ThrottleInterval": aNumber, "ExitTimeOut": aNumber, "TimeOut": aNumber, "EnableTransactions": aFlag, "EnablePressuredExit": aFlag, "AbandonProcessGroup": aFlag,
	"ProcessType": {"Background, Standard, Adaptive or Interactive", wordOf("Background", "Standard", "Adaptive", "Interactive")},
	"Nice":        {"a number", func(v any) bool { return is[uint64](v) || is[int64](v) }}, "LowPriorityIO": aFlag, "LowPriorityBackgroundIO": aFlag, "LegacyTimers": aFlag,
	"MaterializeDatalessFiles": aFlag, "SoftResourceLimits": limits, "HardResourceLimits": limits, "SessionCreate": aFlag, "Disabled": aFlag,
}

// strangers says what in a parsed property list launchd does not know, or wants to be something else.
func strangers(p map[string]any) []string {
	var list []string
	for key, v := range p {
		s, known := launchdKeys[key]
		switch {
		case !known:
			list = append(list, "launchd knows no "+key)
		case !s.fits(v):
			list = append(list, fmt.Sprintf("%s is %#v (%T), launchd wants %s", key, v, v, s.name))
		}
	}
	slices.Sort(list)
	return list
}

// harmful are keys that launchd knows and that would undo what kitt promises.
var harmful = []string{"Disabled", "LaunchOnlyOnce", "SessionCreate", "EnableTransactions", "EnablePressuredExit", "StartInterval", "Program", "RootDirectory"}

func TestEveryKeyIsOneThatLaunchdKnowsAndOfItsType(t *testing.T) {
	for _, c := range specs {
		t.Run(c.name, func(t *testing.T) {
			got := parse(t, Plist(c.spec))
			for _, complaint := range strangers(got) {
				t.Error(complaint)
			}
			for _, must := range []string{"Label", "ProgramArguments", "RunAtLoad", "KeepAlive", "AbandonProcessGroup", "ThrottleInterval", "ExitTimeOut", "ProcessType"} {
				if got[must] == nil {
					t.Errorf("no %s", must)
				}
			}
			for _, key := range harmful {
				if got[key] != nil {
					t.Errorf("%s has no place there", key)
				}
			}
		})
	}
}

func TestWhatLaunchdWouldNotTakeIsFound(t *testing.T) {
	for _, c := range []struct{ name, from, to, want string }{
		{"a key that is misspelt", "<key>ExitTimeOut<", "<key>ExitTimeout<", "no ExitTimeout"},
		{"a number as a string", "<integer>5</integer>", "<string>5</string>", "ThrottleInterval"},
		{"a number below 0", "<integer>60<", "<integer>-60<", "ExitTimeOut"},
		{"a flag as a string", "<key>RunAtLoad</key>\n\t<true/>", "<key>RunAtLoad</key>\n\t<string>yes</string>", "RunAtLoad"},
		{"a condition that there is none of", "SuccessfulExit", "Successful", "KeepAlive"},
		{"a process type that there is none of", "Interactive", "Server", "ProcessType"},
		{"a session that there is none of", "Aqua", "Screen", "LimitLoadToSessionType"},
		{"a limit that there is none of", "NumberOfFiles", "Files", "SoftResourceLimits"},
		{"a relative path", "<string>/Users/me/Library", "<string>Library", "StandardOutPath"},
	} {
		t.Run(c.name, func(t *testing.T) {
			bent := strings.Replace(Plist(agent()), c.from, c.to, 1)
			if got := strings.Join(strangers(parse(t, bent)), "; "); !strings.Contains(got, c.want) {
				t.Errorf("got %q", got)
			}
		})
	}
}
