package unit

import "strings"

// Unit returns the whole systemd unit of s, for a user's manager or for the machine's.
// It holds no template marks: kardianos/service passes it through as it is.
func Unit(s Spec) string {
	var u strings.Builder
	line := func(parts ...string) { u.WriteString(strings.Join(parts, "") + "\n") }

	line("[Unit]")
	line("Description=kitt process manager")
	line("Documentation=https://kitt.sh")
	if s.System { // a user's manager knows no such target
		line("Wants=network-online.target")
		line("After=network-online.target")
	}
	line("StartLimitIntervalSec=0") // always come back, however often it died
	line()
	line("[Service]")
	line("Type=notify")
	line("NotifyAccess=main")
	line("ExecStart=", execWords(s.Command()))
	line("Restart=always")
	line("RestartSec=1")
	line("KillMode=process") // the processes outlive their keeper, and the next one finds them
	line("Delegate=yes")
	line("DelegateSubgroup=keeper") // systemd 254: only a cgroup without processes can hand controllers down to the others
	line("OOMPolicy=continue")
	line("TasksMax=infinity")
	line("TimeoutStopSec=90")
	if s.System {
		line("LimitNOFILE=1048576")
	}
	if s.System && s.UserName != "" {
		line("User=", s.UserName)
		line("WorkingDirectory=~")
	}
	for _, e := range s.environment() {
		line("Environment=", word(e.name+"="+e.value))
	}
	line()
	line("[Install]")
	line("WantedBy=", target(s))
	return u.String()
}

// target is what pulls the service in. A user's manager has no multi-user.target: enabled there, it never starts.
func target(s Spec) string {
	if s.System {
		return "multi-user.target"
	}
	return "default.target"
}

// execWords writes a command line. systemd expands $ in arguments, but takes it as it is in the program's path.
func execWords(argv []string) string {
	words := []string{word(argv[0])}
	for _, a := range argv[1:] {
		words = append(words, word(strings.ReplaceAll(a, "$", "$$")))
	}
	return strings.Join(words, " ")
}

// word quotes s where it must be. Braces are escaped because kardianos/service takes two of them for a template.
func word(s string) string {
	escaped := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "%", "%%", "{{", `\x7b\x7b`, "}}", `\x7d\x7d`).Replace(s)
	if escaped == s && !strings.ContainsAny(s, " \t';$") && s != "" {
		return s
	}
	return `"` + escaped + `"`
}
