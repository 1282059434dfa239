package cli

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// What one answer holds at most: an agent reads all of it.
const (
	pageItems = 100
	pageBytes = 48 << 10
)

// lines are the JSON lines of an output; what is none is left out.
func lines(out []byte) (list []json.RawMessage) {
	for line := range bytes.Lines(out) {
		if line = bytes.TrimSpace(line); json.Valid(line) {
			list = append(list, line)
		}
	}
	return list
}

// paged cuts the page at a cursor out of a list. A list that became shorter meanwhile ends there.
func paged(list []json.RawMessage, cursor, failed string, code int) page {
	at, err := strconv.Atoi(cursor)
	if cursor != "" && (err != nil || at < 0) {
		return page{Error: "cursor " + strconv.Quote(cursor) + ": not one of kitt's", Exit: codeUsage}
	}
	p := page{Items: []json.RawMessage{}, Total: len(list), Error: failed, Exit: code}
	size := 0
	for _, item := range list[min(at, len(list)):] {
		if size += len(item); len(p.Items) > 0 && (len(p.Items) == pageItems || size > pageBytes) {
			p.Next = strconv.Itoa(at)
			break
		}
		if len(item) > pageBytes {
			item, _ = json.Marshal(map[string]any{"cut": true, "bytes": len(item)})
		}
		p.Items = append(p.Items, item)
		at++
	}
	return p
}
