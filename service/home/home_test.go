package home

import (
	"errors"
	"strings"
	"testing"
)

func TestResolve(t *testing.T) {
	const ada, mac = "/home/ada/.local/state/kitt", "/Users/ada/Library/Application Support/kitt"
	tests := []struct {
		name, flag, goos string
		env              map[string]string
		want             Dirs
		err              string
	}{
		{name: "on Linux everything lies in the state folder", goos: "linux",
			env: map[string]string{"HOME": "/home/ada"}, want: Dirs{ada, ada + "/run", ada + "/state", ada + "/logs"}},
		{name: "a session's runtime folder changes nothing: cron has none", goos: "linux",
			env: map[string]string{"HOME": "/home/ada", "XDG_RUNTIME_DIR": "/run/user/501"}, want: under(ada)},
		{name: "XDG_STATE_HOME moves it", goos: "linux",
			env: map[string]string{"XDG_STATE_HOME": "/st"}, want: under("/st/kitt")},
		{name: "a relative XDG_STATE_HOME is ignored", goos: "linux",
			env: map[string]string{"HOME": "/home/ada", "XDG_STATE_HOME": "st"}, want: under(ada)},
		{name: "on macOS logs lie where Console looks", goos: "darwin",
			env:  map[string]string{"HOME": "/Users/ada", "XDG_STATE_HOME": "/st"},
			want: Dirs{mac, mac + "/run", mac + "/state", "/Users/ada/Library/Logs/kitt"}},
		{name: "KITT_HOME holds everything", goos: "darwin",
			env: map[string]string{"HOME": "/Users/ada", "KITT_HOME": "/k"}, want: Dirs{"/k", "/k/run", "/k/state", "/k/logs"}},
		{name: "--home goes before KITT_HOME", flag: "/f/", goos: "linux",
			env: map[string]string{"KITT_HOME": "/k"}, want: under("/f")},
		{name: "KITT_HOME that names the custom place is that kitt, logs and all", goos: "darwin",
			env:  map[string]string{"HOME": "/Users/ada", "KITT_HOME": mac},
			want: Dirs{mac, mac + "/run", mac + "/state", "/Users/ada/Library/Logs/kitt"}},
		{name: "without a HOME there is no place", goos: "linux", err: "find home: HOME is not set"},
		{name: "a long folder is told before bind fails", flag: "/" + strings.Repeat("x", 95), goos: "linux", err: "too long"},
		{name: "macOS takes four bytes less", flag: "/" + strings.Repeat("x", 88), goos: "darwin", err: "the system takes 103"},
		{name: "which Linux would have taken", flag: "/" + strings.Repeat("x", 88), goos: "linux",
			want: under("/" + strings.Repeat("x", 88))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Resolve(tt.flag, func(k string) string { return tt.env[k] }, tt.goos)
			if tt.err != "" {
				var m Misplaced
				if err == nil || !strings.Contains(err.Error(), tt.err) || !errors.As(err, &m) || m.Hint() == "" {
					t.Fatalf("error %v, want %q and a hint", err, tt.err)
				}
				return
			}
			if err != nil || got != tt.want {
				t.Fatalf("got %+v, %v\nwant %+v", got, err, tt.want)
			}
		})
	}
}

func TestARelativeHomeIsMadeAbsolute(t *testing.T) {
	t.Chdir("/")
	if d, err := Resolve("k", func(string) string { return "" }, "linux"); err != nil || d.Home != "/k" {
		t.Fatalf("got %q, %v", d.Home, err)
	}
}

func TestCustom(t *testing.T) {
	for _, tt := range []struct {
		flag, named string
		want        bool
	}{
		{"", "", true},
		{"", "/h/.local/state/kitt", true}, // every process of kitt's is told its KITT_HOME
		{"/h/.local/state/kitt", "", true},
		{"/srv/kitt", "", false},
		{"", "/srv/kitt", false},
	} {
		env := func(name string) string { return map[string]string{"HOME": "/h", "KITT_HOME": tt.named}[name] }
		d, err := Resolve(tt.flag, env, "linux")
		if err != nil || d.Custom(env, "linux") != tt.want {
			t.Errorf("--home %q, KITT_HOME %q: %v, %v", tt.flag, tt.named, d, err)
		}
	}
}
