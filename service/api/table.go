package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// TableView asks GET /v1/status for the table form: ?view=table.
const TableView = "table"

// The table form of a Status is one line a row, its columns parted by tabs: reading 500 rows takes
// a tenth of what JSON takes, and `kitt status` is asked for more than all else.
//
//	k  keeper's pid, daemon's pid, version, path of the build that replaced this one, what is wrong with the service
//	s  project, file, trouble as JSON or nothing, then why alerts do not arrive, a column each
//	i  id, project, phase, ready, pid, since (unix ms), generation, restarts, cpu, memory, reason, exit, its time, pm_id or nothing, port or nothing
//
// A row of w behind an i is what that one says of itself. Unknown letters and further columns are to be skipped. An exit is nothing, "c3", "sSIGKILL" or "?".

// AppendTable appends the table form of s to b.
func AppendTable(b []byte, s *Status) []byte {
	b = append(b, "k\t"...)
	b = append(strconv.AppendInt(b, int64(s.Keeper.PID), 10), '\t')
	b = append(strconv.AppendInt(b, int64(s.Daemon.PID), 10), '\t')
	b = append(appendText(b, s.Daemon.Version), '\t')
	b = append(appendText(b, s.Daemon.Replaced), '\t')
	b = append(appendText(b, s.Daemon.Service), '\n')
	for i := range s.Specs {
		b = appendSpec(b, &s.Specs[i])
	}
	for i := range s.Instances {
		b = appendInstance(b, &s.Instances[i])
		if says := s.Instances[i].Says; says != "" {
			b = append(appendText(append(b, "w\t"...), says), '\n')
		}
	}
	return b
}

func appendSpec(b []byte, s *Spec) []byte {
	b = append(appendText(append(b, "s\t"...), s.Project), '\t')
	b = append(appendText(b, s.File), '\t')
	if s.Error != nil {
		trouble, _ := json.Marshal(s.Error) // strings and numbers: cannot fail
		b = appendText(b, string(trouble))
	}
	for _, text := range s.Alerts {
		b = appendText(append(b, '\t'), text)
	}
	return append(b, '\n')
}

func appendInstance(b []byte, in *Instance) []byte {
	b = append(appendText(append(b, "i\t"...), in.ID), '\t')
	b = append(appendText(b, in.Project), '\t')
	b = append(appendText(b, in.Phase), '\t')
	b = append(strconv.AppendBool(b, in.Ready), '\t')
	b = append(strconv.AppendInt(b, int64(in.PID), 10), '\t')
	b = append(appendTime(b, in.Since), '\t')
	b = append(strconv.AppendUint(b, in.Generation, 10), '\t')
	b = append(strconv.AppendInt(b, int64(in.Restarts), 10), '\t')
	b = append(strconv.AppendFloat(b, in.CPU, 'g', -1, 64), '\t')
	b = append(strconv.AppendInt(b, in.Memory, 10), '\t')
	b = append(appendText(b, in.Reason), '\t')
	b = appendExit(b, in.Exit)
	if b = append(b, '\t'); in.Number != nil {
		b = strconv.AppendInt(b, int64(*in.Number), 10)
	}
	if b = append(b, '\t'); in.Port != 0 {
		b = strconv.AppendInt(b, int64(in.Port), 10)
	}
	return append(b, '\n')
}

func appendExit(b []byte, e *Exit) []byte {
	switch {
	case e == nil:
		return append(b, '\t')
	case e.Code != nil:
		b = strconv.AppendInt(append(b, 'c'), int64(*e.Code), 10)
	case e.Signal != "":
		b = appendText(append(b, 's'), e.Signal)
	default:
		b = append(b, '?')
	}
	return appendTime(append(b, '\t'), e.At)
}

func appendTime(b []byte, t Time) []byte {
	if t.IsZero() {
		return b
	}
	return strconv.AppendInt(b, t.UnixMilli(), 10)
}

// appendText keeps a column in its place: tabs and line breaks are written as \t and \n.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		switch c := s[i]; c {
		case '\t':
			b = append(b, `\t`...)
		case '\n':
			b = append(b, `\n`...)
		case '\\':
			b = append(b, `\\`...)
		default:
			b = append(b, c)
		}
	}
	return b
}

