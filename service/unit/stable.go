package unit

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A Lookup is what StablePath asks of the machine.
type Lookup struct {
	Real   func(path string) (string, error) // follows every link
	OnPATH func() string                     // the kitt that the shell would run, or ""
	Temp   string                            // the folder for temporary files
}

// Machine is the Lookup of this machine.
func Machine() Lookup {
	onPATH := func() string {
		path, err := exec.LookPath("kitt")
		if err != nil {
			return ""
		}
		return path
	}
	return Lookup{Real: filepath.EvalSymlinks, OnPATH: onPATH, Temp: os.TempDir()}
}

// StablePath returns the path by which a service should start the program exe, so that it is still there after
// an upgrade, and why it chose it. It refuses a program that will be gone soon: a go run, a download, a temporary file.
func StablePath(exe string, m Lookup) (path, why string, err error) {
	real, err := m.Real(exe)
	if err != nil {
		return "", "", hint(wrap("find program", err), "give the service a program that is there")
	}
	if fleeting(real, m.Temp) {
		return "", "", hint(wrapf("install service: %s is a temporary or downloaded file", real),
			"mkdir -p ~/.local/bin && cp "+shell(real)+" ~/.local/bin/kitt && ~/.local/bin/kitt service install")
	}
	if link := kegLink(real, m); link != "" {
		return link, "Homebrew link, survives brew upgrade", nil
	}
	if found := m.OnPATH(); filepath.IsAbs(found) && same(found, real, m) && !fleeting(found, m.Temp) && !inKeg(found) {
		return found, "found on PATH", nil
	}
	if inKeg(exe) || inKeg(real) {
		return "", "", hint(wrapf("install service: %s goes away with the next brew upgrade", real), "brew link kitt")
	}
	return exe, "as started", nil
}

// kegLink is the link that Homebrew keeps pointing at the newest version, or "".
func kegLink(real string, m Lookup) string {
	prefix, rest, ok := strings.Cut(real, "/Cellar/")
	if !ok {
		return ""
	}
	formula, _, _ := strings.Cut(rest, "/")
	base := filepath.Base(real)
	for _, link := range []string{prefix + "/bin/" + base, prefix + "/opt/" + formula + "/bin/" + base} {
		if same(link, real, m) {
			return link
		}
	}
	return ""
}

func same(link, real string, m Lookup) bool {
	got, err := m.Real(link)
	return err == nil && got == real
}

func inKeg(path string) bool { return strings.Contains(path, "/Cellar/") }

func fleeting(path, temp string) bool {
	bare := strings.TrimPrefix(path, "/private") // where macOS keeps them
	for _, dir := range []string{"/tmp", "/var/tmp", "/var/folders", "/dev/shm", temp} {
		if dir != "" && strings.HasPrefix(bare, filepath.Clean(dir)+"/") {
			return true
		}
	}
	return strings.Contains(path, "/go-build") || strings.Contains(path, "/Downloads/")
}
