// Command kitt keeps a list of processes true. This file is its table of contents: every command and flag.
package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
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
	Output  string           `short:"o" default:"table" help:"Form of the output: table, wide, json, yaml or name." placeholder:"FORM"`
	JSON    bool             `name:"json" help:"The same as -o json."`
	Quiet   bool             `short:"q" help:"Say only what failed."`
	Silent  bool             `short:"s" hidden:"" help:"The same as -q."`
	Verbose bool             `short:"v" help:"Say more."`
	Color   string           `enum:"auto,always,never" default:"auto" help:"Colours: auto, always or never." placeholder:"WHEN"`
	NoColor bool             `help:"The same as --color=never."`
	Version kong.VersionFlag `help:"Print the version."`

	Apply struct {
		File      string        `short:"f" help:"Spec file; - reads stdin (default: kitt.hcl, Procfile or ecosystem file of this folder)." placeholder:"FILE"`
		Profile   string        `aliases:"env" help:"Profile of the spec: profile in kitt.hcl, env_NAME in an ecosystem file." placeholder:"NAME"`
		Formation []string      `help:"Instances of a Procfile's processes: web=2,worker=0." placeholder:"NAME=N"`
		Port      int           `help:"Base of the ports of a Procfile's processes." placeholder:"PORT"`
		Only      []string      `help:"Only these processes; the others stay as they are: web,api." placeholder:"NAME"`
		NoWait    bool          `help:"Do not wait until all is up."`
		Timeout   time.Duration `default:"60s" help:"How long to wait."`
		Name      string        `arg:"" optional:"" name:"file" help:"The same as -f FILE."`
	} `cmd:"" help:"Make the spec true: start, replace and stop what differs." examples:"kitt apply|kitt apply -f Procfile --formation web=2|kitt apply --env production"`

	Plan struct {
		File             string   `short:"f" help:"Spec file; - reads stdin." placeholder:"FILE"`
		Profile          string   `aliases:"env" help:"Profile of the spec." placeholder:"NAME"`
		Formation        []string `help:"Instances of a Procfile's processes: web=2,worker=0." placeholder:"NAME=N"`
		Port             int      `help:"Base of the ports of a Procfile's processes." placeholder:"PORT"`
		Only             []string `help:"Only these processes: web,api." placeholder:"NAME"`
		DetailedExitcode bool     `help:"Exit 2 when something would be done."`
		Reveal           bool     `help:"With -o json: the values of the environment too."`
		Name             string   `arg:"" optional:"" name:"file" help:"The same as -f FILE."`
	} `cmd:"" help:"Show what apply would do, and do nothing." examples:"kitt plan|kitt plan --detailed-exitcode -q"`

	Check struct {
		File    string `short:"f" help:"Spec file; - reads stdin." placeholder:"FILE"`
		Profile string `aliases:"env" help:"Profile of the spec." placeholder:"NAME"`
		Name    string `arg:"" optional:"" name:"file" help:"The same as -f FILE."`
	} `cmd:"" help:"Tell everything that is wrong with a spec file." examples:"kitt check|kitt check ecosystem.config.cjs"`

	Up struct {
		File      string   `short:"f" help:"Spec file; - reads stdin (default: kitt.hcl, Procfile or ecosystem file of this folder)." placeholder:"FILE"`
		Profile   string   `aliases:"env" help:"Profile of the spec." placeholder:"NAME"`
		Port      int      `help:"Base of the ports of a Procfile's processes." placeholder:"PORT"`
		Restart   bool     `help:"Restart what dies as the spec says; one that gives up ends all."`
		KeepGoing bool     `help:"The end of one does not end the others."`
		Names     []string `arg:"" optional:"" name:"name[=n]" help:"Only these, and what they depend on; web=2 sets a number of instances."`
	} `cmd:"" help:"Run the processes of a spec in the foreground; Ctrl-C ends all." examples:"kitt up|kitt up web=2 worker=0|kitt up --restart -f ecosystem.config.cjs"`

	Status struct {
		Watch bool     `short:"w" help:"Redraw each second, until Ctrl-C."`
		Names []string `arg:"" optional:"" name:"name" help:"Only these: web, web.1, shop/web."`
	} `cmd:"" aliases:"ls,list,l,ps" help:"Show what runs, and what does not and why." examples:"kitt status|kitt status -o json web|kitt ls --watch"`

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
		Follow bool   `short:"f" help:"Go on with what comes, until Ctrl-C."`
		Lines  string `short:"n" default:"15" help:"How many lines of the past; all for everything." placeholder:"N"`
		Err    bool   `help:"Only stderr."`
		Out    bool   `help:"Only stdout."`
		Raw    bool   `help:"The stored bytes exactly, with nothing added."`
		Since  string `help:"Only from then on: 10m, 15:04, RFC 3339." placeholder:"TIME"`
		Until  string `help:"Only what began by then; not with -f." placeholder:"TIME"`
		Grep   string `help:"Only lines that this regular expression finds something in." placeholder:"REGEXP"`

		IgnoreCase bool     `short:"i" help:"With --grep: upper and lower case are the same."`
		Invert     bool     `aliases:"invert-match" help:"With --grep: only lines that it finds nothing in; -v is the same then."`
		Context    int      `short:"C" help:"So many lines before and after each that is found." placeholder:"N"`
		Before     int      `short:"B" help:"So many before." placeholder:"N"`
		After      int      `short:"A" help:"So many after." placeholder:"N"`
		Level      string   `help:"Only lines of that level or worse: trace, debug, info, warn, error, fatal." placeholder:"LEVEL"`
		Field      []string `sep:"none" help:"Only JSON and logfmt lines with that field: req.method=GET." placeholder:"KEY=VALUE"`
		Crash      bool     `help:"The last lines before the last crash, and how it ended."`
		Export     string   `help:"Write each stream to a plain file in this folder." placeholder:"DIR"`

		Past  bool     `name:"nostream" hidden:"" help:"pm2's word for no -f."`
		Names []string `arg:"" optional:"" name:"name" help:"Only these: web, web.1, shop/web, 'web*', a namespace."`
	} `cmd:"" aliases:"log" help:"Print what processes wrote, merged by time." examples:"kitt logs -f|kitt logs web --err --since 10m|kitt logs --level warn --grep timeout -i -C 3|kitt logs --crash web|kitt logs web.1 -n all --raw"`

	Events struct {
		Follow bool     `short:"f" help:"Go on with what comes, until Ctrl-C."`
		Since  string   `help:"Only from then on: 10m, 15:04, RFC 3339." placeholder:"TIME"`
		Lines  int      `short:"n" default:"50" help:"How many of the past." placeholder:"N"`
		Names  []string `arg:"" optional:"" name:"name" help:"Only these: web, web.1, shop/web."`
	} `cmd:"" help:"Tell what happened, and why." examples:"kitt events -f|kitt events --since 1h web"`

	UI struct {
		Listen  string `help:"Port, or address of this machine itself (default: a free port)." placeholder:"ADDRESS"`
		Socket  string `help:"A unix socket instead." placeholder:"PATH"`
		Control bool   `help:"Who opens the page may also restart, stop, start, scale and apply."`
		NoOpen  bool   `help:"Only print the address."`
		Stop    bool   `help:"Close the page."`
	} `cmd:"" name:"ui" help:"Open a page that shows everything, in your browser." examples:"kitt ui|kitt ui --control|kitt ui --listen 9000 --no-open"`

	Doctor struct {
		Fix bool `help:"Also do what is safe: modes of files, the service."`
	} `cmd:"" help:"Look for what is wrong with this kitt and its machine: exit 1 where something is." examples:"kitt doctor|kitt doctor --fix"`

	Graph struct {
		File    string `short:"f" help:"Spec file; - reads stdin." placeholder:"FILE"`
		Profile string `aliases:"env" help:"Profile of the spec." placeholder:"NAME"`
		DOT     bool   `name:"dot" help:"In the language of Graphviz."`
		Name    string `arg:"" optional:"" name:"file" help:"The same as -f FILE."`
	} `cmd:"" help:"Draw what of a spec depends on what." examples:"kitt graph|kitt graph --dot > graph.dot"`

	History struct {
		Lines   int    `short:"n" default:"20" help:"How many of the past." placeholder:"N"`
		Project string `arg:"" optional:"" help:"Project (default: that of this folder)."`
	} `cmd:"" help:"List the revisions of a project: each spec that was applied, and what it changed." examples:"kitt history|kitt history shop -o json"`

	Diff struct {
		Project   string   `help:"Project (default: that of this folder)." placeholder:"NAME"`
		Revisions []string `arg:"" optional:"" name:"revision" help:"From, and to (default: the last two)."`
	} `cmd:"" help:"Show what differs between two revisions." examples:"kitt diff|kitt diff 3|kitt diff 3 5"`

	Rollback struct {
		Project  string        `help:"Project (default: that of this folder)." placeholder:"NAME"`
		NoWait   bool          `help:"Do not wait until all is up."`
		Timeout  time.Duration `default:"60s" help:"How long to wait."`
		Revision string        `arg:"" optional:"" help:"Its number (default: the last revision that came up whole)."`
	} `cmd:"" help:"Make an earlier revision the one that is wanted, until its file is edited or applied." examples:"kitt rollback|kitt rollback 3"`

	Restart struct {
		All       bool          `help:"All processes of all projects."`
		UpdateEnv bool          `short:"a" help:"What was started without a spec takes over this shell's environment."`
		NoWait    bool          `help:"Do not wait until all is up."`
		Timeout   time.Duration `default:"60s" help:"How long to wait."`
		Names     []string      `arg:"" optional:"" name:"name" help:"Which: web, web.1, shop/web, all, /regexp/, a namespace, a pm_id."`
	} `cmd:"" help:"Give processes a new life each." examples:"kitt restart web|kitt restart web api.2|kitt restart --all"`

	Reload struct {
		All       bool          `help:"All processes of all projects."`
		UpdateEnv bool          `short:"a" help:"What was started without a spec takes over this shell's environment."`
		NoWait    bool          `help:"Do not wait until all is up."`
		Timeout   time.Duration `default:"60s" help:"How long to wait."`
		Names     []string      `arg:"" optional:"" name:"name" help:"Which: web, web.1, shop/web, all, /regexp/, a namespace, a pm_id."`
	} `cmd:"" aliases:"gracefulReload" help:"Replace the workers of a cluster one by one, without a gap; the same as restart for others." examples:"kitt reload web"`

	Send struct {
		Name    string `arg:"" help:"Process: web, web.1, shop/web."`
		Message string `arg:"" help:"JSON, or a text."`
	} `cmd:"" help:"Send a message to a Node program: process.on('message')." examples:"kitt send web hello"`

	Metrics struct {
		Listen string `help:"Serve them at /metrics instead, until Ctrl-C: 9469 (on loopback), 10.0.0.5:9469, or unix:FILE." placeholder:"ADDRESS"`
	} `cmd:"" help:"Print what can be measured, in the OpenMetrics form that Prometheus reads." examples:"kitt metrics|kitt metrics --listen 9469"`

	Why struct {
		Names []string `arg:"" optional:"" name:"name" help:"Which: web, web.1, shop/web, a pattern; all that is amiss without one."`
	} `cmd:"" help:"Tell why processes are as they are, and what to do." examples:"kitt why|kitt why web"`

	Notify struct {
		List struct{} `cmd:"" default:"1" help:"List the notify blocks, when each was last sent to, and what is in the way." examples:"kitt notify|kitt notify -o wide"`
		Test struct {
			Names []string `arg:"" optional:"" name:"name" help:"Which: ops, shop/ops (default: all of this project)."`
		} `cmd:"" help:"Send a test alert, and tell what came of it." examples:"kitt notify test|kitt notify test ops"`
	} `cmd:"" help:"Alerts: whom kitt tells of failures, and whether it can." examples:"kitt notify|kitt notify test ops"`

	MCP struct {
		Control bool `help:"Also let the agent apply and restart."`
	} `cmd:"" name:"mcp" help:"Let an agent look at kitt: a server of the Model Context Protocol on stdin and stdout." examples:"kitt mcp|kitt mcp --control"`

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
		Save    bool          `help:"Write a script into the spec file of this folder."`
		Force   bool          `short:"f" help:"Take the place of a process of that name."`
		Profile string        `aliases:"env" help:"Profile of a spec file." placeholder:"NAME"`
		Only    []string      `help:"Only these processes of a spec file: web,api." placeholder:"NAME"`
		App     cli.AppFlags  `embed:"" group:"How a script runs"`
		Names   []string      `arg:"" optional:"" name:"name" help:"Which: web, web.1, shop/web, all, /regexp/, a namespace, a pm_id; or a spec file, a script, a quoted command."`
		Args    []string      `kong:"-"`
	} `cmd:"" help:"Let processes run again that were stopped; start a script, a command or a spec file." examples:"kitt start web|kitt start app.js -n web -- --port 3000|kitt start 'npm run web' --save"`

	Stop struct {
		All     bool          `help:"All processes of all projects."`
		For     time.Duration `help:"How long; else until kitt start or kitt apply." placeholder:"2h"`
		Message string        `short:"m" help:"Why, for whoever looks later." placeholder:"WHY"`
		Wait    bool          `help:"Wait until all is down, as without it."`
		NoWait  bool          `help:"Do not wait until all is down."`
		Timeout time.Duration `help:"How long to wait (default: a minute, or as long as their stops may take)." placeholder:"60s"`
		Names   []string      `arg:"" optional:"" name:"name" help:"Which: web, web.1, shop/web, all, /regexp/, a namespace, a pm_id."`
	} `cmd:"" help:"Stop processes and hold them down, over reboots too." examples:"kitt stop web|kitt stop web --for 2h -m 'database is moving'"`

	Scale struct {
		NoWait  bool          `help:"Do not wait until all is up."`
		Timeout time.Duration `default:"60s" help:"How long to wait."`
		Counts  []string      `arg:"" name:"name=n" help:"How many instances: web=3."`
	} `cmd:"" help:"Set how many instances run, until the file's own number changes." examples:"kitt scale web=3 worker=0"`

	Delete struct {
		All     bool          `help:"All processes of all projects."`
		NoWait  bool          `help:"Do not wait until all is down."`
		Timeout time.Duration `help:"How long to wait (default: a minute, or as long as their stops may take)." placeholder:"60s"`
		Names   []string      `arg:"" optional:"" name:"name" help:"Which: web, shop/web."`
	} `cmd:"" aliases:"del,rm" help:"Stop processes and list them no more." examples:"kitt delete web"`

	Down struct {
		All     bool          `help:"All projects."`
		Wait    bool          `help:"Wait until all is down, as without it."`
		NoWait  bool          `help:"Do not wait until all is down."`
		Timeout time.Duration `help:"How long to wait (default: a minute, or as long as their stops may take)." placeholder:"60s"`
		Project string        `arg:"" optional:"" help:"Project (default: that of this folder)."`
	} `cmd:"" help:"Stop and hold all processes of a project." examples:"kitt down|kitt down shop"`

	Shutdown struct {
		Timeout time.Duration `default:"60s" help:"How long to wait."`
	} `cmd:"" aliases:"kill" help:"Stop every process, and kitt itself." examples:"kitt shutdown"`

	Import struct {
		As       string        `name:"as" help:"Format of the files, where neither name nor content tells." placeholder:"FORMAT"`
		Force    bool          `help:"Write over a file that is there."`
		TakeOver bool          `help:"pm2: stop each process there and start it in kitt, one by one."`
		Timeout  time.Duration `default:"60s" help:"How long to wait for each, with --take-over."`
		What     []string      `arg:"" optional:"" name:"what" help:"pm2, or files of another process manager."`
	} `cmd:"" help:"Write a kitt.hcl (-o FILE) of what another process manager runs or has on disk." examples:"kitt import pm2|kitt import pm2 --take-over|kitt import docker-compose.yml -o -|kitt import /etc/systemd/system/web.service"`

	Export struct {
		File    string `short:"f" help:"Spec file; - reads stdin." placeholder:"FILE"`
		Profile string `aliases:"env" help:"Profile of the spec." placeholder:"NAME"`
		Force   bool   `help:"Write over files that are there."`
		Format  string `arg:"" help:"procfile, systemd, launchd, supervisor or compose."`
		Name    string `arg:"" optional:"" name:"file" help:"The same as -f FILE."`
	} `cmd:"" help:"Write the spec in the format of another process manager: to stdout, or -o FILE or folder." examples:"kitt export systemd -o units|kitt export procfile|kitt export launchd -f web.hcl"`

	Deploy struct {
		File  string   `short:"f" help:"The pm2 file with a deploy section (default: the ecosystem file of this folder)." placeholder:"FILE"`
		Force bool     `help:"Also where what is changed here is not committed or not pushed."`
		Words []string `arg:"" optional:"" name:"env" help:"The environment, then setup, update (default), revert N, exec CMD, list, curr, prev or a ref."`
	} `cmd:"" help:"Bring a repository to hosts over ssh, as the deploy section of a pm2 file says." examples:"kitt deploy production setup|kitt deploy production|kitt deploy production revert 1|kitt deploy production exec 'kitt apply'"`

	Service struct {
		Install struct {
			System  bool   `xor:"System" help:"For the machine rather than for this user."`
			User    bool   `xor:"System" help:"For this user, as without it."`
			RunAs   string `help:"With --system: whose processes it runs (default: who calls sudo)." placeholder:"USER"`
			NoStart bool   `help:"Begin at the next boot or login only."`
			DryRun  bool   `help:"Say what would be written and run, and do nothing."`
		} `cmd:"" help:"Let kitt start at boot or login, and mend what drifted." examples:"kitt service install|kitt service install --dry-run|sudo kitt service install --system"`
		Logs struct {
			Lines  int  `short:"n" default:"40" help:"How many lines of each." placeholder:"N"`
			System bool `help:"That of the machine."`
		} `cmd:"" help:"Print what the keeper and the daemon wrote of themselves." examples:"kitt service logs"`
		Doctor struct {
			Fix bool `help:"Also do what is safe."`
		} `cmd:"" help:"The same as kitt doctor." examples:"kitt service doctor"`
		Selftest struct {
			DryRun bool `help:"Say what would be tried, and do nothing."`
		} `cmd:"" help:"Try all of this on this machine with a second kitt that is taken away again; exit 1 where something failed." examples:"kitt service selftest --dry-run|kitt service selftest|kitt service selftest -o json"`
		Uninstall struct {
			System   bool `xor:"System" help:"That of the machine."`
			User     bool `xor:"System" help:"That of this user (default: the one that is there)."`
			StopApps bool `help:"Stop every process too; else they run on."`
		} `cmd:"" help:"Let kitt start at boot or login no more." examples:"kitt service uninstall|kitt service uninstall --stop-apps"`
		Status struct {
			System bool `xor:"System" help:"That of the machine."`
			User   bool `xor:"System" help:"That of this user (default: the one that is there)."`
		} `cmd:"" help:"Tell how the service stands: exit 0 running, 3 stopped, 4 not installed." examples:"kitt service status"`
		Start struct {
			System bool `xor:"System" help:"That of the machine."`
			User   bool `xor:"System" help:"That of this user (default: the one that is there)."`
		} `cmd:"" help:"Start the service." examples:"kitt service start"`
		Stop struct {
			System bool `xor:"System" help:"That of the machine."`
			User   bool `xor:"System" help:"That of this user (default: the one that is there)."`
			Keep   bool `help:"Leave the processes running; kitt apply or the next start finds them."`
		} `cmd:"" help:"Stop the service, and every process." examples:"kitt service stop|kitt service stop --keep"`
		Restart struct {
			System bool `xor:"System" help:"That of the machine."`
			User   bool `xor:"System" help:"That of this user (default: the one that is there)."`
		} `cmd:"" help:"Restart the service; processes run on." examples:"kitt service restart"`
		Print struct {
			System bool   `xor:"System" help:"That of the machine."`
			User   bool   `xor:"System" help:"That of this user (default)."`
			For    string `help:"For another service manager: launchd, systemd, openrc, runit or s6." placeholder:"MANAGER"`
		} `cmd:"" help:"Print the file that install would write." examples:"kitt service print|kitt service print --for openrc"`
	} `cmd:"" help:"kitt itself as a service of launchd or systemd." examples:"kitt service install|kitt service status"`

	Upgrade struct {
		To      string        `help:"The program to become (default: what lies where the running kitt was started from)." placeholder:"PATH"`
		Timeout time.Duration `default:"40s" help:"How long to wait."`
	} `cmd:"" help:"Let the running kitt become another build of it; processes are not touched." examples:"kitt upgrade|kitt upgrade --to ./kitt"`

	Signal struct {
		All    bool     `help:"All processes of all projects."`
		Tree   bool     `help:"Every process of its tree, not only its first."`
		Signal string   `arg:"" help:"SIGHUP, USR2, 15."`
		Names  []string `arg:"" optional:"" name:"name" help:"Which: web, web.1, shop/web, all, /regexp/, a namespace, a pm_id."`
	} `cmd:"" aliases:"sendSignal" help:"Send a signal to processes." examples:"kitt signal SIGHUP web"`

	Reset struct {
		All   bool     `help:"All processes of all projects."`
		Names []string `arg:"" optional:"" name:"name" help:"Which: web, web.1, shop/web, all, /regexp/, a namespace, a pm_id."`
	} `cmd:"" help:"Count restarts from 0 again." examples:"kitt reset web"`

	Flush struct {
		Names []string `arg:"" optional:"" name:"name" help:"Only these: web, web.1, shop/web."`
	} `cmd:"" help:"Empty logs." examples:"kitt flush web"`

	Serve struct {
		Host     string   `default:"127.0.0.1" help:"Address to listen on; 0.0.0.0 for everybody." placeholder:"ADDRESS"`
		Port     int      `help:"The same as PORT." placeholder:"PORT"`
		Name     string   `short:"n" help:"Name of the process (default: static-page-server-PORT)." placeholder:"NAME"`
		SPA      bool     `name:"spa" help:"Answer index.html for what is no file."`
		AuthFile string   `help:"File of user:password lines, for basic auth." placeholder:"FILE"`
		User     string   `name:"basic-auth-username" help:"User for basic auth." placeholder:"NAME"`
		Password string   `name:"basic-auth-password" help:"Password for basic auth (better: $KITT_SERVE_PASSWORD, or --auth-file)." env:"KITT_SERVE_PASSWORD" placeholder:"WORD"`
		Words    []string `arg:"" optional:"" name:"folder-port" help:"Folder (default: this one), and port (default: 8080)."`
	} `cmd:"" aliases:"expose" help:"Serve the files of a folder over HTTP, as a process of kitt." examples:"kitt serve|kitt serve dist 3000 --spa"`

	Init struct {
		PM2 bool `name:"pm2" help:"An ecosystem file rather than a kitt.hcl."`
	} `cmd:"" help:"Write a spec file to begin with into this folder." examples:"kitt init|kitt init --pm2"`
	Report struct{} `cmd:"" help:"Print what to paste into a question." examples:"kitt report"`
	Monit  struct{} `cmd:"" aliases:"dashboard,dash,top" help:"Watch and steer all processes in a dashboard." examples:"kitt monit"`

	JList      struct{} `cmd:"" name:"jlist" hidden:"" help:"The list in the form of pm2's jlist."`
	Prettylist struct{} `cmd:"" hidden:"" help:"The list in the form of pm2's prettylist."`
	Pid        struct {
		Names []string `arg:"" optional:"" name:"name"`
	} `cmd:"" hidden:"" help:"Print process ids."`
	ID struct {
		Names []string `arg:"" name:"name"`
	} `cmd:"" name:"id" hidden:"" help:"Print the numbers of instances."`
	Env struct {
		Reveal bool
		Name   string `arg:""`
	} `cmd:"" hidden:"" help:"The same as show --env."`
	Ping struct{} `cmd:"" hidden:"" help:"Tell whether kitt runs."`
	Save struct {
		Force bool
	} `cmd:"" aliases:"dump" hidden:"" help:"Not needed: what you say is on disk already."`
	Resurrect  struct{} `cmd:"" hidden:"" help:"Start kitt, and with it what is wanted."`
	ReloadLogs struct{} `cmd:"" name:"reloadLogs" hidden:"" help:"Not needed: kitt finds moved log files by itself."`
	Startup    startup  `cmd:"" hidden:"" help:"The same as service install."`
	Unstartup  startup  `cmd:"" hidden:"" help:"The same as service uninstall."`
	Update     struct{} `cmd:"" aliases:"updatePM2" hidden:"" help:"The same as upgrade."`
	Ecosystem  struct {
		Kind string `arg:"" optional:""`
	} `cmd:"" hidden:"" help:"Write an ecosystem file to begin with."`
	StartOr struct {
		Profile string `aliases:"env" help:"Profile of the spec." placeholder:"NAME"`
		File    string `arg:"" optional:""`
	} `cmd:"" name:"startOrRestart" aliases:"startOrReload,startOrGracefulReload" hidden:"" help:"The same as apply."`
	Attach struct {
		Name string `arg:"" help:"Process: web, web.1, a pm_id."`
	} `cmd:"" help:"Show what a process writes, and give it what is typed (stdin = true)." examples:"kitt attach repl"`

	Completion struct {
		Shell string `arg:"" optional:"" help:"bash, zsh, fish or powershell (default: that of $$SHELL)."`
	} `cmd:"" help:"Print what makes a shell complete kitt's command lines, live names among them." examples:"source <(kitt completion zsh)|kitt completion bash > ~/.local/share/bash-completion/completions/kitt"`

	Man struct {
		Write string   `help:"Write all pages into the folder man1 of this one." placeholder:"DIR"`
		Words []string `arg:"" optional:"" name:"verb" help:"Whose page: apply, service install (default: kitt's own)."`
	} `cmd:"" help:"Print a page of the manual." examples:"kitt man apply > kitt-apply.1|kitt man --write /usr/local/share/man"`

	Ver struct{} `cmd:"" name:"version" help:"Print the version of kitt, and of its daemon." examples:"kitt version"`
}

