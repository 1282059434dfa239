package keeper

import (
	"os"
	"strings"
	"syscall"
)

// StartDetached starts `Exe keeper --home Home` in a session of its own and returns at once. Its stdio is /dev/null
// and the file Stderr names. If another keeper is there, the new one ends by itself: the lock decides.
func StartDetached(o Options) error {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	log := null
	if o.Stderr != "" {
		if f, err := os.OpenFile(o.Stderr, os.O_WRONLY|os.O_APPEND|os.O_CREATE|syscall.O_NOFOLLOW, 0o600); err == nil {
			defer f.Close()
			log = f
		}
	}
	program := o.Program
	if program == "" {
		program = Image(o.Exe)
	}
	p, err := os.StartProcess(program, []string{o.Exe, "keeper", "--home", o.Home}, &os.ProcAttr{
		Dir: "/", Env: withoutCookie(os.Environ()), Files: []*os.File{null, log, log},
		Sys: &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return err
	}
	go p.Wait() // it may end at once, and must not stay as a zombie; ended by its end, or ours
	return nil
}

// withoutCookie makes what is started from inside a life no part of that life.
func withoutCookie(env []string) (out []string) {
	for _, e := range env {
		if !strings.HasPrefix(e, cookieName+"=") && !strings.HasPrefix(e, "KITT_KEEPER=") {
			out = append(out, e)
		}
	}
	return out
}
