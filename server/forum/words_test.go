package forum

import (
	"strings"
	"testing"

	"guildhall/server/problem"
)

func TestTitles(t *testing.T) {
	for title, want := range map[string]string{
		"Repairs":                      "Repairs",
		"  Damp\tand\n mould  ":        "Damp and mould",
		strings.Repeat("ŵ", 150):       strings.Repeat("ŵ", 150),
		strings.Repeat("a", 150) + " ": strings.Repeat("a", 150),
		"":                             "",
		" \u200b\u2060 ":               "",
		"a\x00b":                       "",
		"a\x1bb":                       "",
		"a\xffb":                       "",
		strings.Repeat("a", 151):       "",
	} {
		got, err := checkTitle(title)
		if got != want || (want == "") != problem.Is(err, "invalid") {
			t.Errorf("%.40q became %.40q, %v", title, got, err)
		}
	}
}

func TestBodies(t *testing.T) {
	for name, test := range map[string]struct {
		body string
		ok   bool
	}{
		"words":            {"Damp and **mould**", true},
		"a table":          {"| a | b |\n|---|---|\n| 1 | 2 |", true},
		"a long table":     {strings.Repeat("a|", 10) + "\n" + strings.Repeat("-|", 10) + "\n" + strings.Repeat("1|\n", 800), true},
		"the longest":      {strings.Repeat("ŵ", 20000), true},
		"many angles":      {strings.Repeat("<", 20000), true},
		"pipes in code":    {"```\n" + strings.Repeat("|", 60) + "\n```", true},
		"too long":         {strings.Repeat("a", 20001), false},
		"nothing":          {" \n\t", false},
		"only joiners":     {"\u200b\u200d\ufeff", false},
		"NUL":              {"a\x00b", false},
		"not UTF-8":        {"a\xff", false},
		"HTML is text":     {"<div>\nhello\n</div>", true},
		"only a reference": {"[a]: /b", false},
	} {
		html, err := checkBody(test.body)
		if test.ok && (err != nil || html == "") || !test.ok && !problem.Is(err, "invalid") {
			t.Errorf("%s: %d bytes of HTML, %v", name, len(html), err)
		}
	}
}
