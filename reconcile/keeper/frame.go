package keeper

import (
	"encoding/binary"
	"errors"
)

// The wire: u32 length (of what follows) | u8 type | u32 request | fields, all big endian. A field is u16 tag |
// u32 length | bytes; unknown tags are skipped, so that either side may be the newer one.

const (
	protoMin, protoMax = 1, 1
	maxFrame           = 1 << 20
	headLen            = 9 // with the length
)

type kind uint8

// Requests are below 64, answers and what comes unasked above.
const (
	kHello kind = iota + 1
	kClaim
	kSpawn
	kStop
	kSignal
	kList
	kTune
	kMeta
	kForget
	kWatch
	kHold
	kPing
	kShutdown
	kWitness
	kWitnessEnd
	kUpgrade
	kListen
	kWitnessSocket
)

const (
	kWelcome kind = iota + 64
	kOK
	kFail
	kLife
	kEvent
	kHeld
	kHeldSocket
)

var errFrame = errors.New("malformed frame")

// A frame is one message. body is valid until the next read.
type frame struct {
	kind kind
	req  uint32
	body []byte
}

// cutFrame takes the first frame off b. ok is false if b does not hold a whole one yet.
func cutFrame(b []byte) (f frame, rest []byte, ok bool, err error) {
	if len(b) < 4 {
		return f, b, false, nil
	}
	n := binary.BigEndian.Uint32(b)
	if n < headLen-4 || n > maxFrame {
		return f, b, false, errFrame
	}
	if uint32(len(b)-4) < n {
		return f, b, false, nil
	}
	f = frame{kind(b[4]), binary.BigEndian.Uint32(b[5:]), b[headLen : 4+n]}
	return f, b[4+n:], true, nil
}

// each calls do for every field of a body, in order.
func each(body []byte, do func(tag uint16, v []byte)) error {
	for len(body) > 0 {
		if len(body) < 6 {
			return errFrame
		}
		tag, n := binary.BigEndian.Uint16(body), binary.BigEndian.Uint32(body[2:])
		if uint64(n) > uint64(len(body)-6) {
			return errFrame
		}
		do(tag, body[6:6+n])
		body = body[6+n:]
	}
	return nil
}

// beginFrame appends a frame's head to b; endFrame, given where it began, fills in the length.
func beginFrame(b []byte, k kind, req uint32) []byte {
	b = append(b, 0, 0, 0, 0, byte(k))
	return binary.BigEndian.AppendUint32(b, req)
}

func endFrame(b []byte, at int) []byte {
	binary.BigEndian.PutUint32(b[at:], uint32(len(b)-at-4))
	return b
}

func putHead(b []byte, tag uint16, n int) []byte {
	b = binary.BigEndian.AppendUint16(b, tag)
	return binary.BigEndian.AppendUint32(b, uint32(n))
}

func putBytes(b []byte, tag uint16, v []byte) []byte { return append(putHead(b, tag, len(v)), v...) }

func putString(b []byte, tag uint16, v string) []byte {
	if v == "" {
		return b
	}
	return append(putHead(b, tag, len(v)), v...)
}

// putInt leaves out a zero: that is what a missing number means.
func putInt(b []byte, tag uint16, v int64) []byte {
	if v == 0 {
		return b
	}
	return binary.BigEndian.AppendUint64(putHead(b, tag, 8), uint64(v))
}

func getInt(v []byte) int64 {
	if len(v) != 8 {
		return 0
	}
	return int64(binary.BigEndian.Uint64(v))
}
