package markup_test

import (
	"strings"
	"testing"

	"guildhall/server/markup"
)

func TestChat(t *testing.T) {
	for _, c := range []struct{ md, want string }{
		{"plain", "<p>plain</p>"},
		{"two\nlines", "<p>two<br>\nlines</p>"},
		{"**bold** and *soft*", "<p lang=\"en\"><strong>bold</strong> and <em>soft</em></p>"},
		{"# not a heading", "<p lang=\"en\"># not a heading</p>"},
		{"> said", "<blockquote>\n<p>said</p>\n</blockquote>"},
		{"- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"},
		{"<b>raw</b>", "<p>&lt;b&gt;raw&lt;/b&gt;</p>"},
	} {
		got, err := markup.Chat(c.md)
		if err != nil || got != c.want {
			t.Errorf("%q became %q (%v), want %q", c.md, got, err, c.want)
		}
	}
}

// nasty is what people write who want more than words.
var nasty = []string{
	`<script>alert(1)</script>`, `<img src=x onerror=alert(1)>`, `[x](javascript:alert(1))`, `[x](JaVaScRiPt:alert(1))`,
	`[x](data:text/html;base64,PHNjcmlwdD4=)`, `<a href="vbscript:x">y</a>`, `<svg/onload=alert(1)>`, `<iframe src=//evil>`,
	"<div style=\"background:url(x)\">", "![x](https://tracker.example/p.png)", `<a href="x" onclick="y">z</a>`,
	"```\n<script>\n```", "[x](\x01javascript:alert(1))", "<style>*{}</style>", `<form action=x><input name=y></form>`,
	`<javascript:alert(1)>`, "[x](java\nscript:alert(1))", `[x](javascript&colon;alert(1))`, `[x](&#106;avascript:alert(1))`,
	"[x]: javascript:alert(1)\n\n[x]", `[x](https://a.example "\" onmouseover=alert(1) \"")`, `[x](<javascript:alert(1)>)`, "`<b>`",
	"``` \"><script>\nx\n```", "<!-- --><script>", "<![CDATA[<script>]]>", "<?php ?>", "[<b>](a\"b)", "www.a.example/\"><script>",
	"a\xff<b>\xc3", "a\x00b", "~~<i>~~", "| <b> | ` |\n|-|-|\n| `<script>` |", "<https://a.example/\"onclick=x>", "<h1>a</h1>", "&lt;script&gt;",
	"[x](https://a.example/?a=1&copy=2)", "1234567890123. a", "[x]()", "[]()", "[a](//b.example)", "[a](b:c)", "[a](?b)", "[a](#b)", "[a](b c)", "[a](https:)",
}

// TestNothingRuns: whatever people write, no script, handler, style or foreign
// scheme comes out.
func TestNothingRuns(t *testing.T) {
	for _, md := range nasty {
		check(t, md)
	}
}

// TestHTMLIsText: what looks like HTML is shown as it was written, and what
// stands between is Markdown.
func TestHTMLIsText(t *testing.T) {
	for md, want := range map[string]string{
		"a <b>**c**</b>":                 "<p>a &lt;b&gt;<strong>c</strong>&lt;/b&gt;</p>",
		"<div>\n\nd\n\n</div>":           "<p>&lt;div&gt;</p>\n<p>d</p>\n<p>&lt;/div&gt;</p>",
		"<script>alert(1)</script>":      "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>",
		"<!-- hidden -->":                "<p>&lt;!-- hidden --&gt;</p>",
		"we spend <5% and >3%":           "<p lang=\"en\">we spend &lt;5% and &gt;3%</p>",
		"`<b>`":                          "<p><code>&lt;b&gt;</code></p>",
		"<https://a.example>":            `<p><a href="https://a.example" rel="nofollow noreferrer">https://a.example</a></p>`,
		"[x](javascript:alert(1)) stays": "<p>x stays</p>",
	} {
		for name, render := range map[string]func(string) (string, error){"chat": markup.Chat, "html": markup.HTML} {
			if got, err := render(md); err != nil || got != want {
				t.Errorf("%s: %q became %q (%v), want %q", name, md, got, err, want)
			}
		}
	}
	if got := markup.Plain("if <b> then **c**", 50); got != "if <b> then c" {
		t.Errorf("the plain text is %q", got)
	}
}

func TestHeadingsGoBelowThePage(t *testing.T) {
	for md, want := range map[string]string{
		"# One\n\n## Two\n\n### Three":    "<h3>One</h3>\n<h3>Two</h3>\n<h4>Three</h4>",
		"#### Deep first\n\n##### Deeper": "<h3>Deep first</h3>\n<h4>Deeper</h4>",
	} {
		if got, err := markup.HTML(md); err != nil || got != want {
			t.Errorf("%q became %q (%v), want %q", md, got, err, want)
		}
	}
}

func TestLinksDoNotTellWhoFollows(t *testing.T) {
	got, err := markup.Chat("see https://example.org/a")
	if err != nil || !strings.Contains(got, `rel="nofollow noreferrer"`) {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestPlain(t *testing.T) {
	if got := markup.Plain("**Bold** &amp; [link](/x)\n\n- one\n- two", 100); got != "Bold & link one two" {
		t.Errorf("got %q", got)
	}
	if got := markup.Plain(strings.Repeat("word ", 50), 22); got != "word word word word…" {
		t.Errorf("cut to %q", got)
	}
}

// TestLanguageIsMarked: a screen reader changes its voice for Welsh.
func TestLanguageIsMarked(t *testing.T) {
	for md, want := range map[string]string{
		"# Bore da\n\nMae'r cyngor wedi newid\n\n- y ffordd\n- yr amser": "<h3 lang=\"cy\">Bore da</h3>\n<p lang=\"cy\">Mae&#39;r cyngor wedi newid</p>\n<ul lang=\"cy\">\n<li>y ffordd</li>\n<li>yr amser</li>\n</ul>",
		"42 %":                                  "<p>42 %</p>",
		"| the | and |\n|---|---|\n| of | to |": "<table lang=\"en\">\n<thead>\n<tr>\n<th>the</th>\n<th>and</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>of</td>\n<td>to</td>\n</tr>\n</tbody>\n</table>",
	} {
		if got, err := markup.HTML(md); err != nil || got != want {
			t.Errorf("%q became %q (%v), want %q", md, got, err, want)
		}
	}
}
