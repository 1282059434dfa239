package cli

import (
	"bytes"
	"encoding/json"
	"strings"

	"kitt.sh/internal/logline"
)

// A loggedRecord is what a line says, beside what it is; docs/json.md promises it.
type loggedRecord struct {
	Level   string          `json:"level,omitempty"`
	Message string          `json:"message,omitempty"`
	Fields  json.RawMessage `json:"fields,omitempty"` // an object
}

// recordOf is nil for a line that says nothing but its text.
func recordOf(line []byte) *loggedRecord {
	r := logline.Parse(line)
	if r.Form == logline.Plain && r.Level == logline.None {
		return nil
	}
	return &loggedRecord{Level: r.Level.String(), Message: r.Message, Fields: r.Object()}
}

var levelColours = map[logline.Level]string{logline.Trace: dim, logline.Debug: dim, logline.Info: green, logline.Warn: yellow,
	logline.Error: red, logline.Fatal: bold + red}

// record shows a line that is a record in its parts: when, level, message, fields; what has lines of its own, a stack, below.
// A plain line that names its level has its colour, unless it brings colours. False: it is to be shown as it is.
func (p *logPrinter) record(l logLine, bar string) bool {
	r := logline.Parse(l.Text)
	colour := levelColours[r.Level]
	if r.Form == logline.Plain {
		if r.Level < logline.Warn || bytes.IndexByte(l.Text, 0x1b) >= 0 {
			return false
		}
		p.head(l.ID, bar)
		p.buf = append(p.buf, p.k.Paint.in(colour, clean(strings.TrimRight(string(l.Text), "\r\n")))+"\n"...)
		return true
	}
	var parts []string
	if r.Time != "" {
		parts = append(parts, p.k.Paint.in(dim, l.At.Local().Format("15:04:05.000")))
	}
	if r.Level != logline.None {
		parts = append(parts, p.k.Paint.in(colour, pad(strings.ToUpper(r.Level.String()), 5)))
	}
	message, below, _ := strings.Cut(r.Message, "\n")
	if message != "" {
		if r.Level < logline.Error {
			colour = bold
		}
		parts = append(parts, p.k.Paint.in(colour, clean(message)))
	}
	blocks := []string{below}
	for _, f := range r.Fields {
		text, block := fieldText(f)
		blocks = append(blocks, block)
		parts = append(parts, p.k.Paint.in(cyan, clean(f.Key)+"=")+text)
	}
	p.head(l.ID, bar)
	p.buf = append(p.buf, strings.Join(parts, " ")+"\n"...)
	p.blocks(l.ID, bar, blocks)
	return true
}

// blocks shows texts of several lines below a record.
func (p *logPrinter) blocks(id, bar string, blocks []string) {
	for _, block := range blocks {
		for line := range strings.Lines(block) {
			p.head(id, bar)
			p.buf = append(p.buf, "    "+clean(strings.TrimRight(line, "\r\n"))+"\n"...)
		}
	}
}

// fieldText is a value in one line, and what of it has lines of its own: the rest of a text, or the stack in an error.
func fieldText(f logline.Field) (text, block string) {
	text = f.Text()
	if first, rest, many := strings.Cut(text, "\n"); many && f.Value[0] == '"' {
		text, block = first, rest
	}
	if f.Value[0] == '{' {
		if stack, ok := logline.Parse(f.Value).Get("stack"); ok && strings.Contains(stack, "\n") {
			block = stack
		}
	}
	if f.Value[0] == '"' && (text == "" || strings.ContainsAny(text, " \t\"=")) {
		b, _ := json.Marshal(text) // a string can always be written
		text = string(b)
	}
	return clean(text), block
}
