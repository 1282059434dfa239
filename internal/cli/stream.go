package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"

	"kitt.sh/service/api"
)

// A stream prints the lines of one answer as they come.
type stream struct {
	k       *Kitt
	fields  bool // print what changes, field by field
	actions int
	idWidth int
	pending []api.Pending // of the last progress
	bar     progress
}

// print shows every line and returns the code of the last one as an error that was told.
// what names the work for somebody who leaves it with Ctrl-C.
func (s *stream) print(ctx context.Context, what string, lines iter.Seq2[api.Line, error]) error {
	defer s.bar.clear()
	s.bar = progress{k: s.k, down: what == "stop" || what == "delete" || what == "down"}
	for line, err := range lines {
		switch {
		case err != nil && ctx.Err() != nil:
			s.bar.clear()
			return &trouble{text: what + " goes on without you", hint: "kitt status tells how far it is", code: codeStopped, err: ctx.Err()}
		case err != nil:
			return err
		case s.k.Output == "json":
			if err := s.json(line); err != nil {
				return err
			}
		default:
			s.line(line)
		}
		if line.Type == "done" {
			return told(line.Code)
		}
	}
	return errors.New("read answer: it has no end")
}

func (s *stream) json(line api.Line) error {
	b, err := json.Marshal(line)
	if err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	_, err = s.k.Out.Write(append(api.Harmless(b), '\n'))
	return err
}

func (s *stream) line(line api.Line) {
	switch line.Type {
	case "action":
		s.actions++
		if !s.k.Quiet {
			s.bar.clear()
			s.action(line)
			s.bar.again()
		}
	case "note":
		s.bar.clear()
		if line.Text != "" {
			s.k.note("%s", line.Text)
		}
		if !s.k.Quiet {
			s.k.hint(line.Hint)
		}
	case "progress":
		s.pending = line.Pending
		s.bar.show(line)
	case "done":
		s.bar.clear()
		s.done(line)
	}
}

// action is one line: its mark, its verb, whom, why.
//
//	~ replace api.1   env PORT changed
func (s *stream) action(line api.Line) {
	id := clean(line.ID)
	s.idWidth = max(s.idWidth, wide(id))
	mark := verbMarks[line.Verb]
	if mark.mark == "" {
		mark.mark = "·"
	}
	row := mark.mark + " " + pad(clean(line.Verb), 7) + " " + pad(id, s.idWidth)
	fmt.Fprintln(s.k.Out, strings.TrimRight(s.k.Paint.in(mark.colour, row)+"   "+clean(line.Reason), " "))
	if !s.fields && !s.k.Verbose {
		return
	}
	for _, c := range line.Changes {
		fmt.Fprintln(s.k.Out, "    "+s.change(c))
	}
}

func (s *stream) change(c api.Change) string {
	text := clean(c.Field)
	switch {
	case c.From != "" && c.To != "":
		text += ": " + clean(c.From) + " -> " + clean(c.To)
	case c.To != "":
		text += ": " + clean(c.To)
	case c.From != "":
		text += ": no longer " + clean(c.From)
	}
	tag := s.k.Paint.in(yellow, "(replace)")
	if c.Live {
		tag = s.k.Paint.in(cyan, "(live)")
	}
	return text + "  " + tag
}

// done says how it ended. After a failure it lists what is not up, and why.
func (s *stream) done(line api.Line) {
	if line.Code == 0 {
		if line.Text != "" && !s.k.Quiet {
			fmt.Fprintln(s.k.Out, indentLines(line.Text))
		}
		if !s.k.Quiet {
			s.k.hint(line.Hint)
		}
		return
	}
	if len(line.Pending) > 0 {
		s.pending = line.Pending
	}
	text := line.Text
	if line.Code == codeNotReady && len(s.pending) > 0 {
		s.listPending()
		text, _, _ = strings.Cut(text, "\n") // the rest is the same list
	}
	s.k.say(text, line.Hint)
}

// mostPending is how many instances that are not up are listed; a hundred of them have one cause.
const mostPending = 20

func (s *stream) listPending() {
	ids, phases := 0, 0
	for _, p := range s.pending {
		ids, phases = max(ids, wide(clean(p.ID))), max(phases, len(p.Phase))
	}
	for i, p := range s.pending {
		if i == mostPending {
			fmt.Fprintf(s.k.Err, "… and %d more\n", len(s.pending)-i)
			return
		}
		row := pad(clean(p.ID), ids) + "  " + s.k.Talk.in(phaseColours[p.Phase], pad(clean(p.Phase), phases)) + "  " + clean(p.Reason)
		fmt.Fprintln(s.k.Err, strings.TrimRight(row, " "))
	}
}
