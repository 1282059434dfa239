package api

import (
	"encoding/json"
	"time"
)

// UnmarshalJSON reads durations as text too: people write "timeout": "30s".
func (o *Order) UnmarshalJSON(b []byte) error {
	type plain Order
	in := struct {
		*plain
		For     span `json:"for"`
		Timeout span `json:"timeout"`
	}{plain: (*plain)(o)}
	if err := json.Unmarshal(b, &in); err != nil {
		return err
	}
	o.For, o.Timeout = time.Duration(in.For), time.Duration(in.Timeout)
	return nil
}

// UnmarshalJSON reads its duration as text too.
func (l *Load) UnmarshalJSON(b []byte) error {
	type plain Load
	in := struct {
		*plain
		Timeout span `json:"timeout"`
	}{plain: (*plain)(l)}
	if err := json.Unmarshal(b, &in); err != nil {
		return err
	}
	l.Timeout = time.Duration(in.Timeout)
	return nil
}

// UnmarshalJSON reads its duration as text too.
func (r *Rollback) UnmarshalJSON(b []byte) error {
	type plain Rollback
	in := struct {
		*plain
		Timeout span `json:"timeout"`
	}{plain: (*plain)(r)}
	if err := json.Unmarshal(b, &in); err != nil {
		return err
	}
	r.Timeout = time.Duration(in.Timeout)
	return nil
}
