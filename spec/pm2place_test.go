package spec

import (
	"fmt"
	"strings"
	"testing"
)

// Keys are found where they stand, not where a comment or a text has them too.
func TestLiteralsKnowTheirPlaces(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"an object", "x = { a: 1, 'b': 2, \"c-d\": 3 }", "1:5{a@1:7 b@1:13 c-d@1:21}"},
		{"one in another", "{\n  a: { b: 1 },\n  c: 2,\n}", "1:1{a@2:3 c@3:3} 2:6{b@2:8}"},
		{"objects in a list", "[{ a: 1 }, { a: 2 }]", "1:2{a@1:4} 1:12{a@1:14}"},
		{"comments hold no keys", "{ // a: 1\n /* b: 2 */ c: 3 }", "1:1{c@2:13}"},
		{"nor do texts", "{ a: 'b: 1, {c: 2}', d: `{ e: 1 }\n`, f: \"\\\"g: 1\" }", "1:1{a@1:3 d@1:22 f@2:4}"},
		{"nor regular expressions", "{ a: /[{]b: '/, c: 4 / 2 }", "1:1{a@1:3 c@1:17}"},
		{"names alone are keys", "{ a, b, c }", "1:1{a@1:3 b@1:6 c@1:9}"},
		{"a condition is no key", "{ a: x ? b : c, d: 1 }", "1:1{a@1:3 d@1:17}"},
		{"what is spread is no key", "{ ...base, a: f({ b: 1 }) }", "1:1{a@1:12} 1:17{b@1:19}"},
		{"a method is one", "{ a() { return 1 }, b: () => ({ c: 1 }) }", "1:1{a@1:3 b@1:21} 1:7{} 1:31{c@1:33}"},
		{"brackets that do not match do no harm", "} ] { a: 1 ) ] , b: 2", "1:5{a@1:7 b@1:18}"},
		{"nor does an end in the middle", "{ a: { b: '", "1:1{a@1:3} 1:6{b@1:8}"},
		{"nor depth without end", strings.Repeat("{a:", 1000), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, o := range literals("f", test.text) {
				var keys []string
				for _, k := range o.keys {
					keys = append(keys, fmt.Sprintf("%s@%d:%d", k.name, k.at.Line, k.at.Col))
				}
				got = append(got, fmt.Sprintf("%d:%d{%s}", o.at.Line, o.at.Col, strings.Join(keys, " ")))
			}
			if text := strings.Join(got, " "); text != test.want && test.want != "" {
				t.Errorf("got  %s\nwant %s", text, test.want)
			}
		})
	}
}

func FuzzLiterals(f *testing.F) {
	for _, seed := range []string{"x = { a: 1, 'b': [{ c: `d` }] } // e", "{ a: /b/, ...c, d() {} }", "}{][)(,:'\"`\\/"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		lines := strings.Count(text, "\n") + 1
		for _, o := range literals("f", text) {
			for _, k := range o.keys {
				if k.at.Line < 1 || k.at.Line > lines || k.at.Col < 1 {
					t.Errorf("%q: %s at %v of %d lines", text, k.name, k.at, lines)
				}
			}
		}
	})
}
