package spec

import "testing"

func TestTheLinesOfAProcfileLeaveOutWhatMacOSListensAt(t *testing.T) {
	for _, goos := range []string{"linux", "darwin"} {
		for i, asked := range map[int]bool{0: true, 20: true} {
			if got := linePort(goos, firstPort, i, asked); got != firstPort+portStep*i {
				t.Errorf("%s, line %d, asked for: %d", goos, i, got)
			}
		}
		seen := map[int]bool{}
		for i := range 40 {
			port := linePort(goos, firstPort, i, false)
			if seen[port] || goos == "darwin" && (port == firstPort || port == airPlay) || goos == "linux" && port != firstPort+portStep*i {
				t.Errorf("%s, line %d: %d", goos, i, port)
			}
			seen[port] = true
		}
	}
}

func TestAPortThatMacOSListensAtIsWarnedOf(t *testing.T) {
	for _, tt := range []struct {
		goos string
		said saidPort
		last int
		want int
	}{
		{"darwin", saidPort{n: 5000}, 5000, 1},
		{"darwin", saidPort{n: 7000}, 7000, 1},
		{"darwin", saidPort{n: 4998}, 5001, 1},
		{"darwin", saidPort{n: 4998}, 4999, 0},
		{"darwin", saidPort{n: 4000}, 8000, 2},
		{"darwin", saidPort{n: 25000, auto: true}, 25000, 0},
		{"linux", saidPort{n: 5000}, 5000, 0},
	} {
		h := &hclReader{reading: newReading(Request{})}
		h.airPlay(tt.goos, &Process{Name: "web"}, tt.said, tt.last)
		if len(h.spec.Warnings) != tt.want {
			t.Errorf("%+v: %v", tt, h.spec.Warnings)
		}
	}
	for i := range endGiven - firstGiven {
		if port := firstGiven + i; port == firstPort || port == airPlay {
			t.Errorf("kitt gives %d", port)
		}
	}
}

func TestNoPortIsLeft(t *testing.T) {
	h := &hclReader{reading: newReading(Request{}), ports: map[string]saidPort{"web": {auto: true, at: Pos{"kitt.hcl", 3, 2}}}, given: map[int]string{}}
	for port := firstGiven; port < endGiven; port++ {
		h.given[port] = "others"
	}
	if port := h.givenPort("web", 1); port != 0 || len(h.errs) != 1 || h.errs[0].Error() != `kitt.hcl:3:2: process "web": port: all 10000 that kitt gives are taken` || h.errs[0].Hint == "" {
		t.Errorf("%d %+v", port, h.errs)
	}
}
