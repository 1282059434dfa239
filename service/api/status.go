package api

import (
	"encoding/json"
	"strconv"
)

// AppendStatus appends s as JSON: what encoding/json makes of it, a tenth of the time (a test holds them equal).
func AppendStatus(b []byte, s *Status) []byte {
	b = strconv.AppendInt(append(b, `{"keeper":{"pid":`...), int64(s.Keeper.PID), 10)
	b = strconv.AppendInt(append(b, `},"daemon":{"pid":`...), int64(s.Daemon.PID), 10)
	b = appendString(append(b, `,"version":`...), s.Daemon.Version)
	if s.Daemon.Service != "" {
		b = appendString(append(b, `,"service":`...), s.Daemon.Service)
	}
	if s.Daemon.Replaced != "" {
		b = appendString(append(b, `,"replaced":`...), s.Daemon.Replaced)
	}
	b = append(b, `},"specs":`...)
	b = appendJSON(b, s.Specs)
	b = append(b, `,"instances":[`...)
	for i := range s.Instances {
		if i > 0 {
			b = append(b, ',')
		}
		b = s.Instances[i].append(b)
	}
	return append(b, `]}`...)
}

func (in *Instance) append(b []byte) []byte {
	b = appendString(append(b, `{"id":`...), in.ID)
	b = appendString(append(b, `,"project":`...), in.Project)
	b = appendString(append(b, `,"process":`...), in.Process)
	b = strconv.AppendInt(append(b, `,"n":`...), int64(in.N), 10)
	if in.Number != nil {
		b = strconv.AppendInt(append(b, `,"pm_id":`...), int64(*in.Number), 10)
	}
	b = appendString(append(b, `,"phase":`...), in.Phase)
	b = strconv.AppendBool(append(b, `,"ready":`...), in.Ready)
	b = strconv.AppendInt(append(b, `,"pid":`...), int64(in.PID), 10)
	b = in.Since.append(append(b, `,"since":`...))
	b = strconv.AppendUint(append(b, `,"generation":`...), in.Generation, 10)
	b = strconv.AppendInt(append(b, `,"restarts":`...), int64(in.Restarts), 10)
	b = append(b, `,"exit":`...)
	if in.Exit == nil {
		b = append(b, "null"...)
	} else {
		b = appendJSON(b, in.Exit)
	}
	b = appendString(append(b, `,"reason":`...), in.Reason)
	if in.Hint != "" {
		b = appendString(append(b, `,"hint":`...), in.Hint)
	}
	if in.Says != "" {
		b = appendString(append(b, `,"says":`...), in.Says)
	}
	b = strconv.AppendFloat(append(b, `,"cpu":`...), in.CPU, 'f', -1, 64)
	b = strconv.AppendInt(append(b, `,"memory":`...), in.Memory, 10)
	b = appendString(append(b, `,"log":{"out":`...), in.Log.Out)
	b = append(appendString(append(b, `,"err":`...), in.Log.Err), '}')
	if in.Adopted {
		b = append(b, `,"adopted":true`...)
	}
	if in.Port != 0 {
		b = strconv.AppendInt(append(b, `,"port":`...), int64(in.Port), 10)
	}
	return append(b, '}')
}

// appendString appends s as a JSON string; plain ASCII, nearly all there is, without a detour.
func appendString(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return appendJSON(b, s)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// appendJSON appends what encoding/json makes of v, which must be of plain types.
func appendJSON(b []byte, v any) []byte {
	j, err := json.Marshal(v)
	if err != nil {
		panic("api: marshal: " + err.Error())
	}
	return append(b, j...)
}
