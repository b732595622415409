package search

import (
	"cmp"
	"slices"
	"strconv"
)

// A weight class of a word in a vector: A title, B terms, C summary, D text.
const classes = 4

// place is one occurrence of a word: its position and its weight class.
type place struct {
	at    int
	class byte // 0 is A, 3 is D
}

// walk goes through a tsvector in its text form ('word':3A,7 'other':1) and
// calls f for each word. The slices are valid only during the call.
func walk(vector []byte, f func(word []byte, places []place)) {
	var word []byte
	var places []place
	for i := 0; i < len(vector); {
		if vector[i] != '\'' {
			i++
			continue
		}
		word, i = quotedWord(vector, i+1, word[:0])
		places = places[:0]
		for i < len(vector) && (vector[i] == ':' || vector[i] == ',') {
			var p place
			p, i = onePlace(vector, i+1)
			places = append(places, p)
		}
		f(word, places)
	}
}

// quotedWord reads up to the closing quote; ” and \\ stand for one character.
func quotedWord(v []byte, i int, into []byte) ([]byte, int) {
	for i < len(v) {
		switch {
		case v[i] == '\'' && i+1 < len(v) && v[i+1] == '\'', v[i] == '\\' && i+1 < len(v):
			into = append(into, v[i+1])
			i += 2
		case v[i] == '\'':
			return into, i + 1
		default:
			into = append(into, v[i])
			i++
		}
	}
	return into, i
}

func onePlace(v []byte, i int) (place, int) {
	p := place{class: classes - 1}
	for i < len(v) && v[i] >= '0' && v[i] <= '9' {
		p.at = p.at*10 + int(v[i]-'0')
		i++
	}
	if i < len(v) && v[i] >= 'A' && v[i] <= 'D' {
		p.class = v[i] - 'A'
		i++
	}
	return p, i
}

// lexeme is a word of a phrase as the index holds it, and how far it stands
// from the phrase's first word.
type lexeme struct {
	word   string
	offset int
}

// lexemes reads the vector of a short text as a phrase. Stop words leave gaps.
func lexemes(vector []byte) []lexeme {
	var out []lexeme
	walk(vector, func(word []byte, places []place) {
		for _, p := range places {
			out = append(out, lexeme{string(word), p.at})
		}
	})
	sortLexemes(out)
	for i := len(out) - 1; i >= 0; i-- {
		out[i].offset -= out[0].offset
	}
	return out
}

// tsquery writes a phrase for the database; a loose one asks for all the
// words, wherever they stand.
func tsquery(phrase []lexeme, prefix, loose bool) string {
	var b []byte
	for i, l := range phrase {
		switch {
		case i > 0 && loose:
			b = append(b, " & "...)
		case i > 0:
			b = append(b, " <"...)
			b = strconv.AppendInt(b, int64(l.offset-phrase[i-1].offset), 10)
			b = append(b, "> "...)
		}
		b = append(b, '\'')
		for _, c := range []byte(l.word) {
			if c == '\'' || c == '\\' {
				b = append(b, c)
			}
			b = append(b, c)
		}
		b = append(b, '\'')
		if prefix && i == len(phrase)-1 {
			b = append(b, ":*"...)
		}
	}
	return string(b)
}

func sortLexemes(list []lexeme) {
	slices.SortStableFunc(list, func(a, b lexeme) int { return cmp.Compare(a.offset, b.offset) })
}
