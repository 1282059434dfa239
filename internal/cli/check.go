package cli

import (
	"context"
	"fmt"

	"kitt.sh/spec"
)

// Check reads a spec file and tells everything that is wrong with it.
type Check struct {
	File    string
	Profile string
	Name    string
}

// A checked file in JSON; docs/json.md promises it.
type checked struct {
	File       string           `json:"file"`
	Project    string           `json:"project"`
	Processes  []string         `json:"processes"`
	Complaints []spec.Complaint `json:"complaints"`
	Warnings   []spec.Complaint `json:"warnings"`
	Differs    []spec.Complaint `json:"differs"` // what a pm2 file says and kitt takes otherwise
}

func (c Check) Run(ctx context.Context, k *Kitt) error {
	if err := k.may("json", "yaml"); err != nil {
		return err
	}
	req, err := Source{File: c.File, Name: c.Name, Profile: c.Profile, Look: true}.request(k)
	defer forget(req)
	if err != nil {
		return err
	}
	req.Deploy = true
	if k.Output == "table" {
		return c.tell(ctx, k, req)
	}
	s, err := loadSpec(ctx, req, evalJS)
	out := checked{File: s.File, Project: s.Project, Processes: []string{}, Complaints: []spec.Complaint{}, Warnings: []spec.Complaint{}, Differs: []spec.Complaint{}}
	out.Warnings = append(out.Warnings, s.Warnings...)
	out.Differs = append(out.Differs, s.Differs...)
	out.Complaints = append(out.Complaints, complaints(err)...)
	for _, p := range s.Processes {
		out.Processes = append(out.Processes, p.Name)
	}
	switch {
	case len(out.Complaints) > 0:
		if err := k.emitValue(out); err != nil {
			return err
		}
		return told(codeBadSpec)
	case err != nil:
		return err
	}
	return k.emitValue(out)
}

func (c Check) tell(ctx context.Context, k *Kitt, req spec.Request) error {
	s, err := k.look(ctx, req)
	if err != nil || k.Quiet {
		return err
	}
	_, err = fmt.Fprintf(k.Out, "ok: %s\n", count(len(s.Processes), "process", "processes"))
	return err
}
