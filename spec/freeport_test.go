package spec

import "testing"

// The same key gets the same port; one that is taken or well known is passed over, and none is 0.
func TestFreePort(t *testing.T) {
	none := func(int) bool { return false }
	first := FreePort("shop/db.1", none)
	if again := FreePort("shop/db.1", none); again != first || first < firstGiven || first >= endGiven {
		t.Fatalf("got %d, then %d", first, again)
	}
	if next := FreePort("shop/db.1", func(p int) bool { return p == first }); next == first || next == 0 {
		t.Errorf("taken, it gives %d after %d", next, first)
	}
	if got := FreePort("x", func(p int) bool { return p != 25565 && p != 29999 }); got != 29999 {
		t.Errorf("all but one that is well known and 29999: got %d", got)
	}
	if got := FreePort("x", func(int) bool { return true }); got != 0 {
		t.Errorf("all taken: got %d", got)
	}
}
