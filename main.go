// Command kitt keeps a list of processes true. This file is its table of contents: every command and flag.
package main

import (
	"os"
	"time"

	"github.com/alecthomas/kong"

	"kitt.sh/internal/cli"
)

func main() { // the keeper and `kitt status` do not come this far: see internal/early
	if code, ok := cli.Internal(os.Args); ok {
		os.Exit(code)
	}
	var k kitt
	os.Exit(cli.Main(os.Args, &k, k.verbs))
}

type kitt struct {
	Home    string           `help:"Folder of everything kitt keeps (default: $$KITT_HOME, else the system's place)." placeholder:"DIR"`
	Output  string           `short:"o" enum:"table,wide,json,yaml,name" default:"table" help:"Form of the output: table, wide, json, yaml or name." placeholder:"FORM"`
	JSON    bool             `name:"json" help:"The same as -o json."`
	Quiet   bool             `short:"q" help:"Say only what failed."`
	Verbose bool             `short:"v" help:"Say more."`
	Color   string           `enum:"auto,always,never" default:"auto" help:"Colours: auto, always or never." placeholder:"WHEN"`
	NoColor bool             `help:"The same as --color=never."`
	Version kong.VersionFlag `help:"Print the version."`

	Apply struct {
		File      string        `short:"f" help:"Spec file; - reads stdin (default: kitt.hcl, Procfile or ecosystem file of this folder)." placeholder:"FILE"`
		Profile   string        `aliases:"env" help:"Profile of the spec: profile in kitt.hcl, env_NAME in an ecosystem file." placeholder:"NAME"`
		Formation []string      `help:"Instances of a Procfile's processes: web=2,worker=0." placeholder:"NAME=N"`
		Port      int           `help:"Base of the ports of a Procfile's processes." placeholder:"PORT"`
		NoWait    bool          `help:"Do not wait until all is up."`
		Timeout   time.Duration `default:"60s" help:"How long to wait."`
		Name      string        `arg:"" optional:"" name:"file" help:"The same as -f FILE."`
	} `cmd:"" help:"Make the spec true: start, replace and stop what differs." examples:"kitt apply|kitt apply -f Procfile --formation web=2|kitt apply --env production"`

	Plan struct {
		File             string   `short:"f" help:"Spec file; - reads stdin." placeholder:"FILE"`
		Profile          string   `aliases:"env" help:"Profile of the spec." placeholder:"NAME"`
		Formation        []string `help:"Instances of a Procfile's processes: web=2,worker=0." placeholder:"NAME=N"`
		Port             int      `help:"Base of the ports of a Procfile's processes." placeholder:"PORT"`
		DetailedExitcode bool     `help:"Exit 2 when something would be done."`
		Name             string   `arg:"" optional:"" name:"file" help:"The same as -f FILE."`
	} `cmd:"" help:"Show what apply would do, and do nothing." examples:"kitt plan|kitt plan --detailed-exitcode -q"`

	Check struct {
		File    string `short:"f" help:"Spec file; - reads stdin." placeholder:"FILE"`
		Profile string `aliases:"env" help:"Profile of the spec." placeholder:"NAME"`
		Name    string `arg:"" optional:"" name:"file" help:"The same as -f FILE."`
	} `cmd:"" help:"Tell everything that is wrong with a spec file." examples:"kitt check|kitt check ecosystem.config.cjs"`

	Status struct {
		Watch bool     `short:"w" help:"Redraw each second, until Ctrl-C."`
		Names []string `arg:"" optional:"" name:"name" help:"Only these: web, web.1, shop/web."`
	} `cmd:"" aliases:"ls,list,ps" help:"Show what runs, and what does not and why." examples:"kitt status|kitt status -o json web|kitt ls --watch"`

	Show struct {
		Env    bool   `help:"The environment that it is started with: names, and where each comes from."`
		Reveal bool   `help:"With --env: the values too."`
		Name   string `arg:"" help:"Process: web, shop/web."`
	} `cmd:"" aliases:"describe,desc,info" help:"Tell everything about one process." examples:"kitt show web|kitt show --env web|kitt show --env --reveal web"`

	Explain struct {
		Name  string `arg:"" help:"Process: web, shop/web."`
		Field string `arg:"" optional:"" help:"Only this field or block: env, restart.policy."`
	} `cmd:"" help:"Tell where each value of a process came from." examples:"kitt explain web|kitt explain web env"`

	Logs struct {
		Follow bool     `short:"f" help:"Go on with what comes, until Ctrl-C."`
		Lines  string   `short:"n" default:"15" help:"How many lines of the past; all for everything." placeholder:"N"`
		Err    bool     `help:"Only stderr."`
		Out    bool     `help:"Only stdout."`
		Raw    bool     `help:"The stored bytes exactly, with nothing added."`
		Since  string   `help:"Only from then on: 10m, 15:04, RFC 3339." placeholder:"TIME"`
		Until  string   `help:"Only what began by then; not with -f." placeholder:"TIME"`
		Grep   string   `help:"Only lines that this regular expression finds something in." placeholder:"REGEXP"`
		Names  []string `arg:"" optional:"" name:"name" help:"Only these: web, web.1, shop/web."`
	} `cmd:"" aliases:"log" help:"Print what processes wrote, merged by time." examples:"kitt logs -f|kitt logs web --err --since 10m|kitt logs web.1 -n all --raw"`

	Events struct {
		Follow bool     `short:"f" help:"Go on with what comes, until Ctrl-C."`
		Since  string   `help:"Only from then on: 10m, 15:04, RFC 3339." placeholder:"TIME"`
		Lines  int      `short:"n" default:"50" help:"How many of the past." placeholder:"N"`
		Names  []string `arg:"" optional:"" name:"name" help:"Only these: web, web.1, shop/web."`
	} `cmd:"" help:"Tell what happened, and why." examples:"kitt events -f|kitt events --since 1h web"`

	Restart struct {
		All     bool          `help:"All processes of all projects."`
		NoWait  bool          `help:"Do not wait until all is up."`
		Timeout time.Duration `default:"60s" help:"How long to wait."`
		Names   []string      `arg:"" optional:"" name:"name" help:"Which: web, web.1, shop/web."`
	} `cmd:"" help:"Give processes a new life each." examples:"kitt restart web|kitt restart web api.2|kitt restart --all"`

	Reload struct {
		All     bool          `help:"All processes of all projects."`
		NoWait  bool          `help:"Do not wait until all is up."`
		Timeout time.Duration `default:"60s" help:"How long to wait."`
		Names   []string      `arg:"" optional:"" name:"name" help:"Which: web, web.1, shop/web."`
	} `cmd:"" help:"The same as restart, for now." examples:"kitt reload web"`

	Run struct {
		Wait    bool          `short:"w" help:"Wait for its end, and exit with its code."`
		Timeout time.Duration `help:"With --wait: how long; else as long as it takes." placeholder:"10m"`
		Names   []string      `arg:"" name:"job" help:"Which: backup, shop/backup."`
	} `cmd:"" help:"Run a job now, whatever its schedule says." examples:"kitt run backup|kitt run backup --wait"`

	Runs struct {
		Lines int      `short:"n" default:"20" help:"How many of the past." placeholder:"N"`
		Names []string `arg:"" optional:"" name:"job" help:"Only these: backup, shop/backup."`
	} `cmd:"" help:"Tell when jobs ran, and how they ended." examples:"kitt runs backup|kitt runs -o json"`

	Start struct {
		All     bool          `help:"All processes of all projects."`
		NoWait  bool          `help:"Do not wait until all is up."`
		Timeout time.Duration `default:"60s" help:"How long to wait."`
		Names   []string      `arg:"" optional:"" name:"name" help:"Which: web, web.1, shop/web."`
	} `cmd:"" help:"Let processes run again that were stopped." examples:"kitt start web"`

	Stop struct {
		All     bool          `help:"All processes of all projects."`
		For     time.Duration `help:"How long; else until kitt start or kitt apply." placeholder:"2h"`
		Message string        `short:"m" help:"Why, for whoever looks later." placeholder:"WHY"`
		NoWait  bool          `help:"Do not wait until all is down."`
		Timeout time.Duration `default:"60s" help:"How long to wait."`
		Names   []string      `arg:"" optional:"" name:"name" help:"Which: web, web.1, shop/web."`
	} `cmd:"" help:"Stop processes and hold them down, over reboots too." examples:"kitt stop web|kitt stop web --for 2h -m 'database is moving'"`

	Scale struct {
		NoWait  bool          `help:"Do not wait until all is up."`
		Timeout time.Duration `default:"60s" help:"How long to wait."`
		Counts  []string      `arg:"" name:"name=n" help:"How many instances: web=3."`
	} `cmd:"" help:"Set how many instances run, until the file's own number changes." examples:"kitt scale web=3 worker=0"`

	Delete struct {
		All     bool          `help:"All processes of all projects."`
		NoWait  bool          `help:"Do not wait until all is down."`
		Timeout time.Duration `default:"60s" help:"How long to wait."`
		Names   []string      `arg:"" optional:"" name:"name" help:"Which: web, shop/web."`
	} `cmd:"" aliases:"del,rm" help:"Stop processes and list them no more." examples:"kitt delete web"`

	Down struct {
		All     bool          `help:"All projects."`
		NoWait  bool          `help:"Do not wait until all is down."`
		Timeout time.Duration `default:"60s" help:"How long to wait."`
		Project string        `arg:"" optional:"" help:"Project (default: that of this folder)."`
	} `cmd:"" help:"Stop and hold all processes of a project." examples:"kitt down|kitt down shop"`

	Shutdown struct {
		Timeout time.Duration `default:"60s" help:"How long to wait."`
	} `cmd:"" aliases:"kill" help:"Stop every process, and kitt itself." examples:"kitt shutdown"`

	Service struct {
		Install struct {
			System bool `help:"For the machine rather than for this user."`
		} `cmd:"" help:"Let kitt start at boot or login, and mend what drifted." examples:"kitt service install|sudo kitt service install --system"`
		Uninstall struct {
			System bool `help:"That of the machine."`
		} `cmd:"" help:"Let kitt start at boot or login no more."`
		Status struct {
			System bool `help:"That of the machine."`
		} `cmd:"" help:"Tell how the service stands: exit 0 running, 3 stopped, 4 not installed."`
		Start struct {
			System bool `help:"That of the machine."`
		} `cmd:"" help:"Start the service."`
		Stop struct {
			System bool `help:"That of the machine."`
		} `cmd:"" help:"Stop the service."`
		Restart struct {
			System bool `help:"That of the machine."`
		} `cmd:"" help:"Restart the service; processes run on."`
		Print struct {
			System bool `help:"That of the machine."`
		} `cmd:"" help:"Print the file that install would write."`
	} `cmd:"" help:"kitt itself as a service of launchd or systemd." examples:"kitt service install|kitt service status"`

	Upgrade struct {
		To      string        `help:"The program to become (default: what lies where the running kitt was started from)." placeholder:"PATH"`
		Timeout time.Duration `default:"40s" help:"How long to wait."`
	} `cmd:"" help:"Let the running kitt become another build of it; processes are not touched." examples:"kitt upgrade|kitt upgrade --to ./kitt"`

	Ver struct{} `cmd:"" name:"version" help:"Print the version of kitt, and of its daemon."`
}

