package keeper

import (
	"hash/fnv"
	"strings"
	"syscall"
	"time"
)

const hexDigits = "0123456789abcdef"

// hex8 is %08x: fmt alone would cost the keeper more memory than twenty lives.
func hex8(v uint32) string {
	var b [8]byte
	for i := range b {
		b[i] = hexDigits[v>>(28-4*i)&15]
	}
	return string(b[:])
}

// pad20 is %020d.
func pad20(v int64) string {
	var b [20]byte
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = byte('0' + v%10)
		v /= 10
	}
	return string(b[:])
}

func plain(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-'
}

// escape %-encodes every byte of s but letters, digits, `._-` and those in also; an empty s stays empty.
func escape(s, also string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if c := s[i]; plain(c) || strings.IndexByte(also, c) >= 0 {
			b.WriteByte(c)
		} else {
			b.WriteByte('%')
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&15])
		}
	}
	return b.String()
}

func unescape(s string) (string, bool) {
	if strings.IndexByte(s, '%') < 0 {
		return s, true
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", false
		}
		hi, lo := strings.IndexByte(hexDigits, s[i+1]), strings.IndexByte(hexDigits, s[i+2])
		if hi < 0 || lo < 0 {
			return "", false
		}
		b.WriteByte(byte(hi<<4 | lo))
		i += 2
	}
	return b.String(), true
}

// fileName is the name of a life as one file name of at most 200 bytes.
func fileName(life string) string {
	s := escape(life, "")
	if len(s) <= 196 && !strings.HasPrefix(s, ".") {
		return s
	}
	h := fnv.New64a()
	h.Write([]byte(life))
	v := h.Sum64()
	return "_" + s[:min(len(s), 170)] + "~" + hex8(uint32(v>>32)) + hex8(uint32(v))
}

// sane says whether a FIFO's name from a record stays inside its folder.
func sane(name string) bool {
	return name != "" && name[0] != '.' && strings.IndexByte(name, '/') < 0 && strings.IndexByte(name, 0) < 0
}

func alive(lives []*life) (out []*life) {
	for _, l := range lives {
		if !l.gone {
			out = append(out, l)
		}
	}
	return out
}

// why is the text of a refusal: `verb noun: cause`.
func refuse(stage, noun string, err error) *Error {
	e := &Error{Stage: stage, Text: stage}
	if noun != "" {
		e.Text += " " + noun
	}
	if no, ok := err.(syscall.Errno); ok {
		e.Errno = no
	}
	e.Text += ": " + err.Error()
	return e
}

func timeAt(ns int64) time.Time { return time.Unix(0, ns) }
