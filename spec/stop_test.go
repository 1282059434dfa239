package spec_test

import (
	"strings"
	"testing"
	"time"

	"kitt.sh/spec"
)

func TestStopInFull(t *testing.T) {
	s, said := load(t, spec.Request{Path: folder(t, "kitt.hcl", `process "web" {
  command = "x"
  stop {
    pre           = ["./drain", "now"]
    pre_timeout   = "3s"
    timeout       = "8s"
    second_signal = "int"
  }
}
`)})
	if len(said) > 0 {
		t.Fatal(said)
	}
	stop := s.Processes[0].Stop
	if strings.Join(stop.Pre, " ") != "./drain now" || stop.PreTime() != 3*time.Second {
		t.Errorf("pre %q for %s", stop.Pre, stop.PreTime())
	}
	if signal, after := stop.Second(); signal != "SIGINT" || after != 4*time.Second {
		t.Errorf("the second signal is %s after %s", signal, after)
	}
	if got := stop.Longest(); got != 11*time.Second {
		t.Errorf("at most %s", got)
	}
	stop.PreTimeout = 0
	if stop.PreTime() != 8*time.Second {
		t.Errorf("without a time of its own pre has %s", stop.PreTime())
	}
	other := stop
	other.SecondAfter = time.Second
	if !stop.Same(&stop) || stop.Same(&other) {
		t.Error("sameness")
	}
}

func TestAnEditOfStopIsLive(t *testing.T) {
	was, is := spec.Defaults(), spec.Defaults()
	is.Stop = spec.Stop{Signal: "SIGINT", Timeout: time.Second, KillMode: "group", Message: "bye", Command: []string{"a"}, Pre: []string{"b"},
		PreTimeout: time.Minute, SecondSignal: "SIGQUIT", SecondAfter: time.Millisecond}
	var fields []string
	for _, c := range spec.Diff(was, is) {
		if !c.Live {
			t.Errorf("%s is no live edit", c.Field)
		}
		fields = append(fields, c.Field)
	}
	const want = "stop.message stop.signal stop.timeout stop.command stop.pre stop.pre_timeout stop.second_signal stop.second_after kill_mode"
	if got := strings.Join(fields, " "); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestStopsThatAreWrong(t *testing.T) {
	for _, row := range []struct{ stop, want string }{
		{`second_signal = "SIGFOO"`, `kitt.hcl:4:17: stop.second_signal: "SIGFOO" is not a signal`},
		{`second_after = "1s"`, `process "web": stop.second_after: there is no stop.second_signal`},
		{"second_signal = \"SIGINT\"\nsecond_after = \"10s\"", `process "web": stop.second_after: 10s is not less than stop.timeout, 10s`},
		{`pre_timeout = "1s"`, `process "web": stop.pre_timeout: there is no stop.pre`},
		{`pre_timeout = "-1s"`, `-1s`},
	} {
		_, said := load(t, spec.Request{Path: folder(t, "kitt.hcl", "process \"web\" {\n  command = \"x\"\n  stop {\n"+row.stop+"\n}\n}\n")})
		if len(said) != 1 || !strings.Contains(said[0], row.want) {
			t.Errorf("%s: got %q\nwant %s", row.stop, said, row.want)
		}
	}
}
