package chat_test

import (
	"fmt"
	"strings"
	"testing"

	"guildhall/server/chat"
	"guildhall/server/config"
	"guildhall/server/ids"
	"guildhall/server/testkit"
)

type words = map[string]any

// TestEditingIsWriting: it has the limit of writing, and the right to it is
// asked again where the words are stored.
func TestEditingIsWriting(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := makeRoom(w, "Room")
	m := say(w, "member", room.ID, "First words")
	path := testkit.Path("/messages/%s", m.ID)
	set := func(what string) {
		t.Helper()
		if _, err := w.DB.Exec(`update memberships set `+what+` where account_id = $1 and space_id = $2`, w.As("member").ID, w.Space("cohortA")); err != nil {
			t.Fatal(err)
		}
	}
	before := w.As("member").Actor()
	set(`muted_until = now() + interval '1 hour'`)
	w.As("member").Patch(path, words{"body": "muted", "version": 1}).Problem(403, "muted")
	w.As("member").Delete(testkit.Path("/messages/%s", say(w, "facilitator", room.ID, "b").ID)).Problem(403, "not-allowed")
	set(`muted_until = null, ended_at = now()`)
	// Removed between the check at the door and the commit.
	if _, err := w.Chat.Edit(t.Context(), before, m.ID, "removed", 1); err == nil || !strings.Contains(err.Error(), "message") {
		t.Errorf("somebody who was removed edited a message: %v", err)
	}
	set(`ended_at = null`)
	var feed chat.Feed
	w.As("member").Get(testkit.Path("/rooms/%s/changes?after=0", room.ID)).Expect(200).JSON(&feed)
	if feed.Head != 2 || feed.Items[0].Message.Body != "First words" {
		t.Errorf("what was refused is stored: %+v", feed)
	}
}

// TestTheSameWordsAgain: an edit that changes nothing has no number, and a
// stale one is still stale.
func TestTheSameWordsAgain(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := makeRoom(w, "Room")
	m := say(w, "member", room.ID, "Words")
	path := testkit.Path("/messages/%s", m.ID)
	var same chat.Message
	w.As("member").Patch(path, words{"body": "Words", "version": 1}).Expect(200).JSON(&same)
	if same.Version != 1 || same.EditedAt != nil || len(same.Can) != 2 {
		t.Errorf("the same words: %+v", same)
	}
	w.As("member").Patch(path, words{"body": "Words", "version": 2}).Problem(409, "stale")
	var h chat.History
	w.As("member").Get(testkit.Path("/rooms/%s/messages", room.ID)).Expect(200).JSON(&h)
	if h.Head != 1 {
		t.Errorf("the head is %d", h.Head)
	}
}

func TestEditsHaveALimit(t *testing.T) {
	t.Parallel()
	w := testkit.New(t, testkit.Options{Config: func(c *config.Config) { c.LimitMessages = 2 }})
	room := makeRoom(w, "Room")
	m := say(w, "member", room.ID, "one")
	path := testkit.Path("/messages/%s", m.ID)
	w.As("member").Patch(path, words{"body": "two", "version": 1}).Expect(200)
	w.As("member").Patch(path, words{"body": "three", "version": 2}).Problem(429, "too-many")
	w.As("member").Delete(path).Expect(204)
}

