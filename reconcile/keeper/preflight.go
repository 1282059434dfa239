package keeper

import (
	"hash/crc32"
	"os"
	"strconv"
	"strings"
)

// Handover is the version of what this program passes over exec, and takes.
const Handover = handoverVersion

// Preflight tells whether a keeper of this program can take over the lives of one that passes over the given version
// of a handover and has its journal in run. It changes nothing.
func Preflight(run string, handover int) error {
	if handover != handoverVersion {
		return refuse("take over", "", errText("the kitt that runs passes on version "+itoa(handover)+", this one takes "+itoa(handoverVersion)))
	}
	text, err := os.ReadFile(run + "/lives")
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if newer(string(text), bootID()) != "" {
		return refuse("read journal", run+"/lives", errText("a newer kitt wrote what this one cannot read"))
	}
	return nil
}

// newer are the lines of a journal, of this boot, that a newer keeper wrote and this one does not understand: they are
// kept as they are, for the next one that does. Each ends with a newline.
func newer(text, boot string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if of, ok := newerRecord(strings.TrimSuffix(line, "\n")); ok && of == boot && strings.HasSuffix(line, "\n") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// newerRecord tells whether a line is whole and of a later version than ours, and
// of which boot it is. All versions have in common: v, a number, fields parted by spaces, boot= among them, crc32c=.
func newerRecord(line string) (boot string, ok bool) {
	body, sum, found := strings.Cut(line, " crc32c=")
	version, rest, more := strings.Cut(body, " ")
	n, err := strconv.Atoi(strings.TrimPrefix(version, "v"))
	if !found || !more || err != nil || version[0] != 'v' || n <= 1 || hex8(crc32.Checksum([]byte(body), castagnoli)) != sum {
		return "", false
	}
	return values(strings.Fields(rest))["boot"], true
}
