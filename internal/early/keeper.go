package early

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"kitt.sh/reconcile/keeper"
	"kitt.sh/service/home"
	"kitt.sh/service/unit/sdnotify"
)

// keeperMain is `kitt keeper`: the parent of everything.
func keeperMain(args []string) int {
	d, asService, err := ProcessFlags("keeper", args)
	var opt keeper.Options
	keeper.NameProcess()
	if err == nil {
		opt, err = KeeperOptions(d, asService)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "kitt keeper: %v\n", err)
		return 1
	}
	if asService {
		opt.Ready = func() { _ = sdnotify.Notify("READY=1") } // no manager listens: nobody waits
	}
	return keeper.Run(opt)
}

// ProcessFlags are what kitt's own processes are told: kitt keeper --home DIR [--service]. It makes the folders.
func ProcessFlags(name string, args []string) (d home.Dirs, asService bool, err error) {
	f := flag.NewFlagSet("kitt "+name, flag.ContinueOnError)
	dir := f.String("home", "", "folder of everything kitt keeps")
	f.BoolVar(&asService, "service", false, "run by a service manager")
	if err := f.Parse(args); err != nil {
		return d, false, err
	}
	if d, err = home.Resolve(*dir, os.Getenv, runtime.GOOS); err != nil {
		return d, false, err
	}
	return d, asService, d.Make()
}

// KeeperOptions says where a keeper lives and what its daemon is.
func KeeperOptions(d home.Dirs, asService bool) (keeper.Options, error) {
	exe, err := CalledAs()
	if err != nil {
		return keeper.Options{}, err
	}
	opt := keeper.Options{Home: d.Home, Run: d.Run, State: d.State, Exe: exe, DaemonArgs: []string{"daemon", "--home", d.Home},
		Service: asService, Memory: d.Custom(os.Getenv, runtime.GOOS), Stderr: filepath.Join(d.Own(), "daemon.log"), Version: Version()}
	if asService {
		opt.DaemonArgs = append(opt.DaemonArgs, "--service")
	}
	return opt, nil
}
