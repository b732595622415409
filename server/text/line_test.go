package text_test

import (
	"testing"

	"guildhall/server/text"
)

func TestLines(t *testing.T) {
	for s, want := range map[string][3]bool{ // seen, kept, one line
		"Siân":              {true, true, true},
		"王 芳":               {true, true, true},
		"👩‍💼":               {true, true, true},
		"":                  {false, true, false},
		" \t\n":             {false, true, false},
		"\u200b\u200d":      {false, true, false},
		"a\nb":              {true, true, false},
		"a\x1b[31m":         {true, true, false},
		"a\u0085b":          {true, true, false},
		"a\x00b":            {true, false, false},
		"a\xffb":            {true, false, false},
		"❤️ repairs":        {true, true, true},
		"Helen \u202ehsraM": {true, true, false},
		"a\u2066b":          {true, true, false},
		"a\u2028b":          {true, true, false},
		"a\u200bb":          {true, true, false},
		"\ufeffa":           {true, true, false},
		"\u3164":            {false, true, false},
		"\u2800\u115f":      {false, true, false},
		"\u0301":            {false, true, false},
	} {
		if got := [3]bool{text.Seen(s), text.Kept(s), text.OneLine(s)}; got != want {
			t.Errorf("%q: %v, want %v", s, got, want)
		}
	}
}