// Validate keeps -o to the forms of the output; of verbs that write files it names the file.
func (k *kitt) Validate(at *kong.Context) error {
	forms := []string{"table", "wide", "json", "yaml", "name"}
	if on := at.Selected(); on != nil && (on.Name == "import" || on.Name == "export" || on.Name == "logs" && k.Output == "raw") || slices.Contains(forms, k.Output) {
		return nil
	}
	return fmt.Errorf("--output must be one of %q but got %q", strings.Join(forms, ","), k.Output)
}

// logs takes -v for what it is to those who know grep.
func (k *kitt) logs() cli.Logs {
	l := cli.Logs(k.Logs)
	l.Invert = l.Invert || k.Verbose && l.Grep != ""
	return l
}

// verbs hands the flags over, each verb's to its own file in internal/cli.
func (k *kitt) verbs() (cli.Globals, map[string]cli.Verb) {
	s := &k.Service
	return cli.Globals{Home: k.Home, Output: k.Output, JSON: k.JSON, Quiet: k.Quiet || k.Silent, Verbose: k.Verbose, Color: k.Color, NoColor: k.NoColor},
		map[string]cli.Verb{
			"apply": cli.Apply(k.Apply), "up": cli.Up(k.Up), "plan": cli.Plan(k.Plan), "check": cli.Check(k.Check),
			"status": cli.Status(k.Status), "show": cli.Show(k.Show), "explain": cli.Explain(k.Explain),
			"logs": k.logs(), "events": cli.Events(k.Events),
			"restart": cli.Restart(k.Restart), "reload": cli.Reload(k.Reload),
			"start": k.start(), "run": cli.Run(k.Run), "runs": cli.Runs(k.Runs), "stop": cli.Stop(k.Stop), "scale": cli.Scale(k.Scale), "send": cli.Send(k.Send), "why": cli.Why(k.Why), "metrics": cli.Metrics(k.Metrics), "mcp": cli.MCP(k.MCP), "notify list": cli.Notify(k.Notify.List), "notify test": cli.NotifyTest(k.Notify.Test), "delete": cli.Delete(k.Delete),
			"down": cli.Down(k.Down), "shutdown": cli.Shutdown(k.Shutdown), "version": cli.VersionCmd(k.Ver), "upgrade": cli.Upgrade(k.Upgrade),
			"import": cli.Import(k.Import), "export": cli.Export(k.Export), "deploy": cli.Deploy(k.Deploy),
			"service install": cli.ServiceInstall(s.Install), "service uninstall": cli.ServiceUninstall(s.Uninstall),
			"service status": cli.ServiceStatus(s.Status), "service start": cli.ServiceStart(s.Start),
			"service stop": cli.ServiceStop(s.Stop), "service restart": cli.ServiceRestart(s.Restart),
			"service print": cli.ServicePrint(s.Print), "service logs": cli.ServiceLogs(s.Logs), "service doctor": cli.Doctor(s.Doctor), "service selftest": cli.ServiceSelftest(s.Selftest),
			"signal": cli.SignalVerb(k.Signal), "reset": cli.Reset(k.Reset), "flush": cli.Flush(k.Flush), "serve": cli.Serve(k.Serve),
			"init": cli.Init(k.Init), "report": cli.Report(k.Report), "monit": cli.Monit(k.Monit), "jlist": cli.JList(k.JList),
			"prettylist": cli.Prettylist(k.Prettylist), "pid": cli.Pid(k.Pid), "id": cli.ID(k.ID), "env": cli.Env(k.Env), "ping": cli.Ping(k.Ping),
			"save": cli.Save(k.Save), "resurrect": cli.Resurrect(k.Resurrect), "reloadLogs": cli.ReloadLogs(k.ReloadLogs),
			"startup": cli.Startup(k.Startup), "unstartup": cli.Unstartup(k.Unstartup), "update": cli.Update(k.Update),
			"ecosystem": cli.Ecosystem(k.Ecosystem), "startOrRestart": cli.StartOr(k.StartOr), "attach": cli.Attach(k.Attach),
			"ui": cli.UI(k.UI), "doctor": cli.Doctor(k.Doctor), "graph": cli.Graph(k.Graph), "history": cli.History(k.History), "diff": cli.Diff(k.Diff), "rollback": cli.Rollback(k.Rollback),
			"completion": cli.Completion(k.Completion), "man": cli.Man(k.Man),
		}
}

// startup is what pm2's startup and unstartup take; kitt finds the platform, the user and the home by itself.
type startup struct {
	System   bool   `help:"For the machine rather than for this user."`
	User     string `short:"u" hidden:""`
	HomePath string `name:"hp" hidden:""`
	Platform string `arg:"" optional:"" hidden:""`
}

// start hands over the flags of start, those of a script with them.
func (k *kitt) start() cli.Start {
	s := &k.Start
	return cli.Start{All: s.All, NoWait: s.NoWait, Timeout: s.Timeout, Save: s.Save, Force: s.Force, Profile: s.Profile, Only: s.Only,
		App: s.App, Names: s.Names}
}
