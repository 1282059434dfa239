package early

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// CalledAs is the path by which this program was called, absolute, links left as they are: a package manager that
// brings another version changes what lies there. Where that cannot be told it is the program's own.
func CalledAs() (string, error) {
	own, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find kitt: %w", err)
	}
	if path := called(os.Args[0], os.Getenv("PATH")); path != "" {
		return path, nil
	}
	return own, nil
}

// called finds what a shell runs for argv0; "" if there is no such file.
func called(argv0, search string) string {
	dirs := []string{""}
	if !strings.Contains(argv0, "/") {
		dirs = filepath.SplitList(search)
	}
	for _, dir := range dirs {
		path, err := filepath.Abs(filepath.Join(dir, argv0))
		if err != nil || argv0 == "" {
			continue
		}
		if st, err := os.Stat(path); err == nil && st.Mode().IsRegular() && st.Mode()&0o111 != 0 {
			return path
		}
	}
	return ""
}