var unescape = strings.NewReplacer(`\t`, "\t", `\n`, "\n", `\\`, `\`)

func text(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	return unescape.Replace(s)
}

// ParseTable reads the table form. What the form does not hold stays zero: Process, N and Log.
func ParseTable(b []byte) (*Status, error) {
	s := &Status{Instances: make([]Instance, 0, bytes.Count(b, []byte("\ni\t")))}
	if len(b) > 0 && b[len(b)-1] != '\n' {
		return nil, errors.New("read table: it is torn")
	}
	var columns [16]string
	for line := range strings.Lines(string(b)) {
		if err := s.row(cut(columns[:0], strings.TrimSuffix(line, "\n"))); err != nil {
			return nil, fmt.Errorf("read table: %w", err)
		}
	}
	return s, nil
}

func cut(columns []string, line string) []string {
	for {
		column, rest, more := strings.Cut(line, "\t")
		columns = append(columns, column)
		if !more {
			return columns
		}
		line = rest
	}
}

func (s *Status) row(c []string) error {
	switch {
	case c[0] == "k" && len(c) > 3:
		var n numbers
		s.Keeper.PID, s.Daemon.PID, s.Daemon.Version = int(n.read(c[1])), int(n.read(c[2])), text(c[3])
		if len(c) > 4 {
			s.Daemon.Replaced = text(c[4])
		}
		if len(c) > 5 {
			s.Daemon.Service = text(c[5])
		}
		return n.err
	case c[0] == "s" && len(c) > 3:
		spec := Spec{Project: text(c[1]), File: text(c[2])}
		if c[3] != "" {
			spec.Error = &Trouble{}
			if err := json.Unmarshal([]byte(text(c[3])), spec.Error); err != nil {
				return err
			}
		}
		for _, alert := range c[4:] {
			spec.Alerts = append(spec.Alerts, text(alert))
		}
		s.Specs = append(s.Specs, spec)
	case c[0] == "i" && len(c) > 13:
		in, err := instance(c)
		s.Instances = append(s.Instances, in)
		return err
	case c[0] == "w" && len(c) > 1 && len(s.Instances) > 0:
		s.Instances[len(s.Instances)-1].Says = text(c[1])
	case len(c[0]) == 1 && strings.Contains("ksi", c[0]):
		return fmt.Errorf("row %q has %d columns", c[0], len(c))
	}
	return nil
}

func instance(c []string) (Instance, error) {
	var n numbers
	in := Instance{ID: text(c[1]), Project: text(c[2]), Phase: text(c[3]), Ready: c[4] == "true",
		PID: int(n.read(c[5])), Since: n.time(c[6]), Generation: uint64(n.read(c[7])), Restarts: int(n.read(c[8])),
		CPU: n.float(c[9]), Memory: n.read(c[10]), Reason: text(c[11])}
	if len(c) > 14 && c[14] != "" {
		number := int(n.read(c[14]))
		in.Number = &number
	}
	if len(c) > 15 && c[15] != "" {
		in.Port = int(n.read(c[15]))
	}
	if c[12] == "" {
		return in, n.err
	}
	in.Exit = &Exit{At: n.time(c[13])}
	switch c[12][0] {
	case 'c':
		code := int(n.read(c[12][1:]))
		in.Exit.Code = &code
	case 's':
		in.Exit.Signal = text(c[12][1:])
	}
	return in, n.err
}

// numbers reads columns and keeps the first error.
type numbers struct{ err error }

func (n *numbers) read(s string) int64 {
	v, err := strconv.ParseInt(s, 10, 64)
	n.keep(err)
	return v
}

func (n *numbers) float(s string) float64 {
	v, err := strconv.ParseFloat(s, 64)
	n.keep(err)
	return v
}

func (n *numbers) time(s string) Time {
	if s == "" {
		return Time{}
	}
	return Time{time.UnixMilli(n.read(s)).UTC()}
}

func (n *numbers) keep(err error) {
	if n.err == nil {
		n.err = err
	}
}
