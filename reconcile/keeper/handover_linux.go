package keeper

// handed is where the next program goes on making cgroups.
func (f *forest) handed() (base string, n int, made bool) { return f.base, f.n, f.made }

func takeForest(base string, n int, made bool) *forest { return &forest{base: base, n: n, made: made} }