// verbs hands the flags over, each verb's to its own file in internal/cli.
func (k *kitt) verbs() (cli.Globals, map[string]cli.Verb) {
	s := &k.Service
	return cli.Globals{Home: k.Home, Output: k.Output, JSON: k.JSON, Quiet: k.Quiet, Verbose: k.Verbose, Color: k.Color, NoColor: k.NoColor},
		map[string]cli.Verb{
			"apply": cli.Apply(k.Apply), "plan": cli.Plan(k.Plan), "check": cli.Check(k.Check),
			"status": cli.Status(k.Status), "show": cli.Show(k.Show), "explain": cli.Explain(k.Explain),
			"logs": cli.Logs(k.Logs), "events": cli.Events(k.Events),
			"restart": cli.Restart(k.Restart), "reload": cli.Reload(k.Reload),
			"start": cli.Start(k.Start), "run": cli.Run(k.Run), "runs": cli.Runs(k.Runs), "stop": cli.Stop(k.Stop), "scale": cli.Scale(k.Scale), "delete": cli.Delete(k.Delete),
			"down": cli.Down(k.Down), "shutdown": cli.Shutdown(k.Shutdown), "version": cli.VersionCmd(k.Ver), "upgrade": cli.Upgrade(k.Upgrade),
			"service install": cli.ServiceInstall(s.Install), "service uninstall": cli.ServiceUninstall(s.Uninstall),
			"service status": cli.ServiceStatus(s.Status), "service start": cli.ServiceStart(s.Start),
			"service stop": cli.ServiceStop(s.Stop), "service restart": cli.ServiceRestart(s.Restart),
			"service print": cli.ServicePrint(s.Print),
		}
}
