package mutants

import "runtime"

// table is every mutant that this system can build.
func table() []mutant {
	out := append(daemon(), simulation()...)
	if runtime.GOOS == "linux" { // the keeper's tests of faults are at home there
		out = append(append(append(out, keeper()...), more()...), forwarding()...)
	}
	if runtime.GOOS == "linux" { // where the kernel says who took a connection
		out = append(out, asked()...)
	}
	return out
}

// one is a mutant of a single edit.
func one(name, file, old, new, in, run string) mutant {
	return mutant{name: name, edits: []edit{{file, old, new}}, in: in, run: run}
}

func (m mutant) quickly() mutant { m.quick = true; return m }

func (m mutant) and(file, old, new string) mutant {
	m.edits = append(m.edits, edit{file, old, new})
	return m
}
