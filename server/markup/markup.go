// Package markup turns the Markdown that people write into HTML that is safe
// to show: goldmark renders, bluemonday lets through a short list and drops
// everything else. HTML in it is text like any other and shown as such. No
// text, however it was made, becomes much larger or takes long.
package markup

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"regexp"
	"strings"
	"unicode"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
)

// What a text may become: so many bytes for each of its own, and some. Honest
// text stays far below; a link that stands once and is meant a thousand times
// does not.
const (
	mostPerByte = 8
	mostMore    = 64 << 10
)

var (
	clean     = policy()
	languages = regexp.MustCompile(`^(cy|en)$`)
	mention   = regexp.MustCompile(`^mention$`)
)

// policy is the whole of what user text may become.
func policy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "strong", "em", "del", "code", "pre", "blockquote", "ul", "ol", "li", "hr",
		"h3", "h4", "table", "thead", "tbody", "tr", "th", "td")
	p.AllowAttrs("lang").Matching(languages).Globally()
	p.AllowAttrs("start").Matching(bluemonday.Integer).OnElements("ol")
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("class").Matching(mention).OnElements("a", "strong")
	p.AllowURLSchemes("http", "https", "mailto")
	p.AllowRelativeURLs(true)
	p.RequireParseableURLs(true)
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	return p
}

// Chat renders a chat message: no headings or tables, a line break stays one.
// What calls people (see Mentions) has the class mention.
func Chat(md string) (string, error) { return render(forChat, md) }

// HTML renders a post or a part of a story. Headings become the third and
// fourth level, since the page has its own above them; the first is always of
// the third, so that no level is left out.
func HTML(md string) (string, error) { return render(forPosts, md) }

// render gives at most mostPerByte bytes for each byte of md, and mostMore. A
// text that would become more is shown as it was written.
func render(g goldmark.Markdown, md string) (string, error) {
	md = strings.ToValidUTF8(md, "\ufffd")
	b := bounded{most: mostPerByte*len(md) + mostMore}
	err := g.Convert([]byte(md), &b)
	if err != nil && !errors.Is(err, errTooLong) {
		return "", fmt.Errorf("render Markdown: %w", err)
	}
	if err == nil {
		if out := sanitise(b.String()); len(out) <= b.most {
			return out, nil
		}
	}
	return sanitise("<p>" + strings.ReplaceAll(html.EscapeString(strings.TrimSpace(md)), "\n", "<br>") + "</p>"), nil
}

func sanitise(h string) string { return strings.TrimSpace(clean.Sanitize(h)) }

// bounded is a buffer that takes no more than most bytes.
type bounded struct {
	bytes.Buffer
	most int
}

var errTooLong = errors.New("the text becomes too long")

// Write adds to the buffer or fails.
func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > b.most {
		return 0, errTooLong
	}
	return b.Buffer.Write(p)
}

// Plain gives the words alone, on one line of at most most characters, for
// search and previews.
func Plain(md string, most int) string {
	h, err := HTML(md)
	if err != nil {
		return ""
	}
	// A space for each tag, so that words of two blocks stay two.
	words := bluemonday.StrictPolicy().Sanitize(strings.ReplaceAll(h, "<", " <"))
	plain := strings.Join(strings.Fields(html.UnescapeString(words)), " ")
	runes := []rune(plain)
	if len(runes) <= most {
		return plain
	}
	cut := most - 1
	for cut > most*3/4 && !unicode.IsSpace(runes[cut]) {
		cut--
	}
	return strings.TrimSpace(string(runes[:cut])) + "…"
}
