package keeper

import (
	"encoding/base64"
	"hash/crc32"
	"strconv"
	"strings"
	"syscall"
)

// The journal run/lives is text, a record a line, appended with one write(2) each:
//
//	v1 boot=ID op=spawn life=NAME t=NS out=FIFO err=FIFO dir=DIR max=N keep=N kill=MODE cg=DIR listen=ADDRESSES meta=BASE64 crc32c=HEX
//	v1 boot=ID op=born  life=NAME t=NS pid=N ident=N
//	v1 boot=ID op=tune  life=NAME t=NS dir= max= keep=          op=meta life= t= meta=
//	v1 boot=ID op=stop  life=NAME t=NS sig=N by=NS kill=MODE [sig2=N at2=NS]    op=exit life= t= how= code= sig= core= esc=
//	v1 boot=ID op=forget life=NAME t=NS (over, its pipes are still read)    op=gone life=NAME t=NS
//
// Values are %-encoded. A line that is torn, forged or of another boot is no reason to stop reading.

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// A record is one line. Fields that its op does not have are zero.
type record struct {
	op, life     string
	t            int64
	out, err     string
	log          Log
	kill, cgroup string
	meta         []byte
	pid          int
	ident        uint64
	sig          syscall.Signal
	by           int64
	second       syscall.Signal
	secondAt     int64
	how          string
	code, esc    int
	core, stdin  bool
	boot         string
	listen       []string
}

// line is the record as it is written, with its newline.
func (r *record) line() []byte {
	var b strings.Builder
	b.Grow(256 + len(r.meta)*4/3)
	put := func(k, v string) { b.WriteString(" " + k + "=" + escape(v, "")) }
	num := func(k string, v int64) { b.WriteString(" " + k + "=" + strconv.FormatInt(v, 10)) }
	b.WriteString("v1")
	put("boot", r.boot)
	put("op", r.op)
	put("life", r.life)
	num("t", r.t)
	switch r.op {
	case "spawn":
		put("out", r.out)
		put("err", r.err)
		put("kill", r.kill)
		put("cg", r.cgroup)
		if len(r.listen) > 0 {
			put("listen", addresses(r.listen))
		}
	case "born":
		num("pid", int64(r.pid))
		num("ident", int64(r.ident))
	case "stop":
		num("sig", int64(r.sig))
		num("by", r.by)
		put("kill", r.kill)
		if r.second > 0 {
			num("sig2", int64(r.second))
			num("at2", r.secondAt)
		}
	case "exit":
		put("how", r.how)
		num("code", int64(r.code))
		num("sig", int64(r.sig))
		num("esc", int64(r.esc))
		if r.core {
			num("core", 1)
		}
	}
	if r.stdin {
		num("in", 1)
	}
	if r.op == "spawn" || r.op == "tune" {
		put("dir", r.log.Dir)
		num("max", r.log.MaxSize)
		num("keep", int64(r.log.Keep))
		if r.log.Drop {
			num("drop", 1)
		}
		if r.log.Stamps {
			num("stamps", 1)
		}
	}
	if r.op == "spawn" || r.op == "meta" {
		b.WriteString(" meta=" + base64.RawURLEncoding.EncodeToString(r.meta))
	}
	s := b.String()
	return []byte(s + " crc32c=" + hex8(crc32.Checksum([]byte(s), castagnoli)) + "\n")
}

// parseRecord reads one line without its newline. ok is false for anything that line did not write.
func parseRecord(line string) (r record, ok bool) {
	body, sum, found := strings.Cut(line, " crc32c=")
	if !found || !strings.HasPrefix(body, "v1 ") || hex8(crc32.Checksum([]byte(body), castagnoli)) != sum {
		return r, false
	}
	for _, f := range strings.Fields(body[3:]) {
		k, v, found := strings.Cut(f, "=")
		v, good := unescape(v)
		if !found || !good || !r.field(k, v) {
			return r, false
		}
	}
	return r, r.op != "" && r.life != ""
}

