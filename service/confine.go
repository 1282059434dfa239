package service

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"kitt.sh/reconcile"
	"kitt.sh/spec"
)

// hard is the text of what the kernel is to hold a life to; "" where nothing is asked for.
func hard(l spec.Limits) string {
	if l.MemoryMax == 0 && l.CPU == 0 {
		return ""
	}
	return fmt.Sprintf("memory_max %d, cpu %g", l.MemoryMax, l.CPU)
}

// confine holds lives to the hard limits of their processes, each once for each change of them. What cannot be is told
// once, and the life runs on.
func (m *memory) confine(roots map[int]reconcile.Observed) {
	for pid, l := range roots {
		in, ok := m.d.rec.Wants(l.ID)
		if !ok || m.held[l.Life] == hard(in.Process.Limits) {
			continue
		}
		if m.held[l.Life] = hard(in.Process.Limits); m.held[l.Life] == "" {
			delete(m.held, l.Life)
		}
		err := confine(cgroupDir(pid), in.Process.Limits)
		text := ""
		if err != nil {
			text = "limits not enforced: " + oneLine(err)
		}
		m.d.remarks.set(l.ID, text)
	}
	if len(m.held) > 2*len(roots)+16 {
		m.forget(roots)
	}
}

// forget drops lives that are over.
func (m *memory) forget(roots map[int]reconcile.Observed) {
	living := map[string]string{}
	for _, l := range roots {
		if text, ok := m.held[l.Life]; ok {
			living[l.Life] = text
		}
	}
	m.held = living
}

// period is that of cpu.max, in microseconds.
const period = 100_000

// confine writes limits into the cgroup of a life. It says why that cannot be.
func confine(dir string, l spec.Limits) error {
	if dir == "" {
		return errors.New("kitt can give its processes no cgroups (version 2) here")
	}
	memory, cpu := "max", "max"
	if l.MemoryMax > 0 {
		memory = strconv.FormatInt(l.MemoryMax, 10)
	}
	if l.CPU > 0 {
		cpu = strconv.FormatInt(max(1000, int64(l.CPU*period)), 10)
	}
	return errors.Join(control(dir, "memory", memory, l.MemoryMax > 0), control(dir, "cpu", cpu+" "+strconv.Itoa(period), l.CPU > 0))
}

// control writes one limit. The controller is turned on where the folder has it not yet; where it is not needed, that it
// is not there is no error.
func control(dir, name, value string, needed bool) error {
	file := filepath.Join(dir, name+".max")
	if _, err := os.Stat(file); err != nil {
		if !needed {
			return nil
		}
		if err := turnOn(dir, name); err != nil {
			return err
		}
	}
	if err := writeTo(file, value); err != nil {
		return fmt.Errorf("limit %s: %w", name, err)
	}
	return nil
}

// writeTo writes to a file that is there, whole.
func writeTo(file, text string) error {
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// oneLine keeps several causes on one line.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }
