package jseval

import (
	"errors"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"modernc.org/quickjs"
)

// fail ends the evaluation with what the file did wrong, unless it has ended already. required is the file
// that was being required when it happened.
func (e *evaluation) fail(message, stack, required string) {
	if e.done {
		return
	}
	e.done = true
	err := &Error{Config: e.File, File: e.File, Message: message, Stack: stack}
	switch {
	case e.late.Load() || strings.Contains(message, "interrupted"), strings.Contains(message, "aborted draining"):
		e.out.Error = tooLong(e.File)
		return
	case strings.Contains(message, "out of memory"):
		err.Message, err.Hint = "used more than 128 MB", "a config file exports a few objects; look for a list that grows without end"
	case strings.Contains(message, "stack overflow"):
		err.Message, err.Hint = "recursion without end: stack overflow", "look for a function that calls itself"
	case strings.Contains(message, "Error: fs.") && strings.Contains(message, "is not available"):
		err.Hint = "a config file only reads; kitt makes the folders of logs by itself"
	case strings.Contains(message, "Cannot find module"):
		err.Hint = "relative names count from the folder of the file that requires them"
	}
	if needs := needsNode(message); needs != "" && e.out.Needs == "" {
		e.out.Needs = needs
	}
	err.File, err.Line, err.Col = e.where(stack, required)
	e.out.Error = err
}

func stackOf(err error) string {
	var js *quickjs.Error
	if errors.As(err, &js) {
		return js.Stack
	}
	return ""
}

var frame = regexp.MustCompile(`(?m)at (?:.* \()?([^()\n]*?):(\d+):(\d+)\)?$`)

// where finds the first place of the stack that lies in a file of the user's. The engine calls the file
// itself <eval>, and required ones <input>.
func (e *evaluation) where(stack, required string) (file string, line, col int) {
	for _, m := range frame.FindAllStringSubmatch(stack, -1) {
		file, line, col = strings.TrimSpace(m[1]), number(m[2]), number(m[3])
		prefix := 0
		switch {
		case strings.HasPrefix(file, "kitt:"):
			continue
		case file == "<input>" && required == "":
			continue
		case file == "<input>":
			file, prefix = required, len("(function"+wrap)
		case file == "<eval>" && isJSON(e.File):
			file, prefix = e.File, len(jsonPrefix)
		case file == "<eval>":
			file, prefix = e.File, len(mainPrefix)
		case filepath.IsAbs(file):
			prefix = len(metaOf(file))
		default:
			continue
		}
		if line == 1 {
			col = max(1, col-prefix)
		}
		return file, line, col
	}
	return e.File, 0, 0
}

func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}
