package unit

import (
	"path"
	"strings"
)

// Plist returns the whole launchd property list of s, as an agent of one user or a daemon of the machine.
// It holds no template marks: kardianos/service passes it through as it is.
func Plist(s Spec) string {
	var p plist
	p.line(0, `<?xml version="1.0" encoding="UTF-8"?>`)
	p.line(0, `<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">`)
	p.line(0, `<plist version="1.0">`)
	p.line(0, "<dict>")
	p.text("Label", s.Name())
	p.list("ProgramArguments", s.Command())
	p.flag("RunAtLoad")
	p.key(1, "KeepAlive", "<dict>") // exit 0 means that it was meant to end
	p.key(2, "SuccessfulExit", "<false/>")
	p.line(1, "</dict>")
	p.flag("AbandonProcessGroup") // launchd must not end the processes when the keeper ends
	p.number("ThrottleInterval", "5")
	p.number("ExitTimeOut", "60") // above the longest stop: the processes are stopped inside it at shutdown
	p.text("ProcessType", "Interactive")
	p.where(s)
	p.environment(s)
	p.key(1, "SoftResourceLimits", "<dict>")
	p.key(2, "NumberOfFiles", "<integer>65536</integer>")
	p.line(1, "</dict>")
	p.session(s)
	p.line(0, "</dict>")
	p.line(0, "</plist>")
	return p.String()
}

type plist struct{ strings.Builder }

func (p *plist) line(depth int, text string) {
	p.WriteString(strings.Repeat("\t", depth) + text + "\n")
}

func (p *plist) key(depth int, name, value string) {
	p.line(depth, "<key>"+name+"</key>")
	p.line(depth, value)
}

func (p *plist) text(name, value string)   { p.key(1, name, "<string>"+xmlText(value)+"</string>") }
func (p *plist) number(name, value string) { p.key(1, name, "<integer>"+value+"</integer>") }
func (p *plist) flag(name string)          { p.key(1, name, "<true/>") }

func (p *plist) list(name string, values []string) {
	p.key(1, name, "<array>")
	for _, v := range values {
		p.line(2, "<string>"+xmlText(v)+"</string>")
	}
	p.line(1, "</array>")
}

func (p *plist) where(s Spec) {
	if s.UserHome != "" {
		p.text("WorkingDirectory", s.UserHome)
	}
	if s.LogDir != "" {
		p.text("StandardOutPath", logFile(s))
		p.text("StandardErrorPath", logFile(s))
	}
}

func (p *plist) environment(s Spec) {
	if len(s.environment()) == 0 {
		return
	}
	p.key(1, "EnvironmentVariables", "<dict>")
	for _, e := range s.environment() {
		p.key(2, e.name, "<string>"+xmlText(e.value)+"</string>")
	}
	p.line(1, "</dict>")
}

// session lets an agent load over ssh as well as at a screen, and names the user of a daemon.
func (p *plist) session(s Spec) {
	switch {
	case !s.System:
		p.list("LimitLoadToSessionType", []string{"Aqua", "Background"})
	case s.UserName != "":
		p.text("UserName", s.UserName)
	}
}

func logFile(s Spec) string { return path.Join(s.LogDir, "service.log") }

// xmlText also hides double braces, which kardianos/service would take for a template.
func xmlText(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;",
		"{{", "&#123;&#123;", "}}", "&#125;&#125;").Replace(s)
}
