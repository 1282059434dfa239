package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"kitt.sh/service/api"
	"kitt.sh/spec"
)

// Up runs the processes of a spec in the foreground, in a kitt of its own that ends with it: foreman, and pm2-runtime.
type Up struct {
	File      string
	Profile   string
	Port      int
	Restart   bool // restart what dies as the spec says
	KeepGoing bool // the end of one does not end the others
	Names     []string
}

func (u Up) Run(ctx context.Context, k *Kitt) error {
	if err := k.may("json"); err != nil {
		return err
	}
	if u.Restart && u.KeepGoing {
		return usage("both --restart and --keep-going given", "leave one of them out: what is restarted goes on anyway")
	}
	lingers()
	got := make(chan os.Signal, 16) // from here on a Ctrl-C is ours
	signal.Notify(got, upSignals()...)
	defer signal.Stop(got)
	f, err := u.prepare(ctx, k)
	if err != nil {
		return err
	}
	defer f.forget()
	h, err := newUpHome(ctx, k)
	if err != nil {
		return err
	}
	defer h.remove()
	f.k = h.inside(k)
	if os.Getpid() == 1 { // whose children nobody else reaps
		defer reaping()()
	}
	return f.run(context.WithoutCancel(ctx), got)
}

// upSignals are those that kitt up acts on; not a hang-up that is ignored, as with nohup.
func upSignals() []os.Signal {
	all := []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2}
	if signal.Ignored(syscall.SIGHUP) {
		return all
	}
	return append(all, syscall.SIGHUP)
}

// prepare reads the spec and bends it to what the command line says.
func (u Up) prepare(ctx context.Context, k *Kitt) (*foreground, error) {
	words, file := u.Names, u.File
	if file == "" && len(words) > 0 && isSpec(k, words[0]) { // pm2-runtime ecosystem.config.js
		file, words = words[0], words[1:]
	}
	req, err := Source{File: file, Profile: u.Profile, Port: u.Port, Look: true}.request(k)
	if err != nil {
		return nil, err
	}
	req.Env = upEnviron(k.Environ)
	f := &foreground{forget: func() { forget(req) }}
	s, err := k.read(ctx, req)
	if err != nil {
		f.forget()
		return nil, err
	}
	chosen, err := upChoose(s, words)
	if err != nil {
		f.forget()
		return nil, err
	}
	f.mode, f.spec, f.order, f.restarts = upFirst, s, upOrder(chosen), map[string]spec.Restart{}
	switch {
	case u.Restart:
		f.mode = upRestart
	case u.KeepGoing:
		f.mode = upKeepGoing
	}
	for _, p := range chosen {
		f.restarts[p.Name] = p.Restart
	}
	s.Processes = upBend(chosen, f.mode)
	f.load = api.Load{Spec: *s, Request: req, Capture: true}
	f.reread = func(ctx context.Context, load *api.Load) error {
		req.Ports = load.Request.Ports
		s, err := loadSpec(ctx, req, evalJS)
		if err != nil {
			return err
		}
		if chosen, err = upChoose(s, words); err != nil {
			return err
		}
		s.Processes = upBend(chosen, f.mode)
		load.Spec = *s
		return nil
	}
	return f, nil
}