func (r *record) field(k, v string) bool {
	var err error
	num := func() int64 {
		var n int64
		n, err = strconv.ParseInt(v, 10, 64)
		return n
	}
	switch k {
	case "boot":
		r.boot = v
	case "op":
		r.op = v
	case "life":
		r.life = v
	case "out":
		r.out = v
	case "err":
		r.err = v
	case "kill":
		r.kill = v
	case "cg":
		r.cgroup = v
	case "listen":
		r.listen = parseAddresses(v)
	case "dir":
		r.log.Dir = v
	case "how":
		r.how = v
	case "meta":
		r.meta, err = base64.RawURLEncoding.DecodeString(v)
	case "t":
		r.t = num()
	case "pid":
		r.pid = int(num())
	case "ident":
		r.ident = uint64(num())
	case "max":
		r.log.MaxSize = num()
	case "keep":
		r.log.Keep = int(num())
	case "drop":
		r.log.Drop = num() != 0
	case "stamps":
		r.log.Stamps = num() != 0
	case "sig":
		r.sig = syscall.Signal(num())
	case "by":
		r.by = num()
	case "sig2":
		r.second = syscall.Signal(num())
	case "at2":
		r.secondAt = num()
	case "code":
		r.code = int(num())
	case "esc":
		r.esc = int(num())
	case "core":
		r.core = num() != 0
	case "in":
		r.stdin = num() != 0
	}
	return err == nil
}

// replay folds the text of a journal into the lives it tells of, in the order of their spawns; bad are the lines
// that no keeper wrote. Records of another boot are passed over.
func replay(text, boot string) (lives []*life, bad []string) {
	byName := map[string]*life{}
	for len(text) > 0 {
		line, rest, whole := strings.Cut(text, "\n")
		text = rest
		r, ok := parseRecord(line)
		if !ok || !whole {
			if _, later := newerRecord(line); line != "" && !(whole && later) {
				bad = append(bad, line)
			}
			continue
		}
		if r.boot != boot {
			continue
		}
		if l := byName[r.life]; l != nil && !l.gone {
			l.learn(&r)
		} else if r.op == "spawn" && sane(r.out) && sane(r.err) {
			l = lifeOf(&r)
			byName[r.life] = l
			lives = append(lives, l)
		}
	}
	return alive(lives), bad
}

// lifeOf is the life that a spawn's record begins.
func lifeOf(r *record) *life {
	l := &life{name: r.life, state: Running, pidfd: -1, started: timeAt(r.t), log: r.log, kill: r.kill,
		cgroup: r.cgroup, meta: r.meta, stdin: r.stdin, listen: r.listen}
	l.bindStreams()
	l.out.fifo, l.err.fifo = r.out, r.err
	return l
}

// learn takes in a later record of the same life.
func (l *life) learn(r *record) {
	switch r.op {
	case "born":
		if r.pid > 1 {
			l.pid, l.ident, l.started = r.pid, r.ident, timeAt(r.t)
		}
	case "tune":
		l.log = r.log
	case "meta":
		l.meta = r.meta
	case "stop":
		l.deadline, l.stopSig = timeAt(r.by), r.sig
		l.second, l.secondAt = r.second, timeAt(r.secondAt)
		if r.kill != "" {
			l.kill = r.kill
		}
		if l.state == Running {
			l.state = Stopping
		}
	case "exit":
		l.state, l.escaped = Exited, r.esc
		l.exit = Exit{How: r.how, Code: r.code, Signal: r.sig, Core: r.core, At: timeAt(r.t)}
	case "forget":
		l.forgotten = true
	case "gone":
		l.gone = true
	}
}

// records are the lines that tell all there is to know of l.
func (l *life) records(boot string) (out []byte) {
	add := func(r record) {
		r.boot, r.life = boot, l.name
		out = append(out, r.line()...)
	}
	add(l.spawnRecord())
	if l.pid > 0 {
		add(record{op: "born", t: l.started.UnixNano(), pid: l.pid, ident: l.ident})
	}
	if !l.deadline.IsZero() {
		add(l.stopRecord())
	}
	if l.state == Exited {
		add(l.exitRecord())
	}
	if l.forgotten {
		add(record{op: "forget"})
	}
	return out
}

func (l *life) spawnRecord() record {
	return record{op: "spawn", t: l.started.UnixNano(), out: l.out.fifo, err: l.err.fifo, log: l.log, kill: l.kill,
		cgroup: l.cgroup, meta: l.meta, stdin: l.stdin, listen: l.listen}
}

func (l *life) stopRecord() record {
	r := record{op: "stop", t: l.deadline.UnixNano(), sig: l.stopSig, by: l.deadline.UnixNano(), kill: l.kill}
	if l.second > 0 {
		r.second, r.secondAt = l.second, l.secondAt.UnixNano()
	}
	return r
}

func (l *life) exitRecord() record {
	x := l.exit
	return record{op: "exit", t: x.At.UnixNano(), how: x.How, code: x.Code, sig: x.Signal, core: x.Core, esc: l.escaped}
}
