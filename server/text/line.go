package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// blank is what Unicode counts as letters and signs and every font shows as
// nothing: fillers of Hangul, the empty Braille pattern.
var blank = map[rune]bool{'\u115f': true, '\u1160': true, '\u3164': true, '\uffa0': true, '\u2800': true}

// Seen says whether a text shows anything: spaces, joiners, fillers and other
// format characters alone do not.
func Seen(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsGraphic(r) && !unicode.IsSpace(r) && !unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Mn, r) && !blank[r]
	})
}

// Kept says whether PostgreSQL can store a text as it is: UTF-8 without NUL.
func Kept(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// OneLine says whether a text will do as a name: it shows something and holds
// nothing that breaks the line or a terminal, or that lets it look like another
// name (turned direction, characters that nobody sees). The two joiners stay:
// emoji and some scripts are written with them.
func OneLine(s string) bool {
	return Seen(s) && Kept(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp) || blank[r] || unicode.Is(unicode.Cf, r) && r != '\u200c' && r != '\u200d'
	})
}
