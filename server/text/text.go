// Package text gives the words of the message catalogues to the server: mail
// and other sentences that people read outside the web app.
package text

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"

	"guildhall/frontend"
)

// Fallback is the language whose catalogue is complete.
const Fallback = "en"

// Catalogue is the sentences of all languages, by key.
type Catalogue struct {
	words map[string]map[string]string // language, then key
}

// Load reads the catalogues that the binary carries.
func Load() (*Catalogue, error) {
	files, err := fs.Glob(frontend.Catalogues, "src/lib/text/*.json")
	if err != nil {
		return nil, fmt.Errorf("find catalogues: %w", err)
	}
	c := &Catalogue{words: map[string]map[string]string{}}
	for _, name := range files {
		b, err := fs.ReadFile(frontend.Catalogues, name)
		if err != nil {
			return nil, fmt.Errorf("read catalogue: %w", err)
		}
		var tree map[string]any
		if err := json.Unmarshal(b, &tree); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		lang, _, _ := strings.Cut(path.Base(name), ".")
		if c.words[lang] == nil {
			c.words[lang] = map[string]string{}
		}
		flatten(c.words[lang], "", tree)
	}
	if c.words[Fallback] == nil {
		return nil, fmt.Errorf("there is no catalogue for %q", Fallback)
	}
	return c, nil
}

func flatten(into map[string]string, prefix string, tree map[string]any) {
	for key, value := range tree {
		switch v := value.(type) {
		case string:
			into[prefix+key] = v
		case map[string]any:
			flatten(into, prefix+key+".", v)
		}
	}
}

// Keys lists a language's keys, plural forms included.
func (c *Catalogue) Keys(lang string) []string {
	var out []string
	for key := range c.words[lang] {
		out = append(out, key)
	}
	return out
}

// Say gives the sentence of key in the language, or in English where the
// language lacks it, with values put in for {{name}}. A whole number named
// count chooses the plural form by CLDR. A key that is in no catalogue comes
// back as it is, which a test forbids.
func (c *Catalogue) Say(lang, key string, values map[string]any) string {
	for _, l := range []string{lang, Fallback} {
		if s, ok := c.find(l, key, values); ok {
			return fill(s, values)
		}
	}
	return key
}

func (c *Catalogue) find(lang, key string, values map[string]any) (string, bool) {
	if n, ok := values["count"].(int); ok {
		if s, ok := c.words[lang][key+"_"+form(lang, n)]; ok {
			return s, true
		}
		if s, ok := c.words[lang][key+"_other"]; ok {
			return s, true
		}
	}
	s, ok := c.words[lang][key]
	return s, ok
}

var forms = map[plural.Form]string{
	plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many", plural.Other: "other",
}

func form(lang string, n int) string {
	return forms[plural.Cardinal.MatchPlural(language.Make(lang), max(n, -n), 0, 0, 0, 0)]
}

func fill(s string, values map[string]any) string {
	for name, value := range values {
		s = strings.ReplaceAll(s, "{{"+name+"}}", fmt.Sprint(value))
	}
	return s
}
