package search

import (
	"context"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"guildhall/server/db"
)

// Private characters that stand for <mark> and </mark>, and between pieces,
// until the text around them is escaped. They are taken out of everything that people write.
const (
	markOpen  = '\ue000'
	markClose = '\ue001'
	pieceEnd  = '\ue002' // between two pieces of one text
)

const excerptLength = 220 // characters, where nothing is to be marked

// Marks is what to highlight.
type Marks struct {
	query   string     // a tsquery that chooses pieces of a text, "" for nothing
	words   []string   // stems that are marked wherever they stand
	begun   []string   // the beginnings of such
	phrases [][]lexeme // whose words are marked only where they stand together
}

// highlight fills in titles and excerpts, made from what was read for this
// person and from nothing else.
func highlight(ctx context.Context, q db.Q, hits []Hit, marks Marks) error {
	titles, texts := make([]string, len(hits)), make([]string, len(hits))
	for i, h := range hits {
		titles[i], texts[i] = noMarks(h.Row.Title), noMarks(h.Row.Text)
		hits[i].TitleHTML, hits[i].ExcerptHTML = html.EscapeString(titles[i]), html.EscapeString(shorten(texts[i], excerptLength))
	}
	if marks.query == "" || len(hits) == 0 {
		return nil
	}
	lines, err := headlines(ctx, q, titles, texts, marks.query)
	if err != nil {
		return err
	}
	stems, err := stemsOf(ctx, q, lines)
	if err != nil {
		return err
	}
	for i, line := range lines {
		hits[i].TitleHTML = marked(marks.keep(line.Title, stems))
		if excerpt := excerpt(texts[i], marks.keep(line.Text, stems)); excerpt != "" {
			hits[i].ExcerptHTML = marked(excerpt)
		}
	}
	return nil
}

// stemsOf gives the stems of all marked words.
func stemsOf(ctx context.Context, q db.Q, lines []headline) (map[string][]lexeme, error) {
	stems := map[string][]lexeme{}
	var words []string
	for _, line := range lines {
		for _, s := range append(stretches(line.Title), stretches(line.Text)...) {
			if _, known := stems[s.text]; s.marked && !known {
				stems[s.text] = nil
				words = append(words, s.text)
			}
		}
	}
	vectors, err := analyse(ctx, q, words)
	if err != nil {
		return nil, fmt.Errorf("stems of marked words: %w", err)
	}
	for i, v := range vectors {
		stems[words[i]] = lexemes([]byte(v))
	}
	return stems, nil
}

// stretch is a part of a headline: a marked word, or what stands between two.
type stretch struct {
	text   string
	marked bool
	at     int // how many words stand before it
}

func stretches(headline string) []stretch {
	var out []stretch
	at := 0
	for i, part := range strings.FieldsFunc(string(markClose)+headline, func(r rune) bool { return r == markOpen }) {
		word, rest, isMarked := strings.Cut(part, string(markClose))
		if i == 0 {
			word, isMarked = "", false
		}
		if isMarked {
			out = append(out, stretch{word, true, at})
			at++
		}
		out = append(out, stretch{rest, false, at})
		at += len(strings.FieldsFunc(rest, notOfWord))
	}
	return out
}

func notOfWord(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\'' && r != '’'
}

// keep takes the marks from words of a headline that only a phrase has, where
// they do not stand in that phrase.
func (m Marks) keep(headline string, stems map[string][]lexeme) string {
	all := stretches(headline)
	places := map[int]int{} // the stretch of a word
	for i, s := range all {
		if s.marked {
			places[s.at] = i
		}
	}
	has := func(i int, word string) bool {
		return slices.ContainsFunc(stems[all[i].text], func(l lexeme) bool { return l.word == word })
	}
	stays := make([]bool, len(all))
	for i, s := range all {
		if !s.marked {
			continue
		}
		stays[i] = stays[i] || m.single(stems[s.text])
		for _, phrase := range m.phrases {
			together := !slices.ContainsFunc(phrase, func(l lexeme) bool {
				j, ok := places[s.at+l.offset]
				return !ok || !has(j, l.word)
			})
			for _, l := range phrase {
				if together {
					stays[places[s.at+l.offset]] = true
				}
			}
		}
	}
	var b strings.Builder
	for i, s := range all {
		if stays[i] {
			s.text = string(markOpen) + s.text + string(markClose)
		}
		b.WriteString(s.text)
	}
	return b.String()
}

// single says whether a word is marked wherever it stands.
func (m Marks) single(stems []lexeme) bool {
	return slices.ContainsFunc(stems, func(l lexeme) bool {
		return slices.Contains(m.words, l.word) ||
			slices.ContainsFunc(m.begun, func(b string) bool { return strings.HasPrefix(l.word, b) })
	})
}

// nearStart is how many characters of a sentence's beginning are added to a
// piece that leaves out no more than them: pieces never begin with a stop word.
const nearStart = 30

// excerpt joins those pieces of a text that hold a mark, with an ellipsis
// wherever one starts or ends inside a sentence; "" if none holds any.
func excerpt(text, pieces string) string {
	out, open := "", false // open: the last piece ended inside a sentence
	for piece := range strings.SplitSeq(pieces, string(pieceEnd)) {
		piece = strings.TrimSpace(piece)
		if !strings.ContainsRune(piece, markOpen) {
			continue
		}
		before, after, found := strings.Cut(text, noMarks(piece))
		lead, joins := !found, false // not found: the database wrote it a little differently
		if found {
			text = after
			start := before[sentenceStart(before):]
			if lead = len(start) > nearStart; !lead {
				piece, joins = start+piece, len(start) == len(before)
			}
			rest := strings.TrimLeft(after, ".!?")
			piece, after = piece+after[:len(after)-len(rest)], rest
		}
		switch {
		case out != "" && !joins:
			out += " … "
		case out == "" && lead:
			out += "…"
		}
		out += piece
		open = !found || strings.TrimSpace(after) != "" && sentenceStart(piece+after[:1]) <= len(piece)
	}
	if open {
		out += "…"
	}
	return out
}

// sentenceEnd is a full stop or the like with the space after it, or the end
// of a paragraph.
var sentenceEnd = regexp.MustCompile(`[.!?…]["'”’)]*\s+|\n\s*`)

// sentenceStart is where the last sentence of a text starts: its length where
// one has just ended.
func sentenceStart(text string) int {
	ends := sentenceEnd.FindAllStringIndex(text, -1)
	if len(ends) == 0 {
		return 0
	}
	return ends[len(ends)-1][1]
}

// noMarks takes out the private characters, and NUL which no text column takes.
func noMarks(s string) string {
	return strings.Map(func(r rune) rune {
		if r == markOpen || r == markClose || r == pieceEnd || r == 0 {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, " "))
}

// marked escapes a headline and turns the private characters into marks.
func marked(s string) string {
	return strings.NewReplacer(string(markOpen), "<mark>", string(markClose), "</mark>").Replace(html.EscapeString(s))
}

// shorten cuts at a space, with an ellipsis.
func shorten(s string, most int) string {
	rs := []rune(s)
	if len(rs) <= most {
		return s
	}
	cut := most
	for cut > most/2 && rs[cut] != ' ' {
		cut--
	}
	return strings.TrimRight(string(rs[:cut]), " ,;:") + "…"
}
