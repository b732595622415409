package text

import (
	"strings"
	"unicode"
)

// The commonest short words that only one of the two languages has: what is a
// word in both (a, i, am, o, hen) says nothing.
var (
	welsh = set(`ac ar y yr yn mae maen oedd bydd fydd byddai bod wedi ein eich eu nid nad ond gan gyda hefyd hyn hwn hon honno sydd sy fel rhwng
		wrth dros drwy cael gael gwneud rydym rydw dych ydych ydyn ydy yw diolch ni chi nhw fy os pan beth pwy sut ble pam gallai allwn bawb
		pawb iawn bore prynhawn croeso cyngor cynghorau gyngor gwasanaeth gwasanaethau pobl bobl newydd oherwydd er hynny felly hwnnw cyn ar-lein dim
		efo roedd mewn dan gennym gennyf i'r o'r a'r mae'r yw'r y'i na'r`)
	english = set(`the and of to is are was were be been we our you your they their it its that this these those for with on not have has had
		from at but by what who how when which there would could should can will an if so as or my me i'm it's don't than about into`)
)

func set(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}

// Language guesses what a text that somebody wrote is in, so that a screen
// reader says it in the right voice: "cy", "en", or nothing where its common
// words do not tell. It looks at the first 2,000 bytes.
func Language(s string) string {
	s = strings.ToLower(s[:min(len(s), 2000)])
	s = strings.ReplaceAll(s, "’", "'")
	var cy, en int
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' && r != '-' }) {
		switch {
		case welsh[word]:
			cy++
		case english[word]:
			en++
		}
	}
	switch {
	case cy > en && cy >= 2:
		return "cy"
	case en > cy:
		return "en"
	}
	return ""
}
