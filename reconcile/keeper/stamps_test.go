package keeper

import (
	"os"
	"strings"
	"testing"
)

func TestWithTimestampsEachPieceHasItsOwnTime(t *testing.T) {
	for _, stamps := range []bool{true, false} {
		b := newBox(t)
		order := b.order("/bin/sh", "-c", "for i in 1 2 3 4 5 6 7 8 9; do echo $i; sleep 0.001; done; echo end")
		order.Log.Stamps = stamps
		_, err := b.c.Spawn(b.ctx(), order)
		b.ok(err)
		b.until("its last word", func() bool { return strings.HasSuffix(b.text(1, "out"), "end\n") })
		at := marksOf(t, b.home+"/logs/web.1/out/current.idx")
		if stamps && len(at) < 6 { // 9 but for such as were read together, on a machine that is busy
			t.Errorf("with timestamps: marks at %v", at)
		}
		if !stamps && len(at) > 6 {
			t.Errorf("without: marks at %v", at)
		}
	}
}

// marksOf are all of an index but its first.
func marksOf(t *testing.T, path string) (out []mark) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	st, _ := f.Stat()
	for at := int64(0); at < st.Size(); at += 16 {
		out = append(out, readMark(int(f.Fd()), at))
	}
	return out
}
