package keeper

import (
	"syscall"
	"time"
)

// Tags of fields. One number, one meaning, in every frame.
const (
	tLife uint16 = iota + 1
	tArg
	tPath
	tEnv
	tCwd
	tUmask
	tUID
	tGID
	tGroup
	tSetUser
	tKillMode
	tLogDir
	tLogMax
	tLogKeep
	tMeta
	tPID
	tState
	tStarted
	tDeadline
	tAdopted
	tHow
	tCode
	tSig
	tCore
	tAt
	tEscaped
	tCgroup
	tKind
	tText
	tStage
	tErrno
	tWhy
	tGrace
	tAfter
	tScope
	tOut
	tErr
	tMin
	tMax
	tRole
	tEpoch
	tVersion
	tStop
	tFDs
	tHandover
	tService
	tPause
	tLogDrop
	tLogStamps
	tChannel
	tStdin
	tUnborn
	tListen
	tOwner
	tMode
	tMore
	tSockets
	tSecond
	tSecondAfter
)

// Codes of a refusal that callers branch on.
const (
	whyFenced  = 1
	whyUnknown = 2
)

func putTime(b []byte, tag uint16, t time.Time) []byte {
	if t.IsZero() {
		return b
	}
	return putInt(b, tag, t.UnixNano())
}

func getTime(v []byte) time.Time {
	if n := getInt(v); n != 0 {
		return time.Unix(0, n)
	}
	return time.Time{}
}

func getBool(v []byte) bool { return getInt(v) != 0 }

func putBool(b []byte, tag uint16, v bool) []byte {
	if !v {
		return b
	}
	return putInt(b, tag, 1)
}

func putLog(b []byte, l Log) []byte {
	b = putString(b, tLogDir, l.Dir)
	b = putInt(b, tLogMax, l.MaxSize)
	b = putInt(b, tLogKeep, int64(l.Keep))
	b = putBool(b, tLogDrop, l.Drop)
	return putBool(b, tLogStamps, l.Stamps)
}

func (l *Log) field(tag uint16, v []byte) {
	switch tag {
	case tLogDir:
		l.Dir = string(v)
	case tLogMax:
		l.MaxSize = getInt(v)
	case tLogKeep:
		l.Keep = int(getInt(v))
	case tLogDrop:
		l.Drop = getBool(v)
	case tLogStamps:
		l.Stamps = getBool(v)
	}
}

func putSpawn(b []byte, s *Spawn) []byte {
	b = putString(b, tLife, s.Life)
	for _, a := range s.Argv {
		b = putBytes(b, tArg, []byte(a)) // an empty argument is one too
	}
	b = putString(b, tPath, s.Path)
	for _, e := range s.Env {
		b = putString(b, tEnv, e)
	}
	b = putString(b, tCwd, s.Cwd)
	b = putInt(b, tUmask, int64(s.Umask))
	b = putInt(b, tUID, int64(s.UID))
	b = putInt(b, tGID, int64(s.GID))
	for _, g := range s.Groups {
		b = putInt(b, tGroup, int64(g)+1) // +1: a zero would be left out
	}
	b = putBool(b, tSetUser, s.SetUser)
	b = putString(b, tKillMode, s.KillMode)
	b = putBool(b, tChannel, s.Channel)
	b = putBool(b, tStdin, s.Stdin)
	b = putSockets(b, s.Listen)
	return putBytes(putLog(b, s.Log), tMeta, s.Meta)
}

func getSpawn(body []byte) (s Spawn, err error) {
	err = each(body, func(tag uint16, v []byte) {
		switch tag {
		case tLife:
			s.Life = string(v)
		case tArg:
			s.Argv = append(s.Argv, string(v))
		case tPath:
			s.Path = string(v)
		case tEnv:
			s.Env = append(s.Env, string(v))
		case tCwd:
			s.Cwd = string(v)
		case tUmask:
			s.Umask = int(getInt(v))
		case tUID:
			s.UID = uint32(getInt(v))
		case tGID:
			s.GID = uint32(getInt(v))
		case tGroup:
			s.Groups = append(s.Groups, uint32(getInt(v)-1))
		case tSetUser:
			s.SetUser = getBool(v)
		case tKillMode:
			s.KillMode = string(v)
		case tStdin:
			s.Stdin = getBool(v)
		case tChannel:
			s.Channel = getBool(v)
		case tOwner, tListen, tMode:
			s.Listen = socketField(s.Listen, tag, v)
		case tMeta:
			s.Meta = append([]byte(nil), v...)
		default:
			s.Log.field(tag, v)
		}
	})
	return s, err
}

