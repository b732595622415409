// Package markup turns the Markdown that people write into HTML that is safe
// to show: goldmark renders, bluemonday lets through a short list and drops
// everything else.
package markup

import (
	"bytes"
	"fmt"
	"html"
	"strings"
	"unicode"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	rendererhtml "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/util"
)

var (
	chat = goldmark.New(
		goldmark.WithParser(parser.NewParser(
			parser.WithBlockParsers(
				util.Prioritized(parser.NewListParser(), 300),
				util.Prioritized(parser.NewListItemParser(), 400),
				util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
				util.Prioritized(parser.NewBlockquoteParser(), 800),
				util.Prioritized(parser.NewParagraphParser(), 1000),
			),
			parser.WithInlineParsers(parser.DefaultInlineParsers()...),
		)),
		goldmark.WithExtensions(extension.Linkify, extension.Strikethrough),
		goldmark.WithRendererOptions(rendererhtml.WithHardWraps()),
	)
	text = goldmark.New(
		goldmark.WithExtensions(extension.Linkify, extension.Strikethrough, extension.Table),
		goldmark.WithRendererOptions(renderer.WithNodeRenderers()),
	)
	clean = policy()
)

// policy is the whole of what user text may become.
func policy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "strong", "em", "del", "code", "pre", "blockquote", "ul", "ol", "li", "hr",
		"h3", "h4", "table", "thead", "tbody", "tr", "th", "td")
	p.AllowAttrs("start").Matching(bluemonday.Integer).OnElements("ol")
	p.AllowAttrs("href").OnElements("a")
	p.AllowURLSchemes("http", "https", "mailto")
	p.AllowRelativeURLs(true)
	p.RequireParseableURLs(true)
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	return p
}

// Chat renders a chat message: no headings or tables, a line break stays one.
func Chat(md string) (string, error) { return render(chat, md) }

// HTML renders a post or a part of a story. Headings become the third and
// fourth level, since the page has its own above them.
func HTML(md string) (string, error) { return render(text, md) }

func render(g goldmark.Markdown, md string) (string, error) {
	var b bytes.Buffer
	if err := g.Convert([]byte(md), &b); err != nil {
		return "", fmt.Errorf("render Markdown: %w", err)
	}
	return strings.TrimSpace(clean.Sanitize(levels.Replace(b.String()))), nil
}

// levels moves headings under the page's own. It sees goldmark's output only,
// where text has no raw angle bracket.
var levels = strings.NewReplacer(
	"<h1>", "<h3>", "</h1>", "</h3>", "<h2>", "<h3>", "</h2>", "</h3>", "<h3>", "<h4>", "</h3>", "</h4>",
	"<h4>", "<h4>", "<h5>", "<h4>", "</h5>", "</h4>", "<h6>", "<h4>", "</h6>", "</h4>",
)

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
