package cli

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// firstSteps lead the help of kitt itself.
const firstSteps = "kitt init|kitt apply|kitt status|kitt logs -f web|kitt restart web|kitt service install"

// shelves are the verbs as kitt --help sorts them; what is on none of them comes last.
var shelves = []struct{ title, verbs string }{
	{"Make it so:", "apply plan check up init"},
	{"Look:", "status show why logs events monit ui explain runs metrics graph history diff report"},
	{"Steer:", "restart reload start stop scale run signal send attach reset flush delete down rollback serve"},
	{"kitt itself:", "service upgrade shutdown doctor notify version completion man"},
	{"From elsewhere, and for others:", "import export deploy mcp"},
}

// help prints what a verb does, examples of it, and then kong's own: usage, arguments, flags.
func help(o kong.HelpOptions, ctx *kong.Context) error {
	n := ctx.Selected()
	if n == nil {
		n = ctx.Model.Node
	}
	shelve(ctx.Model.Node)
	fmt.Fprintln(ctx.Stdout, n.Help)
	if list := Examples(n); len(list) > 0 {
		fmt.Fprintf(ctx.Stdout, "\nExamples:\n  %s\n", strings.Join(list, "\n  "))
	}
	fmt.Fprintln(ctx.Stdout)
	n.Help, o.FlagsLast = "", true
	return kong.DefaultHelpPrinter(o, ctx)
}

// Examples are command lines that show a verb; none for a hidden one.
func Examples(n *kong.Node) []string {
	text := firstSteps
	if n.Type != kong.ApplicationNode {
		text = n.Tag.Get("examples")
	}
	if text == "" {
		return nil
	}
	return strings.Split(text, "|")
}

// shelve puts each verb on its shelf, and the flags of every verb behind its own.
func shelve(app *kong.Node) {
	for _, f := range app.Flags {
		f.Group = &kong.Group{Key: "all", Title: "Flags of every verb:"}
	}
	on := map[string]*kong.Group{}
	for _, s := range shelves {
		for _, verb := range strings.Fields(s.verbs) {
			on[verb] = &kong.Group{Key: s.title, Title: s.title}
		}
	}
	for _, c := range app.Children {
		if c.Group = on[c.Name]; c.Group == nil {
			c.Group = &kong.Group{Key: "more", Title: "More:"}
		}
	}
}
