package keeper

import (
	"hash/crc32"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A program that was upgraded to is on trial until its keeper has lived for trialFor. If by then it had to be started
// trialMost times more, or its daemon ended that often, the one before takes its place again: state/bin/previous, a
// copy made before the upgrade. What is known of it stands in state/upgrade, one line, written by rename before the
// exec and read first of all by whoever starts: that is how a keeper can be counted that dies at once. A program that
// was left is left again if somebody starts it by its path; another file at that path is another program.

const (
	trialFor  = 30 * time.Second
	trialMost = 3
)

// A Trial is what is known of the last upgrade.
type Trial struct {
	Ident    string // of the program's file: device, inode, size, time
	From, To string // versions
	Starts   int
	Back     string // why To was left for From; "" if it was not
	told     bool
}

// Previous is where the program before the last upgrade is kept.
func Previous(state string) string { return state + "/bin/previous" }

func trialPath(state string) string { return state + "/upgrade" }

// LastUpgrade tells of the last upgrade, while it is on trial or after it was taken back; else ok is false.
func LastUpgrade(state string) (t Trial, ok bool) { return readTrial(state) }

func readTrial(state string) (t Trial, ok bool) {
	if state == "" {
		return t, false
	}
	text, err := os.ReadFile(trialPath(state))
	if err != nil {
		return t, false
	}
	body, sum, _ := strings.Cut(strings.TrimSpace(string(text)), " crc32c=")
	if !strings.HasPrefix(body, "v1 ") || hex8(crc32.Checksum([]byte(body), castagnoli)) != sum {
		return t, false
	}
	v := values(strings.Fields(body[3:]))
	t = Trial{Ident: v["ident"], From: v["from"], To: v["to"], Back: v["back"], told: v["told"] != ""}
	t.Starts, _ = strconv.Atoi(v["starts"])
	return t, t.Ident != ""
}

func (t Trial) save(state string) error {
	body := "v1 ident=" + escape(t.Ident, "") + " from=" + escape(t.From, "") + " to=" + escape(t.To, "") +
		" starts=" + itoa(t.Starts) + " back=" + escape(t.Back, "")
	if t.told {
		body += " told=1"
	}
	line := body + " crc32c=" + hex8(crc32.Checksum([]byte(body), castagnoli)) + "\n"
	tmp := trialPath(state) + ".new"
	if err := os.WriteFile(tmp, []byte(line), 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, trialPath(state))
}

func dropTrial(state string) { unix.Unlink(trialPath(state)) }

// fileIdent names the file at path, whatever it is called.
func fileIdent(path string) string {
	var st unix.Stat_t
	if unix.Stat(path, &st) != nil {
		return ""
	}
	f, err := os.Stat(path)
	if err != nil {
		return ""
	}
	return strconv.FormatUint(uint64(st.Dev), 10) + "." + strconv.FormatUint(uint64(st.Ino), 10) + "." +
		strconv.FormatInt(st.Size, 10) + "." + strconv.FormatInt(f.ModTime().UnixNano(), 10)
}

// beginTrial records what is about to be tried, or that it failed.
func (o Options) beginTrial(m *move, version string) error {
	if o.State == "" {
		return nil
	}
	if m.back == "" {
		return Trial{Ident: fileIdent(m.file), From: version, To: m.version}.save(o.State)
	}
	t, _ := readTrial(o.State)
	t.Back = m.back
	return t.save(o.State)
}

// verdict says what becomes of a program that starts: whether it is on trial, and if it is to be left, why.
func (t *Trial) verdict(ident string) (trial bool, leave string) {
	if t.Ident != ident {
		return false, ""
	}
	if t.Back != "" {
		return false, t.Back
	}
	if t.Starts++; t.Starts > trialMost {
		return false, "its keeper ended " + itoa(trialMost) + " times before it had run for " + itoa(int(trialFor/time.Second)) + " s"
	}
	return true, ""
}

// GiveUp records that the program of the last upgrade is to be left, for who sees it die before it can count itself.
// Then start Previous.
func GiveUp(state, why string) {
	if t, ok := readTrial(state); ok && t.Back == "" {
		t.Back = why
		t.save(state)
	}
}

// start counts this start, and becomes the program before if this one is to be left.
func (o Options) start() (trial bool, news string) {
	t, ok := readTrial(o.State)
	if !ok {
		return false, ""
	}
	own := fileIdent(ownImage(o.name()))
	trial, leave := t.verdict(own)
	switch {
	case leave != "":
		t.Back = leave
		o.leave(t, own)
		dropTrial(o.State)
		return false, ""
	case trial && t.save(o.State) == nil:
		if t.Starts == 1 {
			news = "upgraded from " + t.From + " to " + t.To
		}
		return true, news
	case t.Back != "" && !t.told:
		t.told = true
		t.save(o.State)
		return false, "back to " + t.From + ": " + t.To + " was given up, " + t.Back
	case t.Back == "": // somebody started another program
		dropTrial(o.State)
	}
	return false, ""
}

// leave becomes the program before. It returns if that cannot be.
func (o Options) leave(t Trial, own string) {
	file := Previous(o.State)
	if fileIdent(file) == "" || fileIdent(file) == own || t.save(o.State) != nil {
		say("upgrade: " + t.Back + "; there is no program before it to go back to")
		return
	}
	say("upgrade: " + t.Back + "; going back to " + t.From)
	err := syscall.Exec(file, append([]string{o.name()}, os.Args[1:]...), os.Environ())
	say(refuse("exec", file, err).Error())
}

// passTrial plans the end of the trial.
func (k *keeper) passTrial() {
	if k.up.trial {
		k.after(trialFor, func() {
			if k.up.trial && k.up.move == nil {
				k.up.trial = false
				dropTrial(k.opt.State)
			}
		})
	}
}
