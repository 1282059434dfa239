package keeper

import (
	"runtime/debug"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"kitt.sh/reconcile/failpoint"
)

// serve answers one frame. An error closes the connection: the client does not speak our language.
func (k *keeper) serve(c *conn, f frame) error {
	k.tidyLater()
	if f.kind == kHello {
		return k.hello(c, f)
	}
	if c.role == "" && !c.trusted {
		return errFrame
	}
	switch f.kind {
	case kPing:
		k.reply(c, kOK, f.req)
		return nil
	case kList:
		c.list, c.listReq = append([]*life(nil), k.order...), f.req
		if len(c.list) == 0 {
			k.reply(c, kOK, f.req)
		}
		return nil
	case kClaim:
		return k.claim(c, f)
	case kWitness:
		return k.hearWitness(c, f)
	case kWitnessSocket:
		return k.hearSocket(c, f)
	case kWitnessEnd:
		k.testified()
		failpoint.Here("keeper.witness.ended")
		k.reply(c, kOK, f.req)
		return nil
	case kShutdown:
		return k.orderShutdown(c, f)
	case kUpgrade:
		return k.orderUpgrade(c, f)
	}
	if c.epoch != k.epoch {
		k.fail(c, f.req, ErrFenced)
		return nil
	}
	return k.change(c, f)
}

// tidyLater gives memory back once, a second after every so many requests: a storm of spawns must not leave the
// keeper larger for good, and the runtime alone would keep what it has.
func (k *keeper) tidyLater() {
	if k.served++; k.served == 64 {
		k.after(time.Second, func() {
			k.served, k.buf = 0, nil
			debug.FreeOSMemory()
		})
	}
}

// change serves what only the newest claimant may do.
func (k *keeper) change(c *conn, f frame) error {
	switch f.kind {
	case kSpawn:
		s, err := getSpawn(f.body)
		if err != nil {
			return err
		}
		l, err := k.spawn(&s)
		if err != nil {
			k.fail(c, f.req, err)
			return nil
		}
		k.replyLife(c, f.req, l)
		return nil
	case kStop:
		o, err := getStop(f.body)
		if err != nil {
			return err
		}
		return k.with(c, f, o.Life, func(l *life) error { return k.stopLife(l, o) })
	case kHold:
		return k.beginHold(c, f)
	case kWatch:
		return k.addWatch(c, f)
	case kListen:
		return k.orderListen(c, f)
	case kSignal, kTune, kMeta, kForget:
		return k.small(c, f)
	}
	k.fail(c, f.req, refuse("serve", "", errText("unknown request")))
	return nil
}

// beginHold sends the descriptors of every life, and of the listening sockets to who knows those.
func (k *keeper) beginHold(c *conn, f frame) error {
	if err := each(f.body, func(tag uint16, v []byte) {
		if tag == tSockets {
			c.sockets = getBool(v)
		}
	}); err != nil {
		return err
	}
	c.holds = true
	c.offers = append(c.offers, k.order...)
	if c.sockets {
		c.passing = append(c.passing, k.sockets...)
	}
	k.reply(c, kOK, f.req)
	return nil
}

// small serves the requests that are a life and a value or two.
func (k *keeper) small(c *conn, f frame) error {
	var name, scope string
	var log Log
	var meta []byte
	var sig syscall.Signal
	err := each(f.body, func(tag uint16, v []byte) {
		switch tag {
		case tLife:
			name = string(v)
		case tScope:
			scope = string(v)
		case tSig:
			sig = syscall.Signal(getInt(v))
		case tMeta:
			meta = append([]byte(nil), v...)
		default:
			log.field(tag, v)
		}
	})
	if err != nil {
		return err
	}
	return k.with(c, f, name, func(l *life) error {
		switch f.kind {
		case kSignal:
			if l.state == Exited || l.lingering || l.awaiting {
				return refuse("signal", name, syscall.ESRCH)
			}
			return wrapErrno("signal", name, k.signalTree(l, sig, scope))
		case kTune:
			l.log = log
			return wrapErrno("record", name, k.write(l, record{op: "tune", log: log}))
		case kMeta:
			if len(meta) > 32<<10 {
				return refuse("record", name, errText("meta is larger than 32 KiB"))
			}
			l.meta = meta
			return wrapErrno("record", name, k.write(l, record{op: "meta", meta: meta}))
		}
		return k.forget(l)
	})
}

func wrapErrno(verb, noun string, err error) error {
	if err == nil {
		return nil
	}
	return refuse(verb, noun, err)
}

// with does something to a life and answers.
func (k *keeper) with(c *conn, f frame, name string, do func(l *life) error) error {
	l := k.lives[name]
	if l == nil || l.forgotten {
		k.fail(c, f.req, ErrUnknown)
		return nil
	}
	if err := do(l); err != nil {
		k.fail(c, f.req, err)
		return nil
	}
	k.compact(false)
	k.reply(c, kOK, f.req)
	return nil
}

