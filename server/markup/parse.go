package markup

import (
	"bytes"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	rendererhtml "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	words "guildhall/server/text"
)

const (
	mostDepth = 30     // quotes and lists inside each other; more is text
	mostCells = 10_000 // of all tables of a text; a table beyond it is text
)

// The two dialects. Neither knows raw HTML: what looks like it is text, and is
// shown as it was written.
var (
	forChat = goldmark.New(
		goldmark.WithParser(parser.NewParser(
			parser.WithBlockParsers(blocks...),
			parser.WithInlineParsers(append(inlines, util.Prioritized(roomWords{}, 600))...),
			parser.WithASTTransformers(util.Prioritized(called{}, 100), util.Prioritized(spoken{}, 200)),
		)),
		goldmark.WithExtensions(extension.Linkify, extension.Strikethrough),
		goldmark.WithRendererOptions(rendererhtml.WithHardWraps(), renderer.WithNodeRenderers(util.Prioritized(roomWords{}, 500))),
	)
	forPosts = goldmark.New(
		goldmark.WithParser(parser.NewParser(
			parser.WithBlockParsers(append(blocks,
				util.Prioritized(parser.NewSetextHeadingParser(), 100),
				util.Prioritized(parser.NewThematicBreakParser(), 200),
				util.Prioritized(parser.NewCodeBlockParser(), 500),
				util.Prioritized(parser.NewATXHeadingParser(), 600),
			)...),
			parser.WithInlineParsers(inlines...),
			parser.WithParagraphTransformers(
				util.Prioritized(parser.LinkReferenceParagraphTransformer, 100),
				util.Prioritized(tables{extension.NewTableParagraphTransformer()}, 200),
			),
			parser.WithASTTransformers(
				util.Prioritized(extension.NewTableASTTransformer(), 0),
				util.Prioritized(levels{}, 100),
				util.Prioritized(spoken{}, 200),
			),
		)),
		goldmark.WithExtensions(extension.Linkify, extension.Strikethrough),
		goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(extension.NewTableHTMLRenderer(), 500))),
	)
	blocks = []util.PrioritizedValue{
		util.Prioritized(shallow{parser.NewListParser()}, 300),
		util.Prioritized(parser.NewListItemParser(), 400),
		util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
		util.Prioritized(shallow{parser.NewBlockquoteParser()}, 800),
		util.Prioritized(parser.NewParagraphParser(), 1000),
	}
	inlines = []util.PrioritizedValue{
		util.Prioritized(parser.NewCodeSpanParser(), 100),
		util.Prioritized(parser.NewLinkParser(), 200),
		util.Prioritized(parser.NewAutoLinkParser(), 300),
		util.Prioritized(parser.NewEmphasisParser(), 500),
	}
)

// levels moves headings under the page's own.
type levels struct{}

// Transform makes each heading one of the third or fourth level.
func (levels) Transform(doc *ast.Document, _ text.Reader, _ parser.Context) {
	under := false
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if h, ok := n.(*ast.Heading); ok && entering {
			if h.Level <= 2 || !under {
				h.Level, under = 3, true
			} else {
				h.Level = 4
			}
		}
		return ast.WalkContinue, nil
	})
}

// spoken says which language a text is in, on each of its blocks, so that a
// screen reader reads Welsh in a Welsh voice on an English page, and the other
// way round (WCAG 2.2, 3.1.2).
type spoken struct{}

// Transform marks the blocks if the language shows.
func (spoken) Transform(doc *ast.Document, reader text.Reader, _ parser.Context) {
	language := words.Language(string(reader.Source()))
	if language == "" {
		return
	}
	for n := doc.FirstChild(); n != nil; n = n.NextSibling() {
		n.SetAttributeString("lang", []byte(language))
	}
}

// shallow is a quote or a list that opens no deeper than mostDepth. Every line
// is tried against every open block: 5,000 dashes on one line and as many
// empty ones below it would take half a minute.
type shallow struct{ parser.BlockParser }

// Open begins a block unless there are too many around it.
func (s shallow) Open(parent ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	depth := 0
	for n := parent; n != nil; n = n.Parent() {
		switch n.Kind() {
		case ast.KindBlockquote, ast.KindList:
			depth++
		}
	}
	if depth >= mostDepth {
		return nil, parser.NoChildren
	}
	return s.BlockParser.Open(parent, reader, pc)
}

// tables makes tables of paragraphs as long as there are cells left. Every row
// is filled up to the width of the header, so that a short text with a wide
// one becomes gigabytes before anybody could measure the result.
type tables struct{ parser.ParagraphTransformer }

var cellsUsed = parser.NewContextKey()

// Transform makes a table unless it would have too many cells.
func (t tables) Transform(node *ast.Paragraph, reader text.Reader, pc parser.Context) {
	used, _ := pc.Get(cellsUsed).(int)
	if used += cells(node, reader.Source()); used > mostCells {
		return
	}
	pc.Set(cellsUsed, used)
	t.ParagraphTransformer.Transform(node, reader, pc)
}

// cells is how many cells a paragraph has at most when it becomes a table:
// its lines times the width of the widest line of dashes.
func cells(node *ast.Paragraph, source []byte) int {
	lines, widest := node.Lines(), 0
	for i := range lines.Len() {
		segment := lines.At(i)
		line := segment.Value(source)
		if len(bytes.Trim(line, "|-: \t\r\n\f\v")) == 0 && bytes.IndexByte(line, '-') >= 0 {
			widest = max(widest, bytes.Count(line, []byte("|"))+1)
		}
	}
	return widest * lines.Len()
}
