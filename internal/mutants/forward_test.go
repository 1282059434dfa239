package mutants

// forwarding is the way of a connection, broken.
func forwarding() []mutant {
	return []mutant{
		one("what drains gets new connections", "internal/forward/table.go", `to.Drain || tried[to.Life]`, `tried[to.Life]`, "./internal/forward", `TestWhatDrains`),
		one("what refuses is asked for ever", "internal/forward/table.go", `to.Drain || tried[to.Life]`, `to.Drain`, "./internal/forward", `TestWhatRefusesIsPassedOver`),
		one("all go to the first", "internal/forward/table.go", `best < 0 || open[t.To[k].Life] < open[t.To[best].Life]`, `best < 0`, "./internal/forward", `TestConnectionsGoWhereFewestAre`),
		one("a half that ends ends all", "internal/forward/join.go", `err = dst.(half).CloseWrite()`, `err = dst.Close()`, "./internal/forward", `TestAHalfThatEnds`),
		one("what breaks looks whole", "internal/forward/join.go", `		reset(src)
		reset(dst)`, `		_ = dst.(half).CloseWrite()`, "./internal/forward", `TestWhatBreaks`),
		one("it ends before its connections", "internal/forward/goroutines.go", `	defer conns.Wait()
`, ``, "./internal/forward", `TestAtItsEndItWaits`),
		one("a loop ends before its connections", "internal/forward/loop_linux.go", `if lo.over.Load() && len(lo.sides) == 0 {`, `if lo.over.Load() {`, "./internal/forward", `TestAtItsEndItWaits`),
		one("what breaks in a loop looks whole", "internal/forward/pair_linux.go", `unix.Linger{Onoff: 1}`, `unix.Linger{Onoff: 0}`, "./internal/forward", `TestWhatBreaks`),
		one("what is not taken at once is lost", "internal/forward/side_linux.go", `s.peer.out = append(s.peer.out, b[n:]...)`, `s.peer.out = append(s.peer.out, b[n:n]...)`, "./internal/forward", `TestASlowReaderOfPieces`),
		one("what is gathered has no bound", "internal/forward/side_linux.go", `	s.hear(s.events &^ unix.EPOLLIN)
	s.peer.hear(`, `	s.peer.hear(`, "./internal/forward", `TestASlowReader`).
			and("internal/forward/side_linux.go", `case len(b) == len(s.p.lo.buf):`, `case false:`), // a pipe has a bound of its own
		one("a pipe forgets what it holds", "internal/forward/splice_linux.go", `s.pipe.held -= int(n)`, `s.pipe.held -= int(n) + s.pipe.held - int(n)`, "./internal/forward", `TestMuchComesWhole|TestASlowReader`),
		one("a life is ended before the forwarder knows", "service/draining.go", `fr.said.Rev == fr.told.Rev && (`, `(`, "./service", `TestFrontIsClear`),
		one("the last one is waited for", "service/draining.go", `fr.said.Open[life] == 0 || !takes`, `fr.said.Open[life] == 0`, "./service", `TestFrontIsClear`),
		one("what stops gets new connections", "service/forwarding.go", `Drain: l.State == reconcile.Stopping`, `Drain: false`, "./service", `TestTableOf`),
		one("what is not ready gets connections", "service/forwarding.go", `(l.State != reconcile.Running || !ready)`, `(l.State != reconcile.Running || !ready && false)`, "./service", `TestTableOf`),
		one("two lives have one port", "reconcile/local/expose.go", `return taken[p] || `, `return `, "./reconcile/local", `TestEachLifeHasItsOwnPort`),
		one("a life that begins has no port yet", "reconcile/local/expose.go", `taken[port] = true`, `taken[port] = false`, "./reconcile/local", `TestAPortThatIsTaken`),
		one("a stop waits for no connection", "reconcile/local/stop.go", `if how.Runs() || how.Drain > 0 {`, `if how.Runs() {`, "./reconcile/local", `TestAStopWaitsForItsConnections`),
	}
}
