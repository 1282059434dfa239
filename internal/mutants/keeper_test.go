package mutants

// keeper is the parent of everything, broken.
func keeper() []mutant {
	k := func(name, file, old, new, run string) mutant {
		return one(name, "reconcile/keeper/"+file, old, new, "./reconcile/keeper", run)
	}
	return []mutant{
		k("no replay of the spill page", "spill.go", `if len(data) == 0 {`, `if true {`, `TestNothingIsLostWhenTheKeeperIsKilled/copy|TestASpillPage`),
		k("a read that never came is replayed", "spill.go", `string(p.data()[:k]) == sentinel[:k]`, `k < 0`, `TestNothingIsLostWhenTheKeeperIsKilled/copy|TestASpillPage`),
		k("bytes that are in the log are replayed", "spill.go", `have := size - before`, `have := 0 * (size - before)`, `TestNothingIsLostWhenTheKeeperIsKilled/copy|TestASpillPage`),
		k("a program holds no reading end", "streams.go", `return unix.Open(path, unix.O_RDWR|`, `return unix.Open(path, unix.O_WRONLY|`, `TestNothingIsLostWhenTheKeeperIsKilled/splice`),
		k("no WNOWAIT at the end of a life", "proc_linux.go", `unix.P_PID, pid, &info, unix.WEXITED|unix.WNOWAIT|`, `unix.P_PID, pid, &info, unix.WEXITED|`, `TestAPidStaysReserved`),
		k("reaped before the rest of its tree is killed", "exit.go", `	failpoint.Here("keeper.exit.drained")`, `	syscall.Wait4(l.pid, nil, syscall.WNOHANG, nil)`, `TestAPidStaysReserved`).quickly(),
		k("a crash leaves its tree alive", "exit.go", "		k.endTree(l)\n		failpoint.Here(\"keeper.exit.treekilled\")", ``, `TestACrashTakesItsTreeAlong`),
		k("no lock is held", "run.go", `	for end := time.Now().Add(most); ; time.Sleep`, "	return fd, nil\n	for end := time.Now().Add(most); ; time.Sleep", `TestOfManyKeepersOneStays`).
			and("reconcile/keeper/rundir.go", `if o.Home == "" {`, `if true {`),
		k("the home is not locked", "rundir.go", `if o.Home == "" {`, `if true {`, `TestASecondKeeperOfAnEmptiedRunFolder`),
		k("a pid is trusted", "adopt.go", `if !ok || p.ident != l.ident || seen && cookie != l.name && !p.dead() {`, `if !ok || p.pid == 0 || seen && cookie == "?" {`, `TestNoRecordMakesTheKeeperTouchAStranger`),
		k("a cookie is not asked for", "adopt.go", `|| seen && cookie != l.name && !p.dead() {`, `|| seen && cookie == "?" {`, `TestNoRecordMakesTheKeeperTouchAStranger`),
		k("a start time is not asked for", "adopt.go", `|| p.ident != l.ident ||`, `||`, `TestAReusedPid`),
		k("a process that was not recorded is given up", "adopt.go", `if name, _ := cookieOf(p.pid); name != l.name || p.sid != p.pid {`, `if true {`, `TestAProcessThatWasNotRecordedIsFound`),
		k("a spawn is recorded after the fork", "spawn.go", `if err := k.write(l, l.spawnRecord()); err != nil {`, `if err := error(nil); err != nil {`, `TestNothingIsLostWhenTheKeeperIsKilled/splice`),
		k("a program begins before its pipes are offered", "spawn.go", "	k.offerNow(l)\n	err = k.fork", `	err = k.fork`, `TestTheWordsOfAShortLife`),
		k("what could not begin is held for ever", "spawn.go", "		k.write(l, record{op: \"gone\"})\n		k.offerNow(l)", `		k.write(l, record{op: "gone"})`, `TestNothingIsHeldOfWhatCouldNotBegin`),
		k("an end is not recorded", "exit.go", "	k.write(l, l.exitRecord())\n	failpoint.Here(\"keeper.exit.recorded\")", ``, `TestExitedLivesAreStillListedByTheNextKeeper`),
		k("a stop is not recorded", "stop.go", `err := k.write(l, l.stopRecord())`, `var err error`, `TestAStopOutlivesDaemonAndKeeper`),
		k("a stop is not gone on with", "adopt.go", "				k.openUnnamed(l, s)\n			}\n		}\n		k.resumeStop(l)", "				k.openUnnamed(l, s)\n			}\n		}", `TestAStopOutlivesDaemonAndKeeper`),
		k("records of another boot count", "journal.go", `if r.boot != boot {`, `if false {`, `TestTheJournalBelievesNothing`),
		k("a checksum is not looked at", "journal.go", `|| hex8(crc32.Checksum([]byte(body), castagnoli)) != sum {`, `|| sum == "" {`, `TestTheJournalBelievesNothing`),
		k("a torn line counts", "journal.go", `if !ok || !whole {`, `if !ok {`, `TestTheJournalBelievesNothing`),
		k("a spawn asked for twice is two", "spawn.go", `if l := k.lives[s.Life]; l != nil {`, `if l := k.lives[s.Life]; l != nil && false {`, `TestSpawnIsIdempotent`),
		k("an older daemon may act", "serve.go", `if c.epoch != k.epoch {`, `if c.epoch != k.epoch && false {`, `TestTheNewestClaimantControls`),
		k("a daemon that died stays dead", "daemon.go", `if k.daemon.pid == 0 {
			k.startDaemon()`, `if false {
			k.startDaemon()`, `TestADaemonThatDiesIsStartedAgain`),
		k("a witness is not asked", "adopt.go", `return unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) == unix.EWOULDBLOCK`, `return false`, `TestAnEndThatNobodySaw`),
		k("a signal is an exit", "proc_linux.go", `if info.Code != 1 {`, `if false {`, `TestEveryExitIsExact`),
		k("no kill at the deadline", "stop.go", "			k.endTree(l)\n			failpoint.Here(\"keeper.stop.killed\")", ``, `TestStopEndsTheWholeTree/process`).
			and("reconcile/keeper/stop.go", "		k.endTree(l)\n		k.watchUnkillable(l, min", `		k.watchUnkillable(l, min`),
		k("no SIGCONT behind the signal", "stop.go", `k.signalTree(l, syscall.SIGCONT, mode)`, `_ = mode`, `TestAProgramThatIsHaltedHearsTheSignal`),
		k("the asker is not waited for", "stop.go", `if wait > 0 {`, `if false {`, `TestTheFirstSignalWaitsForTheAsker`),
		k("a full disk drops what is written", "pump.go", "		k.refused(s, err)\n		return n, false\n	}\n	k.resumed(s)", "		k.discard(s)\n		return n, false\n	}\n	k.resumed(s)", `TestAFullDiskMakesWritersWaitAndLosesNothing`),
		k("what a full disk drops is not counted", "hole.go", `h.bytes += int64(len(b))`, `h.bytes += int64(len(b) / 2)`, `TestALogThatMayDrop/splice`),
		k("an upgrade forgets what was dropped", "handover.go", `k.takeHoles(h.holes)`, ``, `TestALogThatMayDrop/upgraded`),
		k("a log drops unasked", "hole.go", `if !s.life.log.Drop {
		k.stall(s, err)`, `if s.life == nil {
		k.stall(s, err)`, `TestAFullDiskMakesWritersWaitAndLosesNothing`).
			and("reconcile/keeper/hole.go", `if !s.life.log.Drop {
		k.stall(s, syscall.ENOSPC)`, `if s.life == nil {
		k.stall(s, syscall.ENOSPC)`),
		k("pieces have no time of their own", "pump.go", `s.life.log.Stamps {
		st.every = 1`, `s.life == nil {
		st.every = 1`, `TestWithTimestamps`),
		k("a symlink in place of a log is followed", "store.go", `how|unix.O_NOFOLLOW|unix.O_CLOEXEC`, `how|unix.O_CLOEXEC`, `TestASymlinkInPlaceOfALogIsRefused`),
		k("a folder open to others is used", "fifos.go", `case st.Mode&0o077 != 0:`, `case false:`, `TestARunFolderThatIsATrapIsRefused`),
		k("an upgrade closes the sockets of programs", "handover.go", `k.takeListening(h.sockets)`, ``, `TestClientsWaitForTheNextLife`),
		k("a witness keeps the sockets to itself", "witness.go", `err = w.testifySockets(c)`, `err = nil`, `TestAWitnessKeepsTheQueue`),
		k("a stop leaves clients waiting", "stop.go", "	failpoint.Here(\"keeper.stop.recorded\")\n	k.releaseSockets()", `	failpoint.Here("keeper.stop.recorded")`, `TestAStopClosesWhatNobodyWants`),
		k("a socket that lives is taken for stale", "bind.go", `if pid, there := answersAt(path); there {`, `if pid, there := answersAt(path); there && pid < 0 {`, `TestAnAddressThatCannotBeHad`),
		k("a refused list is held in part", "sockets.go", `k.listed = before`, `_ = before`, `TestAnAddressThatCannotBeHad`),
		k("a stranger's file goes with a socket", "sockets.go", `uint64(st.Dev) == s.dev && st.Ino == s.ino`, `st.Ino > 0`, `TestAStaleSocketIsReplaced`),
		k("a segment too many is removed", "store.go", `return s.start + s.size`, `return s.start + s.size + 1`, `TestRotationKeepsWhatIsAskedAndEveryOffset`),
	}
}
