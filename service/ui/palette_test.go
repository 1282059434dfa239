package ui

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestTextsCanBeRead computes the contrast of each colour of text to each ground that it stands on, by the formula of WCAG 2.2.
func TestTextsCanBeRead(t *testing.T) {
	b, err := files.ReadFile("page/style.css")
	if err != nil {
		t.Fatal(err)
	}
	palettes := regexp.MustCompile(`(?s):root[^{]*\{(.*?)\}`).FindAllStringSubmatch(string(b), -1)
	if len(palettes) != 2 {
		t.Fatalf("%d palettes", len(palettes))
	}
	for i, name := range []string{"light", "dark"} {
		colours := map[string]string{}
		for _, m := range regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]{6});`).FindAllStringSubmatch(palettes[i][1], -1) {
			colours[m[1]] = m[2]
		}
		for _, text := range []string{"text", "dim", "accent", "good", "bad", "warn", "cool"} {
			for _, ground := range []string{"ground", "card", "raised"} {
				enough(t, name, text, ground, colours)
			}
		}
		enough(t, name, "on-accent", "accent", colours)
		enough(t, name, "ground", "text", colours)
		enough(t, name, "text", "mark", colours)
	}
}

func enough(t *testing.T, palette, text, ground string, colours map[string]string) {
	t.Helper()
	a, b := light(t, colours[text]), light(t, colours[ground])
	if c := (max(a, b) + 0.05) / (min(a, b) + 0.05); c < 4.5 {
		t.Errorf("%s: %s on %s has a contrast of %.2f", palette, text, ground, c)
	}
}

// light is the relative luminance of #rrggbb.
func light(t *testing.T, colour string) (sum float64) {
	t.Helper()
	colour = strings.TrimPrefix(colour, "#")
	if len(colour) != 6 {
		t.Fatalf("%q is no colour", colour)
	}
	for i, share := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(colour[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += share * c
	}
	return sum
}

// TestThePageAsksNobodyElse holds the page to itself: no address outside of it, no code in its markup.
func TestThePageAsksNobodyElse(t *testing.T) {
	entries, err := files.ReadDir("page")
	if err != nil || len(entries) < 5 {
		t.Fatalf("%d files, %v", len(entries), err)
	}
	for _, e := range entries {
		b, err := files.ReadFile("page/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(b), "\n") {
			line = strings.ReplaceAll(line, "http://www.w3.org/2000/svg", "") // a name, which nobody opens
			for _, word := range []string{"http://", "https://", "//cdn", " onclick=", "innerHTML", "outerHTML", "insertAdjacentHTML", "eval(", "document.write", ` style="`} {
				if strings.Contains(line, word) {
					t.Errorf("%s:%d: %s", e.Name(), i+1, word)
				}
			}
		}
	}
}
