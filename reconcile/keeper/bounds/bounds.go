// Package bounds sets what a program may have before it begins: niceness and rlimits. What is to be bound so is started
// as `kitt internal exec BOUNDS PATH ARGV…`, which sets them upon itself and becomes the program: the same pid, and no
// moment in which the program runs without them.
package bounds

import (
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

var resources = map[string]int{"nofile": unix.RLIMIT_NOFILE, "nproc": unix.RLIMIT_NPROC, "core": unix.RLIMIT_CORE, "fsize": unix.RLIMIT_FSIZE,
	"data": unix.RLIMIT_DATA, "stack": unix.RLIMIT_STACK, "memlock": unix.RLIMIT_MEMLOCK, "as": unix.RLIMIT_AS, "cpu_time": unix.RLIMIT_CPU}

// Listens is the word among the bounds by which a program that is given sockets is told that they are for it: LISTEN_PID,
// which nobody knows before it is born.
const Listens = "listen"

// Text is the bounds as one word: "nice=5,nofile=1024:4096"; "" where there are none.
func Text(nice int, rlimits map[string]string) string {
	var out []string
	if nice != 0 {
		out = append(out, "nice="+strconv.Itoa(nice))
	}
	for _, name := range slices.Sorted(maps.Keys(rlimits)) {
		out = append(out, name+"="+rlimits[name])
	}
	return strings.Join(out, ",")
}

// Refused says why a process of this user, or of another if other, may not be bound so; nil if it may.
func Refused(nice int, rlimits map[string]string, other bool) error {
	if os.Geteuid() == 0 && !other {
		return nil
	}
	if nice < 0 {
		return fmt.Errorf("nice %d: only root may go below 0", nice)
	}
	for _, name := range slices.Sorted(maps.Keys(rlimits)) {
		var own syscall.Rlimit
		want, resource, err := parse(name, rlimits[name])
		if err == nil {
			err = syscall.Getrlimit(resource, &own)
		}
		if err != nil {
			return err
		}
		if want.Max > own.Max {
			return fmt.Errorf("limits.%s %s: kitt itself may have %s at most", name, rlimits[name], number(own.Max))
		}
	}
	return nil
}

func number(n uint64) string {
	if n >= unlimited {
		return "unlimited"
	}
	return strconv.FormatUint(n, 10)
}

// Set binds this process by a Text.
func Set(text string) error {
	var last []func() error // what leaves the least room for the rest
	for part := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(part, "=")
		if part == Listens {
			if err := os.Setenv("LISTEN_PID", strconv.Itoa(os.Getpid())); err != nil {
				return err
			}
			continue
		}
		if name == "nice" {
			n, err := strconv.Atoi(value)
			if err == nil {
				err = syscall.Setpriority(syscall.PRIO_PROCESS, 0, n)
			}
			if err != nil {
				return fmt.Errorf("nice %s: %w", value, err)
			}
			continue
		}
		limit, resource, err := parse(name, value)
		if err != nil {
			return err
		}
		last = append(last, func() error {
			if err := syscall.Setrlimit(resource, &limit); err != nil { // of syscall: it keeps exec from setting nofile back
				return fmt.Errorf("limits.%s %s: %w", name, value, err)
			}
			return nil
		})
	}
	for _, set := range last {
		if err := set(); err != nil {
			return err
		}
	}
	return nil
}

func parse(name, value string) (limit syscall.Rlimit, resource int, err error) {
	soft, hard, _ := strings.Cut(value, ":")
	resource, ok := resources[name]
	if !ok {
		return limit, 0, fmt.Errorf("limits.%s: no such limit", name)
	}
	if limit.Cur, err = parseOne(soft); err == nil {
		limit.Max, err = parseOne(hard)
	}
	if err != nil {
		return limit, 0, fmt.Errorf("limits.%s %s: %w", name, value, err)
	}
	return limit, resource, nil
}

// unlimited is above all numbers on Linux and macOS alike.
const unlimited = 1<<63 - 1

func parseOne(text string) (uint64, error) {
	if text == "unlimited" {
		return infinity, nil
	}
	return strconv.ParseUint(text, 10, 62)
}

// Main is `kitt internal exec`: args are the bounds, the program's path and its argv. It returns only if that cannot be.
func Main(args []string) int {
	if len(args) < 3 {
		fmt.Fprintln(os.Stderr, "kitt: exec: want bounds, a path and arguments")
		return 2
	}
	runtime.LockOSThread() // Linux keeps a niceness for each thread: the one that execs must be the one that was set
	err := Set(args[0])
	if err == nil {
		if err = syscall.Exec(args[1], args[2:], os.Environ()); err != nil {
			err = fmt.Errorf("exec %s: %w", args[1], err)
		}
	}
	fmt.Fprintln(os.Stderr, "kitt: "+err.Error())
	return 126
}
