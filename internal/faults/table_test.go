package faults

import (
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestTheTable holds the list of faults in docs/reliability.md and the tests there are in line: every fault has its row,
// every test named in it exists, and every test that bears a fault's number is named in its row.
func TestTheTable(t *testing.T) {
	rows := faultRows(read(filepath.Join("..", "..", "docs", "reliability.md")))
	tests := faultTests(t)
	for n := 1; n <= 64; n++ {
		row := rows[n]
		if len(row) != 1 {
			t.Errorf("fault %d has %d rows", n, len(row))
			continue
		}
		for i, cell := range row[0] {
			if cell == "" {
				t.Errorf("fault %d: column %d is empty", n, i+1)
			}
		}
		named := regexp.MustCompile(`\w+`).FindAllString(row[0][2], -1)
		if slices.Equal(named, []string{"none"}) {
			named = nil
		}
		slices.Sort(named)
		if !slices.Equal(named, tests[n]) {
			t.Errorf("fault %d: its row names %v, there are %v", n, named, tests[n])
		}
	}
	if most := slices.Max(slices.Collect(maps.Keys(tests))); most > 64 {
		t.Errorf("there is a test of fault %d", most)
	}
}

// faultRows are the cells of the table's rows behind their numbers: fault, expected, tests, where.
func faultRows(doc string) map[int][][]string {
	_, doc, _ = strings.Cut(doc, "\n## Faults\n")
	rows := map[int][][]string{}
	for line := range strings.Lines(doc) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 7 {
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if n, err := strconv.Atoi(cells[1]); err == nil {
			rows[n] = append(rows[n], cells[2:6])
		}
	}
	return rows
}

// faultTests are the tests that bear a fault's number, or several, sorted; those for other systems too.
func faultTests(t *testing.T) map[int][]string {
	t.Helper()
	is := regexp.MustCompile(`(?m)^func (TestFault(\d\d)(?:And(\d\d))?\w*)\(`)
	tests := map[int][]string{}
	err := filepath.WalkDir(filepath.Join("..", ".."), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && strings.HasPrefix(d.Name(), ".") && d.Name() != ".." {
			return fs.SkipDir
		}
		if strings.HasSuffix(path, "_test.go") {
			for _, m := range is.FindAllStringSubmatch(read(path), -1) {
				for _, number := range m[2:] {
					if n, err := strconv.Atoi(number); err == nil {
						tests[n] = append(tests[n], m[1])
					}
				}
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for n, names := range tests {
		slices.Sort(names)
		tests[n] = slices.Compact(names)
	}
	return tests
}
