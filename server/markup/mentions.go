package markup

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"guildhall/server/ids"
)

// Mentions gives whom a chat message calls: the people of its links of the
// form [@Name](/people/12), each once, and whether it says @room, which is
// everybody. In code neither means anything.
func Mentions(md string) (people []ids.ID, room bool) {
	if !strings.Contains(md, "@") {
		return nil, false
	}
	source := []byte(strings.ToValidUTF8(md, "\ufffd"))
	doc := forChat.Parser().Parse(text.NewReader(source))
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Link:
			if id := personOf(n, source); id != 0 && !slices.Contains(people, id) {
				people = append(people, id)
			}
		case *everybody:
			room = room || !inLink(n)
		}
		return ast.WalkContinue, nil
	})
	return people, room
}

// personOf gives the person that a link calls, 0 for any other link.
func personOf(link *ast.Link, source []byte) ids.ID {
	to, found := strings.CutPrefix(string(link.Destination), "/people/")
	name, isText := link.FirstChild().(*ast.Text)
	if !found || !isText || !strings.HasPrefix(string(name.Value(source)), "@") {
		return 0
	}
	id, err := ids.Parse(to)
	if err != nil {
		return 0
	}
	return id
}

// called marks the links that call somebody, so that screens can show them as
// what they are.
type called struct{}

// Transform gives such links their class.
func (called) Transform(doc *ast.Document, reader text.Reader, _ parser.Context) {
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if link, ok := n.(*ast.Link); ok && entering && personOf(link, reader.Source()) != 0 {
			link.SetAttributeString("class", []byte("mention"))
		}
		return ast.WalkContinue, nil
	})
}

const roomWord = "@room"

var kindEverybody = ast.NewNodeKind("Everybody")

// everybody is the word @room.
type everybody struct{ ast.BaseInline }

// Kind names the node.
func (*everybody) Kind() ast.NodeKind { return kindEverybody }

// Dump prints the node for people who look for faults.
func (n *everybody) Dump(source []byte, level int) { ast.DumpHelper(n, source, level, nil, nil) }

// roomWords finds @room where it stands as a word, and is the renderer of what
// it finds.
type roomWords struct{}

// Trigger is where to look.
func (roomWords) Trigger() []byte { return []byte{'@'} }

// Parse takes the word, or nothing.
func (roomWords) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	before := block.PrecendingCharacter()
	line, _ := block.PeekLine()
	rest, found := strings.CutPrefix(string(line), roomWord)
	after, _ := utf8.DecodeRuneInString(rest)
	if !found || wordy(before) || before == '@' || before == '/' || wordy(after) || after == '-' {
		return nil
	}
	block.Advance(len(roomWord))
	return &everybody{}
}

func wordy(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' }

// RegisterFuncs says who renders the word.
func (roomWords) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(kindEverybody, func(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		word := `<strong class="mention">` + roomWord + `</strong>`
		if inLink(n) {
			word = roomWord
		}
		if entering {
			_, _ = w.WriteString(word)
		}
		return ast.WalkContinue, nil
	})
}

func inLink(n ast.Node) bool {
	for ; n != nil; n = n.Parent() {
		if n.Kind() == ast.KindLink {
			return true
		}
	}
	return false
}
