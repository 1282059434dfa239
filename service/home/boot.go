package home

import (
	"os"
	"path/filepath"
	"time"
)

// Lived says whether kitt kept processes since the machine came up: then a kitt that is not there has died,
// and is to be started again by whoever asks. Records of an earlier boot do not count.
func (d Dirs) Lived() bool {
	boot, err := booted()
	if err != nil {
		return false
	}
	records, _ := os.ReadDir(filepath.Join(d.Run, "lives"))
	for _, record := range records {
		if info, err := record.Info(); err == nil && info.ModTime().After(boot.Add(-time.Second)) {
			return true
		}
	}
	return false
}
