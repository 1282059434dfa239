package service

import (
	"context"
	"fmt"
	"path/filepath"

	"kitt.sh/service/api"
	"kitt.sh/spec"
)

// readFor reads the file that a Load names in place of a spec, as `kitt apply` would, but in a child of the daemon. A file
// that is followed already is read with the environment that its project has, unless another one is sent.
func (d *Daemon) readFor(ctx context.Context, l *api.Load) error {
	if l.File == "" {
		return nil
	}
	if !filepath.IsAbs(l.File) {
		return failure{2, fmt.Sprintf("read file: %q is no absolute path", l.File), `for instance "file": "/home/ada/shop/kitt.hcl"`}
	}
	if file, err := spec.Find(l.File); err == nil {
		l.File = file
	}
	req := l.Request
	req.Path = filepath.Clean(l.File)
	if req.Cwd == "" {
		req.Cwd = filepath.Dir(req.Path)
	}
	if err := d.asBefore(&req, l.Capture); err != nil {
		return err
	}
	found, err := d.read(ctx, req)
	switch {
	case err != nil:
		return failure{6, err.Error(), ""}
	case len(found.Complaints) > 0:
		c := veiled(found.Complaints)[0]
		return failure{6, fmt.Sprintf("read file: %s (%s)", c.Error(), plural(len(found.Complaints), "complaint", "complaints")), "kitt check -f " + req.Path}
	case found.Error != "":
		return failure{6, "read file: " + found.Error, "kitt check -f " + req.Path}
	}
	l.Spec, l.Request = *found.Spec, req
	return nil
}

// asBefore completes a request by what is known of the project that follows its file.
func (d *Daemon) asBefore(req *spec.Request, capture bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for name, p := range d.intents.Projects {
		if p.File == req.Path {
			req.Scale, req.Ports = scaled(p), d.portsOf(name)
			if !capture {
				req.Env = p.Request.Env
			}
			return nil
		}
	}
	if len(req.Env) == 0 {
		return failure{2, "read file: " + req.Path + " is new, and no environment is sent for its processes",
			`"request": {"env": {"PATH": "…"}}, "capture": true; or kitt apply once`}
	}
	return nil
}