// putSockets writes each as its owner, what else there is, and at last its address.
func putSockets(b []byte, list []Socket) []byte {
	for _, s := range list {
		b = putBytes(b, tOwner, []byte(s.Owner))
		b = putInt(b, tMode, int64(s.Mode))
		b = putString(b, tListen, s.Addr)
	}
	return b
}

// socketField reads what putSockets wrote: an owner begins the next one.
func socketField(list []Socket, tag uint16, v []byte) []Socket {
	if tag == tOwner {
		return append(list, Socket{Owner: string(v)})
	}
	if len(list) == 0 {
		return list
	}
	if s := &list[len(list)-1]; tag == tMode {
		s.Mode = uint32(getInt(v))
	} else {
		s.Addr = string(v)
	}
	return list
}

func putLife(b []byte, l *Life) []byte {
	b = putString(b, tLife, l.Name)
	b = putInt(b, tPID, int64(l.PID))
	b = putInt(b, tState, int64(l.State))
	b = putTime(b, tStarted, l.Started)
	b = putTime(b, tDeadline, l.Deadline)
	b = putBool(b, tAdopted, l.Adopted)
	b = putString(b, tHow, l.Exit.How)
	b = putInt(b, tCode, int64(l.Exit.Code))
	b = putInt(b, tSig, int64(l.Exit.Signal))
	b = putBool(b, tCore, l.Exit.Core)
	b = putTime(b, tAt, l.Exit.At)
	b = putInt(b, tEscaped, int64(l.Escaped))
	b = putString(b, tCgroup, l.Cgroup)
	return putBytes(b, tMeta, l.Meta)
}

func (l *Life) field(tag uint16, v []byte) {
	switch tag {
	case tLife:
		l.Name = string(v)
	case tPID:
		l.PID = int(getInt(v))
	case tState:
		l.State = State(getInt(v))
	case tStarted:
		l.Started = getTime(v)
	case tDeadline:
		l.Deadline = getTime(v)
	case tAdopted:
		l.Adopted = getBool(v)
	case tEscaped:
		l.Escaped = int(getInt(v))
	case tCgroup:
		l.Cgroup = string(v)
	case tMeta:
		l.Meta = append([]byte(nil), v...)
	default:
		l.Exit.field(tag, v)
	}
}

func (x *Exit) field(tag uint16, v []byte) {
	switch tag {
	case tHow:
		x.How = string(v)
	case tCode:
		x.Code = int(getInt(v))
	case tSig:
		x.Signal = syscall.Signal(getInt(v))
	case tCore:
		x.Core = getBool(v)
	case tAt:
		x.At = getTime(v)
	}
}

func putStop(b []byte, o StopOrder) []byte {
	b = putString(b, tLife, o.Life)
	b = putInt(b, tSig, int64(o.Signal))
	b = putInt(b, tGrace, int64(o.Grace))
	b = putString(b, tKillMode, o.KillMode)
	b = putInt(b, tSecond, int64(o.Second))
	b = putInt(b, tSecondAfter, int64(o.SecondAfter))
	return putInt(b, tAfter, int64(o.After))
}

func getStop(body []byte) (o StopOrder, err error) {
	err = each(body, func(tag uint16, v []byte) {
		switch tag {
		case tLife:
			o.Life = string(v)
		case tSig:
			o.Signal = syscall.Signal(getInt(v))
		case tGrace:
			o.Grace = time.Duration(getInt(v))
		case tKillMode:
			o.KillMode = string(v)
		case tAfter:
			o.After = int(getInt(v))
		case tSecond:
			o.Second = syscall.Signal(getInt(v))
		case tSecondAfter:
			o.SecondAfter = time.Duration(getInt(v))
		}
	})
	return o, err
}
