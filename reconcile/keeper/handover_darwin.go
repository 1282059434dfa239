package keeper

func (f *forest) handed() (base string, n int, made bool) { return "", 0, false }

func takeForest(string, int, bool) *forest { return &forest{} }
