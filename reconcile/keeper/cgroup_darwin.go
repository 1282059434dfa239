package keeper

// A forest is where each life gets a cgroup of its own. There are none here.
type forest struct{}

func newForest(string) *forest { return &forest{} }

func (f *forest) plant() (dir string, fd int) { return "", -1 }

func (f *forest) giveUp() {}

func (f *forest) clear() {}

func fell(string) {}

func killCgroup(string) bool { return false }

func cgroupMembers(string) (pids []int, ok bool) { return nil, false }