func (k *keeper) hello(c *conn, f frame) error {
	lo, hi := int64(0), int64(0)
	role := ""
	err := each(f.body, func(tag uint16, v []byte) {
		switch tag {
		case tMin:
			lo = getInt(v)
		case tMax:
			hi = getInt(v)
		case tRole:
			role = string(v)
		}
	})
	if err != nil || role == "" {
		return errFrame
	}
	if lo > protoMax || hi < protoMin {
		k.fail(c, f.req, refuse("speak", "", errText("no version of the protocol in common: the keeper "+k.opt.Version+
			" has "+itoa(protoMin)+" to "+itoa(protoMax)+", it was asked for "+itoa(int(lo))+" to "+itoa(int(hi)))))
		return nil
	}
	c.role = role
	defer k.tellNews(c)
	at := len(c.out)
	b := beginFrame(c.out, kWelcome, f.req)
	b = putInt(b, tMax, min(hi, protoMax))
	b = putInt(b, tPID, int64(unix.Getpid()))
	b = putInt(b, tEpoch, c.epoch)
	b = k.putUpgrade(b)
	c.out = endFrame(putString(b, tVersion, k.opt.Version), at)
	return nil
}

func (k *keeper) claim(c *conn, f frame) error {
	if c.role != "daemon" {
		k.fail(c, f.req, refuse("claim", "", errText("only a daemon may")))
		return nil
	}
	k.epoch++
	c.epoch = k.epoch
	at := len(c.out)
	c.out = endFrame(putInt(beginFrame(c.out, kOK, f.req), tEpoch, c.epoch), at)
	return nil
}

func (k *keeper) orderShutdown(c *conn, f frame) error {
	order := &closing{conn: c, req: f.req}
	err := each(f.body, func(tag uint16, v []byte) {
		switch tag {
		case tStop:
			order.stop = getBool(v)
		case tGrace:
			order.grace = time.Duration(getInt(v))
		}
	})
	if err != nil {
		return err
	}
	if c.role != "cli" && c.epoch != k.epoch {
		k.fail(c, f.req, ErrFenced)
		return nil
	}
	failpoint.Here("keeper.shutdown.ordered")
	k.shutdown(order)
	return nil
}

// hearWitness takes the descriptors that came with a life's name.
func (k *keeper) hearWitness(c *conn, f frame) error {
	var name string
	mask := int64(0)
	if err := each(f.body, func(tag uint16, v []byte) {
		if tag == tLife {
			name = string(v)
		} else if tag == tFDs {
			mask = getInt(v)
		}
	}); err != nil {
		return err
	}
	fds := [4]int{-1, -1, -1, -1}
	for i := range fds {
		if mask&(1<<i) != 0 && len(c.fds) > 0 {
			fds[i], c.fds = c.fds[0], c.fds[1:]
		}
	}
	if l := k.lives[name]; l != nil {
		failpoint.Here("keeper.witness.heard")
		k.testify(l, fds[0], fds[1], fds[2])
		k.takeChannel(l, fds[3])
		return nil
	}
	for _, fd := range fds {
		closeFd(fd)
	}
	return nil
}

func (k *keeper) reply(c *conn, what kind, req uint32) {
	at := len(c.out)
	c.out = endFrame(beginFrame(c.out, what, req), at)
}

func (k *keeper) replyLife(c *conn, req uint32, l *life) {
	at := len(c.out)
	v := l.view()
	c.out = endFrame(putLife(beginFrame(c.out, kOK, req), &v), at)
}

func (k *keeper) fail(c *conn, req uint32, err error) {
	at := len(c.out)
	b := beginFrame(c.out, kFail, req)
	switch e := err.(type) {
	case *Error:
		b = putString(b, tStage, e.Stage)
		b = putInt(b, tErrno, int64(e.Errno))
	case nil:
	default:
		if err == ErrFenced {
			b = putInt(b, tWhy, whyFenced)
		} else if err == ErrUnknown {
			b = putInt(b, tWhy, whyUnknown)
		}
	}
	c.out = endFrame(putString(b, tText, err.Error()), at)
}

// tell sends an event to whoever controls.
func (k *keeper) tell(what string, l *life, text string) {
	for _, c := range k.conns {
		if c.epoch == 0 || c.epoch != k.epoch || l != nil && l.forgotten {
			continue
		}
		at := len(c.out)
		b := putString(putString(beginFrame(c.out, kEvent, 0), tKind, what), tText, text)
		if l != nil {
			v := l.view()
			b = putLife(b, &v)
		}
		c.out = endFrame(b, at)
	}
}
