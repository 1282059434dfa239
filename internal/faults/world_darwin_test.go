package faults

import "path/filepath"

// exactStrangers: read in the source of the system, never tried.
var exactStrangers = false

// holds cannot be seen here; what waits for it goes on.
func (w *world) holds(int) int { return 2 }

func segmentsOf(dir string) []string { names, _ := filepath.Glob(dir + "/@*.log"); return names }
