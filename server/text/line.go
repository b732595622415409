package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Seen says whether a text shows anything: spaces, joiners and other format
// characters alone do not.
func Seen(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsGraphic(r) && !unicode.IsSpace(r) && !unicode.Is(unicode.Cf, r)
	})
}

// Kept says whether PostgreSQL can store a text as it is: UTF-8 without NUL.
func Kept(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// OneLine says whether a text will do as a name: it shows something and holds
// nothing that breaks the line or a terminal.
func OneLine(s string) bool { return Seen(s) && Kept(s) && !strings.ContainsFunc(s, unicode.IsControl) }
