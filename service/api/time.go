package api

import (
	"encoding/json"
	"fmt"
	"time"
)

const timeForm = "2006-01-02T15:04:05.000Z"

// MarshalJSON writes RFC 3339 with milliseconds in UTC, or null for the zero time.
func (t Time) MarshalJSON() ([]byte, error) { return t.append(nil), nil }

func (t Time) append(b []byte) []byte {
	if t.IsZero() {
		return append(b, "null"...)
	}
	b = append(b, '"')
	b = t.UTC().AppendFormat(b, timeForm)
	return append(b, '"')
}

// UnmarshalJSON reads RFC 3339, or null.
func (t *Time) UnmarshalJSON(b []byte) error {
	var s *string
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("read time: %w", err)
	}
	t.Time = time.Time{}
	if s == nil {
		return nil
	}
	at, err := time.Parse(time.RFC3339Nano, *s)
	if err != nil {
		return fmt.Errorf("read time: %w", err)
	}
	t.Time = at
	return nil
}
