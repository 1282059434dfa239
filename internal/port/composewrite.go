package port

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// imageWanted makes compose say itself what is missing.
const imageWanted = "${KITT_IMAGE:?"

// writeCompose is a compose file whose services lack only their image.
func writeCompose(s *Project) []File {
	services := yamlMap()
	for _, p := range s.Processes {
		services.put(p.Name, composeService(s, p))
	}
	root := yamlMap()
	root.put("name", yamlText(strings.ToLower(FitName(s.Name))))
	root.put("services", services.node)
	s.note("", "a compose service runs in an image: set KITT_IMAGE to one that has the programs, or write image: or build:")
	text, err := yaml.Marshal(root.node)
	if err != nil {
		s.note("", "%s", err)
	}
	return []File{{"compose.yaml", text}}
}

type yamlBuilder struct{ node *yaml.Node }

func yamlMap() yamlBuilder { return yamlBuilder{&yaml.Node{Kind: yaml.MappingNode}} }

func (b yamlBuilder) put(key string, v *yaml.Node) {
	b.node.Content = append(b.node.Content, yamlText(key), v)
}

func (b yamlBuilder) text(key, text string) { b.put(key, yamlText(dollars(text))) }

// dollars keeps compose from looking variables up.
func dollars(text string) string { return strings.ReplaceAll(text, "$", "$$") }

func yamlText(text string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: strings.ToValidUTF8(text, "\ufffd")}
	old := slices.Contains([]string{"yes", "no", "on", "off", "y", "n"}, strings.ToLower(text)) // booleans, to some readers
	if old || strings.IndexFunc(text, unicode.IsControl) >= 0 {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

func yamlList(words []string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
	for _, w := range words {
		n.Content = append(n.Content, yamlText(dollars(w)))
	}
	return n
}

func yamlNumber(n int) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: strconv.Itoa(n)}
}

func composeService(s *Project, p Process) *yaml.Node {
	b := yamlMap()
	b.put("image", yamlText(imageWanted+"name the image that has the programs}"))
	b.put("command", yamlList(p.Command))
	b.text("working_dir", p.Cwd)
	if len(p.Env)+len(p.Step) > 0 {
		env := yamlMap()
		for _, name := range slices.Sorted(maps.Keys(p.Env)) {
			env.text(name, p.Env[name])
		}
		for _, name := range slices.Sorted(maps.Keys(p.Step)) {
			env.text(name, strconv.Itoa(p.Step[name]))
			if p.Instances > 1 {
				s.note(p.Name, "%s is %d for all instances: compose does not count up", name, p.Step[name])
			}
		}
		b.put("environment", env.node)
	}
	if user := strings.TrimSuffix(p.User+":"+p.Group, ":"); user != "" {
		b.text("user", user)
	}
	b.text("restart", composeRestart(s, p))
	if p.Instances != 1 {
		b.put("scale", yamlNumber(p.Instances))
	}
	b.text("stop_signal", p.Stop.Signal)
	b.text("stop_grace_period", p.Stop.Timeout.String())
	composeLimits(b, s, p)
	if len(p.DependsOn) > 0 {
		b.put("depends_on", composeDepends(p))
	}
	composeWithout(s, p)
	return b.node
}

func composeRestart(s *Project, p Process) string {
	switch p.Restart.Policy {
	case "never":
		return "no"
	case "always":
		if p.Restart.Max > 0 {
			s.note(p.Name, "restart.max counts only with on-failure")
		}
		return "always"
	}
	if p.Restart.Max > 0 {
		return "on-failure:" + strconv.Itoa(p.Restart.Max)
	}
	return "on-failure"
}

func composeDepends(p Process) *yaml.Node {
	b := yamlMap()
	for _, name := range slices.Sorted(maps.Keys(p.DependsOn)) {
		condition := "service_started"
		for word, mine := range composeConditions {
			if mine == p.DependsOn[name] && word != "" {
				condition = word
			}
		}
		inner := yamlMap()
		inner.text("condition", condition)
		b.put(name, inner.node)
	}
	return b.node
}

func composeWithout(s *Project, p Process) {
	if p.Held {
		s.note(p.Name, "autostart = false: compose starts it")
	}
	if p.Umask != nil {
		s.note(p.Name, "umask: compose has none")
	}
	if p.Log.Out+p.Log.Err+p.Log.Combined != "" {
		s.note(p.Name, "log files: compose keeps what is written by itself")
	}
	if len(p.Restart.DoneCodes) > 0 {
		s.note(p.Name, "restart.done_codes: compose knows 0 and not 0")
	}
	if len(p.Stop.Command) > 0 {
		s.note(p.Name, "stop.command: compose has none")
	}
	withoutStops(s, p, "compose")
}

// yamlPlain is a number or a boolean, written as it is.
func yamlPlain(text string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: text} }
