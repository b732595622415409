package chat_test

import (
	"strings"
	"testing"

	"guildhall/server/testkit"
)

func TestAPreviewLooksAsTheMessageWill(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	body := "**bold**\n<script>alert(1)</script>\n- one"
	var preview struct{ HTML string }
	w.As("member").Post("/api/markup/preview", map[string]string{"body": body}).Expect(200).JSON(&preview)
	if said := say(w, "member", makeRoom(w, "Room").ID, body); preview.HTML != said.HTML {
		t.Errorf("the preview is %q, the message %q", preview.HTML, said.HTML)
	}
	w.As("stranger").Post("/api/markup/preview", map[string]string{"body": body}).Problem(401, "sign-in")
	w.As("member").Post("/api/markup/preview", map[string]string{"body": strings.Repeat("x", 8001)}).Problem(422, "invalid")
	for range 29 {
		w.As("member").Post("/api/markup/preview", map[string]string{"body": "x"}).Expect(200)
	}
	w.As("member").Post("/api/markup/preview", map[string]string{"body": "x"}).Problem(429, "too-many")
}
