//go:build linux

package boottest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// patience is how long a machine may take to boot or to go down.
const patience = 90 * time.Second

// packages is what a machine has beside Debian's smallest set.
const packages = "systemd,systemd-sysv,dbus,libpam-systemd,dbus-user-session,procps"

// recipe is raised when what is done to a fresh system below changes.
const recipe = "1"

// must runs a command of this machine; a bed that cannot be made is a failure, never a skip.
func must(t testing.TB, argv ...string) string {
	t.Helper()
	out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(argv, " "), err, out)
	}
	return string(out)
}

// cache is the folder for systems and kernels, which are made once.
func cache(t testing.TB, key string) string {
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = "/var/cache"
	}
	sum := sha256.Sum256([]byte(key + recipe))
	return filepath.Join(dir, "kitt-boot", hex.EncodeToString(sum[:6]))
}

// once makes dir by make, unless it is there. What was not finished is thrown away.
func once(t testing.TB, dir string, make func(tmp string)) {
	t.Helper()
	if _, err := os.Stat(dir); err == nil {
		return
	}
	tmp := fmt.Sprintf("%s.%d", dir, os.Getpid())
	t.Cleanup(func() { os.RemoveAll(tmp) })
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		t.Fatal(err)
	}
	make(tmp)
	if err := os.Rename(tmp, dir); err != nil {
		t.Fatal(err)
	}
}

// system is a Debian of a release, with a user dev who may log in.
func system(t testing.TB, release string) string {
	t.Helper()
	dir := cache(t, release+packages)
	once(t, dir, func(tmp string) {
		must(t, "mmdebstrap", "-q", "--variant=minbase", "--include="+packages, release, tmp)
		must(t, "chroot", tmp, "useradd", "-m", "-s", "/bin/bash", "dev")
		for file, text := range map[string]string{"etc/fstab": "", "etc/hostname": "guest\n", "etc/hosts": "127.0.0.1 localhost guest\n", "etc/machine-id": ""} {
			if err := os.WriteFile(filepath.Join(tmp, file), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		// No terminal is there, and nobody waits for its device.
		for _, unit := range []string{"serial-getty@ttyS0.service", "getty@tty1.service", "systemd-networkd-wait-online.service", "apt-daily.timer", "apt-daily-upgrade.timer"} {
			os.Symlink("/dev/null", filepath.Join(tmp, "etc/systemd/system", unit))
		}
	})
	return dir
}

// builds are two builds of kitt, the second newer.
func builds(t testing.TB) (first, second string) {
	t.Helper()
	dir := t.TempDir()
	for i, version := range []string{"1.0.0", "1.1.0"} {
		cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w -X kitt.sh/internal/early.release="+version, "-o", filepath.Join(dir, version), "kitt.sh")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("build kitt %d: %v\n%s", i, err, out)
		}
	}
	return filepath.Join(dir, "1.0.0"), filepath.Join(dir, "1.1.0")
}
