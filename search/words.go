package search

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"guildhall/server/problem"
)

const (
	// MostText is how many characters of a query are accepted.
	MostText = 500
	// mostWords is how many words of a query are looked at.
	mostWords = 24
)

// fold makes small letters without accents and with plain quotes.
func fold(s string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToValidUTF8(s, " ")) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case r == '’' || r == '‘' || r == 'ʼ' || r == '`':
			b.WriteRune('\'')
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// split cuts folded text into words: letters and digits, with an apostrophe,
// a point or an ampersand kept between two of them (children's, gov.uk, r&b).
// A hyphen or a slash parts words, so that low-code is found as low code.
func split(folded string) []string {
	var out []string
	start := -1
	rs := []rune(folded)
	wordy := func(i int) bool {
		return i >= 0 && i < len(rs) && (unicode.IsLetter(rs[i]) || unicode.IsDigit(rs[i]))
	}
	for i := 0; i <= len(rs); i++ {
		inside := wordy(i) || i < len(rs) && start >= 0 && strings.ContainsRune(".'&", rs[i]) && wordy(i-1) && wordy(i+1)
		switch {
		case inside && start < 0:
			start = i
		case !inside && start >= 0:
			out = append(out, string(rs[start:i]))
			start = -1
		}
	}
	return out
}

// Words are the words of a query, folded, at most 24. A query that is too
// long is a problem that says so.
func Words(text string) ([]string, error) {
	if utf8.RuneCountInString(text) > MostText {
		return nil, problem.Invalid("query.q", "This is too long to search for. Use at most 500 characters.")
	}
	words := split(fold(text))
	return words[:min(len(words), mostWords)], nil
}

// Key is a name as it is compared: folded words with single spaces.
func Key(name string) string { return strings.Join(split(fold(name)), " ") }

// quoted finds which runs of words stood between double quotes: pairs of
// first word and the word after the last.
func quoted(text string) [][2]int {
	parts := strings.FieldsFunc(fold(text)+" ", func(r rune) bool { return strings.ContainsRune("\"“”«»", r) })
	if len(parts) < 2 || !strings.ContainsAny(text, "\"“”«»") {
		return nil
	}
	inside := strings.IndexAny(strings.TrimLeft(text, " "), "\"“«") == 0
	var out [][2]int
	at := 0
	for i, part := range parts {
		n := len(split(part))
		// The last part has no quote after it: it is open, not quoted.
		if inside && n > 0 && i < len(parts)-1 && at+n <= mostWords {
			out = append(out, [2]int{at, at + n})
		}
		at += n
		inside = !inside
	}
	return out
}

// forIndex prepares text for the database's parser, which would take and/or
// for a file name and low-code for one word as well as two. The private
// characters that mark highlights are taken out.
func forIndex(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '-', '‐', '‑', '–', '—', '/', '\\', '_', 0, markOpen, markClose:
			return ' '
		case '’', '‘':
			return '\''
		}
		return r
	}, strings.ToValidUTF8(s, " "))
}

// longestWord is how many letters a word has at most that somebody could have
// meant to write otherwise.
const longestWord = 30

// spelled gives the different words of texts that may serve to correct a
// typing error: letters only, four to thirty of them, sorted.
func spelled(texts ...string) []string {
	seen := map[string]bool{}
	for _, text := range texts {
		for _, w := range split(fold(text)) {
			w = strings.TrimSuffix(w, "'s")
			if n := utf8.RuneCountInString(w); n >= 4 && n <= longestWord && !strings.ContainsFunc(w, func(r rune) bool { return !unicode.IsLetter(r) }) {
				seen[w] = true
			}
		}
	}
	out := make([]string, 0, len(seen))
	for w := range seen {
		out = append(out, w)
	}
	slices.Sort(out)
	return out
}

// fillers are words of a question that say nothing of what is sought. They
// are looked for, but weigh little and may be missing. The database has a
// list of stop words of its own for the rest.
var fillers = func() map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsSeq(`a about after an and any anybody anyone are around as at authorities authority be been best between by can
		case cases council councils could did do does done example examples experience experiences find for from get getting give go
		going good got had has have help helped how i idea ideas if in into is it its know learn learned learning learnt like local look
		looking make making me more my need needs of on one or other others our out people please project projects see should show so
		some somebody someone stories story studies study such tell than that the their them there they this to tried trying up us use
		used using very want wants was way ways we were what when where which who whose why will with work worked working works would you your`) {
		out[w] = true
	}
	return out
}()
