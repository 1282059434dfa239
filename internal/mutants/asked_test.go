package mutants

// asked is what asks programs how they are, broken.
func asked() []mutant {
	return []mutant{
		one("what another life took counts", "service/whose_linux.go", `case has && i == 0:`, `case has:`, "./service", `TestTheKernelTells`),
		one("what is in the queue counts", "service/whose_linux.go", `	case inode == 0:
		return probe.Nobody
`, ``, "./service", `TestTheKernelTells`),
		one("one connection is tried", "service/probe/took.go", `		if !waits(ctx, retryPause) {`, `		if true {`, "./service/probe", `TestOnlyWhatTheLifeItself`),
		one("headers without an end are read", "service/probe/net.go", `MaxResponseHeaderBytes: mostBody, `, ``, "./service/probe", `TestWhatLies`),
		one("a command that asks leaves its children", "reconcile/local/alone.go", `	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
`, `	_ = syscall.SIGKILL
`, "./reconcile/local", `TestACommandLeavesNothing`),
		one("more time is another signal", "reconcile/local/extend.go", `o.Signal, o.Grace = keeper.NoSignal, until.Sub(now)`, `o.Grace = until.Sub(now)`, "./reconcile/local", `TestAProgramMayAsk`),
		one("more time without end", "reconcile/local/extend.go", `until = earlier(until, given.at.Add(moreMost))`, ``, "./reconcile/local", `TestAProgramMayAsk`),
		one("words of a program as they are", "service/words.go", `if !unicode.IsPrint(r) {`, `if !unicode.IsPrint(r) && r == 0 {`, "./service", `TestWhatAProgramSays`),
		one("time asked for is not given", "reconcile/ready.go", `if l.More.After(due) {`, `if false {`, "./reconcile", `TestJudgeOfWhatIsAsked`),
	}
}
