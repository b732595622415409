package markup_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"guildhall/server/markup"
)

// written is what goldmark or bluemonday may have let through: every tag in
// the one form that the policy leaves.
var written = regexp.MustCompile(`<(?:/?(?:p|strong|em|del|code|pre|blockquote|ul|ol|li|h3|h4|table|thead|tbody|tr|th|td)(?: lang="(?:cy|en)")?` +
	`|br/?|hr(?: lang="(?:cy|en)")?/?|ol start="[0-9]+"(?: lang="(?:cy|en)")?|/a` +
	`|a href="(?:(?i:https?|mailto):[^"<>]*|[^":/?#<>]*(?:[/?#][^"<>]*)?)" rel="nofollow noreferrer")>`)

// check is what holds for every text, in both dialects.
func check(t *testing.T, md string) {
	t.Helper()
	for name, render := range map[string]func(string) (string, error){"chat": markup.Chat, "html": markup.HTML} {
		got, err := render(md)
		switch {
		case err != nil:
			t.Errorf("%s: %.200q: %v", name, md, err)
		case len(got) > 8*len(md)+64<<10+200:
			t.Errorf("%s: %d bytes became %d: %.200q", name, len(md), len(got), md)
		case !utf8.ValidString(got) || strings.ContainsRune(got, 0):
			t.Errorf("%s: %.200q became invalid UTF-8", name, md)
		case strings.Count(got, "<blockquote")-strings.Count(got, "</blockquote>") != 0:
			t.Errorf("%s: %.200q leaves a quote open", name, md)
		}
		if rest := written.ReplaceAllString(got, ""); strings.ContainsAny(rest, "<>") {
			t.Errorf("%s: %.200q became %.400q", name, md, got)
		}
		if again := markup.Sanitise(got); again != got {
			t.Errorf("%s: cleaning %.200q twice turns %.400q into %.400q", name, md, got, again)
		}
	}
	if got := markup.Plain(md, 100); utf8.RuneCountInString(got) > 100 || !utf8.ValidString(got) || strings.ContainsAny(got, "\r\n\x00") {
		t.Errorf("%.200q became the plain text %q", md, got)
	}
}

// bombs are short texts that become long, slow or deep in a renderer without
// bounds. 5,000 dashes over as many empty lines took 25 seconds.
func bombs() map[string]string {
	const n = 20_000
	fill := func(s string) string { return strings.Repeat(s, n/len(s)) }
	wide := strings.Repeat("-|", n/8)
	return map[string]string{
		"a wide table":         wide + "\n" + wide + "\n" + strings.Repeat("a\n", n/4),
		"a wide table, quoted": "> " + wide + "\n> " + wide + "\n" + strings.Repeat("> a\n", n/8),
		"a wide table, listed": "1. " + wide + "\n   " + wide + "\n" + strings.Repeat("   a\n", n/10),
		"many tables":          fill(strings.Repeat("|a", 60) + "\n" + strings.Repeat("|-", 60) + "\n" + strings.Repeat("a\n", 100) + "\n"),
		"a repeated reference": "[a]: http://" + strings.Repeat("x", n/2) + "\n\n" + strings.Repeat("[a]", n/6),
		"deep quotes":          fill(">"),
		"deep lists":           fill("- "),
		"both":                 fill("> - "),
		"lists over nothing":   strings.Repeat("- ", n/4) + "a" + strings.Repeat("\n", n/2),
		"lazy quotes":          strings.Repeat(">", n/2) + strings.Repeat("a\n", n/4),
		"emphasis":             fill("a**b_c*"),
		"more emphasis":        fill("*a_ "),
		"brackets":             fill("["),
		"pictures":             fill("!["),
		"links in links":       strings.Repeat("[", n/5) + strings.Repeat("](a)", n/5),
		"open links":           fill("[a]("),
		"empty links":          fill("[](a)"),
		"addresses":            fill("a@b.c "),
		"code in cells":        strings.Repeat("|a", 20) + "\n" + strings.Repeat("|-", 20) + "\n" + fill("|`\\|`"),
		"ticks":                fill("`a``b"),
		"tags":                 fill("<a "),
		"comments":             fill("<!--"),
		"ampersands":           fill("&"),
		"quote marks":          fill(`"`),
		"bad bytes":            fill("\xff"),
		"NUL":                  fill("\x00"),
	}
}

// TestBounds: no text becomes much larger than it is, however it was made.
func TestBounds(t *testing.T) {
	for name, md := range bombs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, md)
		})
	}
}

func TestDepth(t *testing.T) {
	for _, one := range []string{">", "- ", "1. ", "> - "} {
		got, err := markup.HTML(strings.Repeat(one, 200) + "deep")
		depth := strings.Count(got, "<blockquote") + strings.Count(got, "<ul>") + strings.Count(got, "<ol>")
		if err != nil || depth != 30 || !strings.Contains(got, "deep") {
			t.Errorf("%q 200 times: %d levels, %v", one, depth, err)
		}
	}
}

// TestTooLargeIsShownAsWritten: nothing of what somebody wrote is lost.
func TestTooLargeIsShownAsWritten(t *testing.T) {
	wide := strings.Repeat("|a", 200) + "\n" + strings.Repeat("|-", 200) + "\n"
	got, err := markup.HTML("before\n\n" + wide + strings.Repeat("|end\n", 100) + "\nafter **it**")
	for _, part := range []string{`<p lang="en">before</p>`, "|a|a|a", "|end", `<p lang="en">after <strong>it</strong></p>`} {
		if err != nil || strings.Contains(got, "<table>") || !strings.Contains(got, part) {
			t.Fatalf("%q is not in %.300q, %v", part, got, err)
		}
	}
	got, err = markup.HTML("[a]: http://" + strings.Repeat("x", 5000) + "\n\n**b**\n" + strings.Repeat("[a]", 2000))
	if err != nil || !strings.HasPrefix(got, "<p>[a]: http://xxx") || !strings.Contains(got, "**b**<br>[a][a]") {
		t.Errorf("got %.300q, %v", got, err)
	}
}

func TestTables(t *testing.T) {
	got, err := markup.HTML("| a | b |\n|---|--:|\n| `x\\|y` | <i> |\n| only |")
	want := "<table>\n<thead>\n<tr>\n<th>a</th>\n<th>b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td><code>x|y</code></td>\n<td>&lt;i&gt;</td>\n</tr>\n" +
		"<tr>\n<td>only</td>\n<td></td>\n</tr>\n</tbody>\n</table>"
	if err != nil || got != want {
		t.Errorf("got %q, %v", got, err)
	}
}

func FuzzMarkup(f *testing.F) {
	for _, md := range nasty {
		f.Add(md)
	}
	for _, md := range bombs() {
		f.Add(md[:min(len(md), 300)])
	}
	f.Fuzz(func(t *testing.T, md string) {
		if len(md) <= 20_000 {
			check(t, md)
		}
	})
}
