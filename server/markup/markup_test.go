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
		{"**bold** and *soft*", "<p><strong>bold</strong> and <em>soft</em></p>"},
		{"# not a heading", "<p># not a heading</p>"},
		{"> said", "<blockquote>\n<p>said</p>\n</blockquote>"},
		{"- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"},
		{"<b>raw</b>", "<p>raw</p>"},
	} {
		got, err := markup.Chat(c.md)
		if err != nil || got != c.want {
			t.Errorf("%q became %q (%v), want %q", c.md, got, err, c.want)
		}
	}
}

// TestNothingRuns: whatever people write, no script, handler, style or foreign
// scheme comes out.
func TestNothingRuns(t *testing.T) {
	nasty := []string{
		`<script>alert(1)</script>`, `<img src=x onerror=alert(1)>`, `[x](javascript:alert(1))`, `[x](JaVaScRiPt:alert(1))`,
		`[x](data:text/html;base64,PHNjcmlwdD4=)`, `<a href="vbscript:x">y</a>`, `<svg/onload=alert(1)>`, `<iframe src=//evil>`,
		"<div style=\"background:url(x)\">", "![x](https://tracker.example/p.png)", `<a href="x" onclick="y">z</a>`,
		"```\n<script>\n```", `[x](\x01javascript:alert(1))`, "<style>*{}</style>", `<form action=x><input name=y></form>`,
	}
	for _, md := range nasty {
		for name, f := range map[string]func(string) (string, error){"chat": markup.Chat, "html": markup.HTML} {
			got, err := f(md)
			if err != nil {
				t.Fatal(err)
			}
			low := strings.ToLower(got)
			for _, bad := range []string{"<script", "<img", "<svg", "<iframe", "<style", "<form", "<input", "<div", "href=\"javascript", "href=\"data", "href=\"vbscript", " onclick", " onerror", " style="} {
				if strings.Contains(low, bad) {
					t.Errorf("%s: %q came out of %q as %q", name, bad, md, got)
				}
			}
		}
	}
}

func TestHeadingsGoBelowThePage(t *testing.T) {
	got, err := markup.HTML("# One\n\n## Two\n\n### Three")
	if err != nil || got != "<h3>One</h3>\n<h3>Two</h3>\n<h4>Three</h4>" {
		t.Errorf("got %q, %v", got, err)
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

func FuzzChat(f *testing.F) {
	f.Add("**a** <script>")
	f.Fuzz(func(t *testing.T, md string) {
		got, err := markup.Chat(md)
		if err != nil || strings.Contains(strings.ToLower(got), "<script") {
			t.Errorf("%q: %q %v", md, got, err)
		}
	})
}
