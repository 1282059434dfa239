package filewatch

import "testing"

func TestDepthCountsLevelsOfFolders(t *testing.T) {
	for _, row := range []struct {
		name  string
		rule  Rule
		file  string
		heard bool
	}{
		{"one level is the folder's own files", Rule{Paths: []string{"src"}, Depth: 1}, "src/a.js", true},
		{"and no more", Rule{Paths: []string{"src"}, Depth: 1}, "src/x/a.js", false},
		{"two are those of its folders too", Rule{Paths: []string{"src"}, Depth: 2}, "src/x/a.js", true},
		{"and no more than two", Rule{Paths: []string{"src"}, Depth: 2}, "src/x/y/a.js", false},
		{"a pattern goes no deeper either", Rule{Paths: []string{"src/**/*.js"}, Depth: 2}, "src/x/y/a.js", false},
		{"a file that is named counts where it lies", Rule{Paths: []string{"src/x/y/a.js"}, Depth: 1}, "src/x/y/a.js", true},
		{"none is all", Rule{Paths: []string{"src"}}, "src/x/y/a.js", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBench(t, "src/a.js", "src/x/a.js", "src/x/y/a.js")
			b.watch(row.rule)
			b.write(row.file, "new")
			if row.heard {
				b.want(row.file)
				return
			}
			b.silent("src/a.js")
		})
	}
}