// TestClientIDAfterAnEdit: a client id stands for the words that first came
// with it.
func TestClientIDAfterAnEdit(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := makeRoom(w, "Room")
	path, id := testkit.Path("/rooms/%s/messages", room.ID), ids.NewUUID()
	var m, again chat.Message
	w.As("member").Post(path, words{"clientId": id, "body": "First"}).Expect(201).JSON(&m)
	check := func(body string) {
		t.Helper()
		w.As("member").Post(path, words{"clientId": id, "body": "Other"}).Problem(409, "client-id-reused")
		w.As("member").Post(path, words{"clientId": id, "body": "First"}).Expect(201).JSON(&again)
		if again.ID != m.ID || again.Body != body {
			t.Errorf("sent again: %+v", again)
		}
	}
	w.As("member").Patch(testkit.Path("/messages/%s", m.ID), words{"body": "Second", "version": 1}).Expect(200)
	check("Second")
	w.As("member").Post(path, words{"clientId": id, "body": "Second"}).Problem(409, "client-id-reused")
	// A deleted one has lost its words, and stands for whatever comes under its id.
	w.As("member").Delete(testkit.Path("/messages/%s", m.ID)).Expect(204)
	for _, body := range []string{"First", "Second", "Other"} {
		w.As("member").Post(path, words{"clientId": id, "body": body}).Expect(201).JSON(&again)
		if again.ID != m.ID || again.Body != "" || again.DeletedAt == nil {
			t.Errorf("sent again after it was deleted: %+v", again)
		}
	}
}

// TestAnEditWhoseAnswerWasLost: the same words again are no quarrel.
func TestAnEditWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	m := say(w, "member", makeRoom(w, "Room").ID, "First")
	path := testkit.Path("/messages/%s", m.ID)
	for range 2 {
		var edited chat.Message
		w.As("member").Patch(path, words{"body": "Second", "version": 1}).Expect(200).JSON(&edited)
		if edited.Version != 2 || edited.Body != "Second" {
			t.Errorf("edited: %+v", edited)
		}
	}
	w.As("member").Patch(path, words{"body": "Third", "version": 1}).Problem(409, "stale")
	w.As("member").Patch(path, words{"body": "Third", "version": 2}).Expect(200)
	w.As("member").Patch(path, words{"body": "Second", "version": 1}).Problem(409, "stale")
}

// TestDeletedWordsAreGone: of a deleted message nothing that it said is left,
// in no wording. One's own may be taken back in a closed room and by who is
// muted.
func TestDeletedWordsAreGone(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := makeRoom(w, "Room")
	m := say(w, "member", room.ID, fmt.Sprintf("Zebra for [@F](/people/%s)", w.As("facilitator").ID))
	path := testkit.Path("/messages/%s", m.ID)
	w.As("member").Patch(path, words{"body": m.Body + ", zebra", "version": 1}).Expect(200)
	w.As("facilitator").Patch(testkit.Path("/rooms/%s", room.ID), words{"name": "Room", "topic": "", "archived": true, "retentionDays": nil, "version": 1}).Expect(200)
	if _, err := w.DB.Exec(`update memberships set muted_until = now() + interval '1 hour' where account_id = $1`, w.As("member").ID); err != nil {
		t.Fatal(err)
	}
	w.As("facilitator").Delete(path).Problem(403, "not-allowed")
	w.As("member").Delete(path).Expect(204)
	w.As("member").Delete(path).Expect(204)
	var left int
	const rest = `select (select count(*) from messages where id = $1 and (body <> '' or html <> '')) + (select count(*) from message_versions where message_id = $1)
		+ (select count(*) from message_mentions where message_id = $1)`
	if err := w.DB.Get(&left, rest, m.ID); err != nil || left != 0 {
		t.Errorf("%d rows still know what it said, %v", left, err)
	}
}

// TestTheLongestMessage: 8,000 characters fit, however the client writes them.
func TestTheLongestMessage(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := makeRoom(w, "Room")
	escaped := strings.Repeat(`\ud83c\udfe1`, 8000)
	var m chat.Message
	path := testkit.Path("/rooms/%s/messages", room.ID)
	w.As("member").Post(path, `{"clientId":"`+ids.NewUUID()+`","body":"`+escaped+`"}`).Expect(201).JSON(&m)
	if m.Body != strings.Repeat("🏡", 8000) {
		t.Errorf("%d bytes are stored", len(m.Body))
	}
	w.As("member").Patch(testkit.Path("/messages/%s", m.ID), `{"version":1,"body":"x`+escaped[12:]+`"}`).Expect(200)
	w.As("member").Post(path, `{"clientId":"`+ids.NewUUID()+`","body":"`+strings.Repeat("x", 128<<10)+`"}`).Problem(413, "too-large")
}
