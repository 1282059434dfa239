package main

import "kitt.sh/internal/cli"

// appFlags are pm2's flags of start.
type appFlags struct {
	Name             string   `short:"n" help:"Its name (default: that of the script)." placeholder:"NAME"`
	Namespace        string   `help:"Its group." placeholder:"NAME"`
	Instances        string   `short:"i" help:"How many; max is one for each processor." placeholder:"N"`
	Cwd              string   `help:"Its folder (default: this one)." placeholder:"DIR"`
	Interpreter      string   `help:"What runs the script; none runs it itself (default: by its ending, or first line)." placeholder:"PROGRAM"`
	InterpreterArgs  string   `aliases:"node-args" help:"Arguments of the interpreter." placeholder:"ARGS"`
	MaxMemoryRestart string   `help:"Restart it when it takes more than 200M." placeholder:"SIZE"`
	MaxRestarts      string   `help:"Give up after so many deaths." placeholder:"N"`
	RestartDelay     string   `help:"Milliseconds before a restart." placeholder:"MS"`
	ExpBackoff       string   `name:"exp-backoff-restart-delay" help:"Milliseconds before the first restart; it grows." placeholder:"MS"`
	Cron             string   `short:"c" aliases:"cron-restart" help:"Restart it at these times." placeholder:"PATTERN"`
	KillTimeout      string   `short:"k" help:"Milliseconds until it is killed." placeholder:"MS"`
	ListenTimeout    string   `help:"Milliseconds that it has to get ready." placeholder:"MS"`
	StopExitCodes    []string `help:"Exit codes after which it is not restarted." placeholder:"N"`
	OutFile          string   `help:"Copy of its stdout (pm2's -o)." placeholder:"FILE"`
	ErrorFile        string   `short:"e" aliases:"error" help:"Copy of its stderr." placeholder:"FILE"`
	LogFile          string   `short:"l" aliases:"log" help:"Copy of both." placeholder:"FILE"`
	LogDateFormat    string   `help:"Time before each line of the copies." placeholder:"FORMAT"`
	LogType          string   `help:"json: an object a line in the copies." placeholder:"TYPE"`
	User             string   `aliases:"uid" help:"User that it runs as; root only." placeholder:"USER"`
	Group            string   `aliases:"gid" help:"Group that it runs as; root only." placeholder:"GROUP"`
	Watch            bool     `help:"Restart it when a file changes."`
	IgnoreWatch      []string `help:"But not when one of these does." placeholder:"PATH"`
	WatchDelay       string   `help:"Milliseconds to wait after a change." placeholder:"MS"`
	Time             bool     `help:"Time before each line of the copies."`
	MergeLogs        bool     `help:"One copy for all instances."`
	DisableLogs      bool     `help:"Keep no output."`
	NoAutorestart    bool     `help:"Do not restart it."`
	NoAutostart      bool     `help:"Only list it."`
	NoTreekill       bool     `help:"Stop its first process only."`
	WaitReady        bool     `help:"Wait for process.send('ready')."`
	ShutdownMessage  bool     `name:"shutdown-with-message" help:"Stop it by process.send('shutdown')."`
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
		App: cli.AppFlags(s.App), Names: s.Names}
}
