package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"kitt.sh/internal/early"
	"kitt.sh/internal/jseval"
	"kitt.sh/reconcile/keeper"
	"kitt.sh/service"
	"kitt.sh/service/home"
	"kitt.sh/spec"
)

// startDetached starts a keeper that outlives this process.
func startDetached(_ context.Context, d home.Dirs) error {
	opt, err := early.KeeperOptions(d, false)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(d.Own(), 0o700); err != nil {
		return err
	}
	return keeper.StartDetached(opt)
}

// daemonMain is `kitt daemon`, child of the keeper: fd 3 is the API's listener, fd 4 the line to the keeper.
func daemonMain(args []string) int {
	debug.SetGCPercent(150)         // what a burst leaves behind is given back after it: see service/rest.go
	debug.SetMemoryLimit(128 << 20) // beyond it garbage is looked for sooner: a large spec leaves much
	d, asService, err := early.ProcessFlags("daemon", args)
	if err != nil {
		return complain("daemon", err)
	}
	log := Logger(os.Stderr, slog.LevelWarn) // what is done, and why, is in the event log
	passed := os.NewFile(3, "api.sock")
	l, err := net.FileListener(passed) // a copy that no child inherits: a listener that nobody serves would hold its callers
	_ = passed.Close()
	if err != nil {
		return complain("daemon", fmt.Errorf("take over the API: %w", err))
	}
	line, err := keeper.Attach(4)
	if err != nil {
		return complain("daemon", fmt.Errorf("reach the keeper: %w", err))
	}
	exe, err := early.CalledAs()
	if err != nil {
		return complain("daemon", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	kitt := &service.Daemon{Dirs: d, Version: Version(), Exe: exe, Service: asService, Up: keeper.Leashed(d.Run), Log: log, Keeper: line, API: l,
		Image: keeper.ImageOf(os.Getpid(), d.State, exe), Load: loader(exe), Screen: screen,
		StartKeeper: func() error { return startDetached(ctx, d) }}
	if !kitt.Up {
		kitt.Drift = driftOf(d)
	}
	if asService {
		kitt.StopService, kitt.Comeback = realStopper(d)
	}
	if err := kitt.Run(ctx); err != nil && ctx.Err() == nil {
		log.Warn("end", "err", err)
	}
	return 0
}

// loader reads specs by the very build that runs, whatever lies at its path by now.
func loader(exe string) service.Loader {
	return func(ctx context.Context, req spec.Request) (service.Loaded, error) {
		return service.ChildLoader(keeper.Image(exe))(ctx, req)
	}
}

// loadMain is `kitt internal load`: it reads a spec for the daemon.
func loadMain([]string) int {
	if err := service.LoadChild(context.Background(), os.Stdin, os.Stdout, evalChild); err != nil {
		return complain("load", err)
	}
	return 0
}

// evalMain is `kitt internal eval`: it evaluates JavaScript, with limits.
func evalMain(args []string) int { return jseval.Main(args, os.Stdin, os.Stdout) }

// evalChild runs evalMain in a child.
func evalChild(ctx context.Context, file string, req spec.Request) (spec.Evaluated, error) {
	exe, err := image()
	if err != nil {
		return spec.Evaluated{}, err
	}
	r, err := jseval.Run(ctx, exe, jseval.Request{File: file, Cwd: req.Cwd, Env: req.Env, Profile: req.Profile})
	var wrong *jseval.Error
	if errors.As(err, &wrong) {
		err = spec.Complaint{Pos: spec.Pos{File: wrong.File, Line: wrong.Line, Col: wrong.Col}, Text: wrong.Error(), Hint: wrong.Hint}
	}
	return spec.Evaluated{Value: r.Value, Reads: r.Reads, Set: r.Env.Set, Unset: r.Env.Unset, Note: r.Note()}, err
}

func complain(process string, err error) int {
	fmt.Fprintf(os.Stderr, "kitt %s: %v\n", process, err)
	return 1
}
