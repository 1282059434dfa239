package cli

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"kitt.sh/internal/doctor"
	"kitt.sh/service/unit"
)

// Doctor looks for what is wrong with this kitt and its machine.
type Doctor struct {
	Fix bool // also do what is safe
}

// diagnose gathers the facts; another in tests.
var diagnose = gather

// Run exits 1 where something is wrong; what only could be better is told, and no failure.
func (d Doctor) Run(ctx context.Context, k *Kitt) error {
	if err := k.may("json", "yaml"); err != nil {
		return err
	}
	if k.homeless != nil {
		return k.homeless
	}
	found := doctor.Examine(diagnose(ctx, k))
	if d.Fix {
		for i := range found {
			if found[i].State != doctor.OK && found[i].Fix != "" {
				found[i].Fixed = k.mend(ctx, found[i].Fix)
			}
		}
	}
	if k.Output != "table" {
		if err := k.emitValue(map[string]any{"state": doctor.Worst(found), "findings": found}); err != nil {
			return err
		}
	} else {
		k.findings(found)
	}
	if doctor.Worst(slices.DeleteFunc(found, func(f doctor.Finding) bool { return f.Fixed == mended })) == doctor.Bad {
		return told(codeFailed)
	}
	return nil
}

// mend does one of the things that are safe, and says what came of it. What several findings ask for is done once and found done.
func (k *Kitt) mend(ctx context.Context, fix string) string {
	var err error
	switch fix {
	case "modes":
		err = filepath.WalkDir(k.Dirs.Home, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.Type()&fs.ModeSymlink != 0 {
				return err
			}
			info, err := e.Info()
			if err != nil || info.Mode().Perm()&0o077 == 0 {
				return err
			}
			return os.Chmod(path, info.Mode().Perm()&^0o077)
		})
	case "install":
		var m services
		var sp unit.Spec
		if m, sp, err = openServices(ctx, k); err == nil {
			_, err = m.Install(ctx, m.Scope(sp))
		}
	}
	if err != nil {
		return "not mended: " + err.Error()
	}
	return mended
}

// mended is what a finding says that doctor --fix did away with.
const mended = "mended"

// findings prints what was found: a line for what is well, and for the rest why it matters and what mends it.
func (k *Kitt) findings(list []doctor.Finding) {
	marks := map[string][2]string{doctor.OK: {"✓", green}, doctor.Warn: {"!", yellow}, doctor.Bad: {"✗", red}}
	counts := map[string]int{}
	for _, f := range list {
		if f.Fixed != mended {
			counts[f.State]++
		}
		if f.State == doctor.OK && k.Quiet {
			continue
		}
		m := marks[f.State]
		fmt.Fprintf(k.Out, "%s %-8s  %s\n", k.Paint.in(m[1], m[0]), f.Check, clean(f.Found))
		if f.Why != "" {
			fmt.Fprintf(k.Out, "            %s\n", k.Paint.in(dim, clean(f.Why)))
		}
		if f.Mend != "" {
			fmt.Fprintf(k.Out, "            %s\n", k.Paint.in(bold, clean(f.Mend)))
		}
		if f.Fixed != "" {
			fmt.Fprintf(k.Out, "            %s\n", clean(f.Fixed))
		}
	}
	switch {
	case counts[doctor.Bad] > 0:
		k.say(fmt.Sprintf("%s wrong, %d could be better", count(counts[doctor.Bad], "thing is", "things are"), counts[doctor.Warn]), "kitt doctor --fix does what is safe")
	case counts[doctor.Warn] > 0 && !k.Quiet:
		fmt.Fprintf(k.Out, "nothing is wrong; %s\n", count(counts[doctor.Warn], "thing could be better", "things could be better"))
	case !k.Quiet:
		fmt.Fprintln(k.Out, "all is well")
	}
}
