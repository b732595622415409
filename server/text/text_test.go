package text_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"guildhall/server/text"
)

func load(t *testing.T) *text.Catalogue {
	t.Helper()
	c, err := text.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// programsOnly are problems that no screen of ours can cause.
var programsOnly = []string{"method", "media-type", "not-acceptable", "upgrade-required", "nothing"}

// used finds the catalogue keys in the server's own code: those that Say
// takes, and one for each kind of problem that is made.
func used(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	note := func(key string, e ast.Expr, at token.Position) {
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if s, err := strconv.Unquote(lit.Value); err == nil && !slices.Contains(programsOnly, s) {
				out[key+s] = at.String()
			}
		}
	}
	files := token.NewFileSet()
	for _, root := range []string{"../../server", "../../search", "../../cmd"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			inProblem := file.Name.Name == "problem"
			ast.Inspect(file, func(n ast.Node) bool {
				if slug, ok := n.(*ast.BasicLit); ok && strings.HasPrefix(slug.Value, `"/problems/`) && len(slug.Value) > len(`"/problems/"`) {
					note("problems.", &ast.BasicLit{Kind: token.STRING, Value: `"` + strings.TrimPrefix(slug.Value, `"/problems/`)}, files.Position(n.Pos()))
				}
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				name, from := "", ""
				switch f := call.Fun.(type) {
				case *ast.SelectorExpr:
					name = f.Sel.Name
					if x, ok := f.X.(*ast.Ident); ok {
						from = x.Name
					}
				case *ast.Ident:
					if inProblem {
						name, from = f.Name, "problem"
					}
				}
				at := files.Position(call.Pos())
				switch {
				case name == "Say" && len(call.Args) == 3:
					note("", call.Args[1], at)
				case from == "problem" && name == "New":
					note("problems.", call.Args[1], at)
				case from == "problem" && name == "Conflict":
					note("problems.", call.Args[0], at)
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// TestEveryKeyHasWords: a key that the server says, or a problem that a
// screen may show, is in the English catalogue.
func TestEveryKeyHasWords(t *testing.T) {
	keys, known := used(t), load(t).Keys(text.Fallback)
	for _, must := range []string{"mail.code.subject", "problems.not-found", "problems.code-wrong", "problems.last-moderator"} {
		if keys[must] == "" {
			t.Errorf("the search for keys misses %s", must)
		}
	}
	for key, at := range keys {
		if !slices.Contains(known, key) && !slices.Contains(known, key+"_other") {
			t.Errorf("%s: there is no %s in en.json", at, key)
		}
	}
}

func bare(key string) string {
	for _, form := range []string{"_zero", "_one", "_two", "_few", "_many", "_other"} {
		key = strings.TrimSuffix(key, form)
	}
	return key
}

func TestWelshHasNoKeyOfItsOwn(t *testing.T) {
	c := load(t)
	english := map[string]bool{}
	for _, key := range c.Keys("en") {
		english[bare(key)] = true
	}
	for _, key := range c.Keys("cy") {
		if !english[bare(key)] {
			t.Errorf("%s is in cy.json and not in en.json", key)
		}
	}
}

// TestMailIsWhole: no value is left out of a mail, in any language.
func TestMailIsWhole(t *testing.T) {
	c := load(t)
	values := map[string]any{"code": "BCDF GHJK", "name": "Siân", "site": "Guildhall", "url": "https://guildhall.example"}
	for _, lang := range []string{"en", "cy"} {
		for _, key := range c.Keys(lang) {
			if !strings.HasPrefix(key, "mail.") {
				continue
			}
			said := c.Say(lang, key, values)
			if strings.Contains(said, "{{") || strings.HasSuffix(key, ".text") && !strings.Contains(said, "BCDF GHJK") || strings.HasSuffix(key, ".subject") && strings.Contains(said, "\n") {
				t.Errorf("%s, %s: %q", lang, key, said)
			}
		}
	}
}

// TestPlurals: CLDR's forms, Welsh with all six.
func TestPlurals(t *testing.T) {
	c := load(t)
	for lang, forms := range map[string]map[int]string{
		"en": {0: "other", 1: "one", 2: "other", -1: "one", 21: "other", 1000000: "other"},
		"cy": {0: "zero", 1: "one", 2: "two", 3: "few", 4: "other", 6: "many", 7: "other", 100: "other"},
	} {
		for n, form := range forms {
			got := c.Say(lang, "nav.unread", map[string]any{"count": n})
			want := c.Say(lang, "nav.unread_"+form, map[string]any{"count": n})
			if got != want || strings.Contains(got, "nav.") {
				t.Errorf("%s, %d: %q, want the form %s: %q", lang, n, got, form, want)
			}
		}
	}
}

func TestWordsThatAreMissing(t *testing.T) {
	c := load(t)
	only := ""
	for _, key := range c.Keys("en") {
		if !slices.Contains(c.Keys("cy"), key) && bare(key) == key {
			only = key
			break
		}
	}
	if only == "" || c.Say("cy", only, nil) != c.Say("en", only, nil) || c.Say("xx", only, nil) != c.Say("en", only, nil) {
		t.Errorf("%q does not fall back to English", only)
	}
	if got := c.Say("en", "no.such.key", nil); got != "no.such.key" {
		t.Errorf("an unknown key says %q", got)
	}
}
