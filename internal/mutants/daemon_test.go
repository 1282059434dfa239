package mutants

// daemon is what the daemon keeps and copies, broken.
func daemon() []mutant {
	return []mutant{
		one("renamed without fsync", "reconcile/intents.go", `if _, err = f.Write(b); err == nil && sync {`, `if _, err = f.Write(b); err == nil && sync && false {`, "./reconcile", `TestIntentsAreOnTheDisk|TestWhatIsReplacedIsOnTheDisk`).quickly(),
		one("written in place", "reconcile/intents.go", `tmp := path + ".new"`, `tmp := path`, "./reconcile", `TestReplaceLeavesOldOrNew|TestIntents`),
		one("intents that are torn are lost", "reconcile/intents.go", `[]string{path, path + ".prev"}`, `[]string{path}`, "./reconcile", `TestIntentsSurviveBeingTornAnywhere`),
		one("a generation is kept in memory only", "service/state.go", `if err := next.Save(d.statePath("desired.json"), !reconcile.OnlyGenerations(d.intents, next)); err != nil {`,
			`if reconcile.OnlyGenerations(d.intents, next) {
	} else if err := next.Save(d.statePath("desired.json"), true); err != nil {`, "./service", `TestWhatWasSaidOutlivesTheDaemon`).quickly(),
		one("what could not be saved holds", "service/state.go", `!reconcile.OnlyGenerations(d.intents, next)); err != nil {
		return err
	}`, `!reconcile.OnlyGenerations(d.intents, next)); err != nil {
		d.intents = next
		return err
	}`, "./service", `TestWhatCannotBeSavedWasNotSaid`),
		one("a daemon that was replaced goes on writing", "service/state.go", `		return errFenced`, `		_ = errFenced`, "./service", `TestADaemonThatWasReplacedWritesNothing`),
		one("the state is not fenced", "service/fence.go", `err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)`, `_, err = unix.LOCK_EX, nil`, "./service", `TestTwoDaemonsDoNotShareAState`),
		one("an end is told by each daemon", "service/told.go", `return e.ends.lives[life] || at`, `return at`, "./service", `TestEachEndIsToldOnce`),
		one("a torn event hides the next", "service/told.go", `if json.Unmarshal(sc.Bytes(), &ev) != nil {
			continue`, `if json.Unmarshal(sc.Bytes(), &ev) != nil {
			return`, "./service", `TestEachEndIsToldOnce`),
		one("what cannot be read is nothing wanted", "reconcile/judge.go", `if !wanted && w.lost(id.Project) {`, `if false {`, "./service", `TestIntentsThatCannotBeReadStopNothing|TestAStoredSpecThatCannotBeRead`),
		one("a stop is ordered again and again", "reconcile/local/stop.go", `if first = o.State == reconcile.Running; first {`, `if first = true; first {`, "./reconcile/local", `TestStopIsOrderedOnceAndAgainOnlyAfterAnError`),
		one("a stop that failed counts as begun", "reconcile/local/stop.go", `l.State, l.Asked, l.Deadline = reconcile.Running, false, time.Time{}`, `_ = time.Time{}`, "./reconcile/local", `TestStopIsOrderedOnceAndAgainOnlyAfterAnError`),
		one("a history is not carried", "reconcile/local/meta.go", `reconcile.History{Before: m.Before, Restarts: m.Restarts}`, `reconcile.History{Restarts: m.Restarts}`, "./reconcile/local", `TestContract`),
		one("a chunk is written before it is kept", "reconcile/logs/copy.go", `	if err := k.save(next, chunk); err != nil {
		return err
	}
	k.chunk = chunk
	if _, err := k.disk.write(f, chunk); err != nil {
		return fmt.Errorf("copy log: %w", err)
	}`, `	k.chunk = chunk
	if _, err := k.disk.write(f, chunk); err != nil {
		return fmt.Errorf("copy log: %w", err)
	}
	if err := k.save(next, chunk); err != nil {
		return err
	}`, "./reconcile/logs", `TestACopierKilledAnywhereIsGoneOnWith`),
		one("what came during a pump waits for more", "reconcile/logs/copy.go", `if !c.idle() || c.at > s.until {`, `if !c.idle() {`, "./reconcile/logs", `TestACopyTakesWhatCameDuringTheLastPump`),
		one("a chunk's checksum is not looked at", "reconcile/logs/copystate.go", `|| crc32.Checksum(chunk, castagnoli) != s.Sum {`, `{`, "./reconcile/logs", `TestAChangedChunkIsTheBeginning`),
		one("what is in the copy is added again", "reconcile/logs/copystate.go", `for same < n && b[same] == k.chunk[same] {`, `for false {`, "./reconcile/logs", `TestACopierKilledAnywhereIsGoneOnWith`),
		one("half an answer is an answer", "internal/early/status.go", `return body, err == nil && n == len(body)`, `return body, err == nil && n > 0`, "./internal/early", `TestFetchTakesNothingButAWholeAnswer`),
	}
}

// more are such as the real kitt shows, built anew for each.
func more() []mutant {
	return []mutant{
		one("anybody's listener is believed", "internal/early/status.go", `if uid, err := keeper.PeerUID(fd); err != nil || uid != os.Geteuid() {`, `if _, err := keeper.PeerUID(fd); err != nil {`, "./internal/door", `TestAListenerOfAnotherUserIsToldNothing`),
		one("anybody may speak to the keeper", "reconcile/keeper/conn.go", `if uid, err := PeerUID(fd); err != nil || uid != unix.Geteuid() {`, `if _, err := PeerUID(fd); err != nil {`, "./internal/door", `TestFault56OtherUsersAreRefused`),
	}
}
