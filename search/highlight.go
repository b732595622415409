package search

import (
	"context"
	"html"
	"strings"

	"guildhall/server/db"
)

// Private characters that stand for <mark> and </mark> until the text around
// them is escaped. They are taken out of everything that people write.
const (
	markOpen  = '\ue000'
	markClose = '\ue001'
)

const excerptLength = 220 // characters, where nothing is to be marked

// highlight fills in titles and excerpts, made from what was read for this
// person and from nothing else.
func highlight(ctx context.Context, q db.Q, hits []Hit, marks string) error {
	titles, texts := make([]string, len(hits)), make([]string, len(hits))
	for i, h := range hits {
		titles[i], texts[i] = noMarks(h.Row.Title), noMarks(h.Row.Text)
	}
	if marks == "" {
		for i := range hits {
			hits[i].TitleHTML, hits[i].ExcerptHTML = html.EscapeString(titles[i]), html.EscapeString(shorten(texts[i], excerptLength))
		}
		return nil
	}
	lines, err := headlines(ctx, q, titles, texts, marks)
	if err != nil {
		return err
	}
	for i := range hits {
		hits[i].TitleHTML, hits[i].ExcerptHTML = marked(lines[i].Title), marked(lines[i].Text)
	}
	return nil
}

// noMarks takes out the private characters, and NUL which no text column takes.
func noMarks(s string) string {
	return strings.Map(func(r rune) rune {
		if r == markOpen || r == markClose || r == 0 {
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
