package chat_test

import (
	"fmt"
	"strings"
	"testing"

	"guildhall/server/chat"
	"guildhall/server/testkit"
)

func head(w *testkit.World, who string, room chat.Room) int64 {
	w.T.Helper()
	var r chat.Room
	w.As(who).Get(testkit.Path("/rooms/%s", room.ID)).Expect(200).JSON(&r)
	return r.Head
}

func TestReactions(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := makeRoom(w, "Room")
	m := say(w, "member", room.ID, "Done")
	path := testkit.Path("/messages/%s/reactions/", m.ID)
	w.As("facilitator").Put(testkit.Path("/rooms/%s/read", room.ID), words{"seq": 1}).Expect(200)

	var got chat.Message
	w.As("facilitator").Put(path+"heart", nil).Expect(200).JSON(&got)
	w.As("moderator").Put(path+"heart", nil).Expect(200)
	w.As("moderator").Put(path+"clap", nil).Expect(200).JSON(&got)
	if len(got.Reactions) != 2 || got.Reactions[0].Name != "heart" || got.Reactions[0].Count != 2 || !*got.Reactions[0].Mine || got.Reactions[0].People[0].ID != w.As("facilitator").ID {
		t.Errorf("the answer: %+v", got.Reactions)
	}
	// Twice changes nothing and has no number.
	w.As("moderator").Put(path+"clap", nil).Expect(200)
	w.As("member").Delete(path + "clap").Expect(200)
	if n := head(w, "member", room); n != 4 {
		t.Errorf("the head is %d", n)
	}
	var h chat.History
	w.As("member").Get(testkit.Path("/rooms/%s/messages", room.ID)).Expect(200).JSON(&h)
	if r := h.Items[0].Reactions; len(r) != 2 || *r[0].Mine || r[0].People[1].Name != w.As("moderator").Name {
		t.Errorf("the history: %+v", r)
	}
	var feed chat.Feed
	w.As("member").Get(testkit.Path("/rooms/%s/changes?after=1", room.ID)).Expect(200).JSON(&feed)
	if len(feed.Items) != 3 || feed.Items[0].Type != "reacted" || feed.Items[0].Message.Reactions[0].Mine != nil {
		t.Errorf("the feed: %+v", feed.Items)
	}
	var seen chat.Room
	w.As("facilitator").Get(testkit.Path("/rooms/%s", room.ID)).Expect(200).JSON(&seen)
	if seen.Unread != 0 {
		t.Errorf("a reaction is unread")
	}
	// The name of somebody who was erased is gone from here too.
	if _, err := w.DB.Exec(`update accounts set erased_at = now() where id = $1`, w.As("moderator").ID); err != nil {
		t.Fatal(err)
	}
	answer := w.As("member").Get(testkit.Path("/rooms/%s/messages", room.ID)).Expect(200)
	if strings.Contains(answer.Body, w.As("moderator").Name) || !strings.Contains(answer.Body, "Former member") {
		t.Errorf("after erasure: %s", answer.Body)
	}

	w.As("facilitator").Delete(path + "heart").Expect(200).JSON(&got)
	if len(got.Reactions) != 2 || got.Reactions[0].Name != "heart" || got.Reactions[0].Count != 1 {
		t.Errorf("taken back: %+v", got.Reactions)
	}
	w.As("member").Delete(testkit.Path("/messages/%s", m.ID)).Expect(204)
	h = chat.History{}
	w.As("member").Get(testkit.Path("/rooms/%s/messages", room.ID)).Expect(200).JSON(&h)
	if len(h.Items[0].Reactions) != 0 {
		t.Errorf("a deleted message: %+v", h.Items[0])
	}
}

func TestWhoMayNotReact(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := makeRoom(w, "Room")
	m := say(w, "member", room.ID, "Words")
	path := testkit.Path("/messages/%s/reactions/heart", m.ID)
	w.As("member").Put(testkit.Path("/messages/%s/reactions/middle-finger", m.ID), nil).Problem(422, "invalid")
	w.As("outsider").Put(path, nil).Problem(404, "not-found")
	mute := func(value string) {
		t.Helper()
		if _, err := w.DB.Exec(`update memberships set muted_until = `+value+` where account_id = $1`, w.As("member").ID); err != nil {
			t.Fatal(err)
		}
	}
	mute(`now() + interval '1 hour'`)
	w.As("member").Put(path, nil).Problem(403, "muted")
	mute(`null`)
	deleted := say(w, "member", room.ID, "Oops")
	w.As("member").Delete(testkit.Path("/messages/%s", deleted.ID)).Expect(204)
	w.As("member").Put(testkit.Path("/messages/%s/reactions/heart", deleted.ID), nil).Problem(409, "message-deleted")
	w.As("facilitator").Put(testkit.Path("/messages/%s/pin", deleted.ID), nil).Problem(409, "message-deleted")

	group := converse(w, "member", "moderator", "outsider")
	w.As("member").Post(testkit.Path("/rooms/%s/people", group.ID), words{"people": []any{w.As("facilitator").ID}, "history": "new"}).Expect(200)
	var h chat.History
	w.As("member").Get(testkit.Path("/rooms/%s/messages", group.ID)).Expect(200).JSON(&h)
	w.As("member").Put(testkit.Path("/messages/%s/reactions/heart", h.Items[0].ID), nil).Problem(403, "not-allowed")

	w.As("facilitator").Patch(testkit.Path("/rooms/%s", room.ID), words{"name": "Room", "topic": "", "archived": true, "retentionDays": nil, "version": 1}).Expect(200)
	w.As("member").Put(path, nil).Problem(409, "room-archived")
	w.As("facilitator").Put(testkit.Path("/messages/%s/pin", m.ID), nil).Problem(409, "room-archived")
	if n := head(w, "member", room); n != 3 {
		t.Errorf("what was refused has a number: the head is %d", n)
	}
}

func TestPins(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := makeRoom(w, "Room")
	pins := func(who string) []chat.Message {
		t.Helper()
		var p chat.Pins
		w.As(who).Get(testkit.Path("/rooms/%s/pins", room.ID)).Expect(200).JSON(&p)
		return p.Items
	}
	first, second := say(w, "member", room.ID, "First"), say(w, "member", room.ID, "Second")
	pin := func(m chat.Message) string { return testkit.Path("/messages/%s/pin", m.ID) }
	w.As("member").Put(pin(first), nil).Problem(403, "not-allowed")
	var got chat.Message
	w.As("facilitator").Put(pin(first), nil).Expect(200)
	w.As("facilitator").Put(pin(second), nil).Expect(200).JSON(&got)
	w.As("facilitator").Put(pin(second), nil).Expect(200)
	if got.PinnedAt == nil || got.PinnedBy.Name != w.As("facilitator").Name {
		t.Errorf("pinned: %+v", got)
	}
	if list := pins("member"); len(list) != 2 || list[0].ID != second.ID || list[0].PinnedBy.Name == "" {
		t.Errorf("the pins: %+v", list)
	}
	if n := head(w, "member", room); n != 4 {
		t.Errorf("the head is %d", n)
	}
	w.As("moderator").Delete(pin(first)).Expect(200)
	w.As("member").Delete(testkit.Path("/messages/%s", second.ID)).Expect(204)
	if list := pins("member"); len(list) != 0 {
		t.Errorf("a deleted message is pinned: %+v", list)
	}
	if _, err := w.DB.Exec(`update messages set pinned_at = now(), pinned_by = author_id where id = $1`, first.ID); err != nil {
		t.Fatal(err)
	}
	// 49 more fill the room.
	if _, err := w.DB.Exec(`insert into messages (room_id, seq, author_id, client_id, body, html, created_at, pinned_at, pinned_by)
		select room_id, 100 + n, author_id, gen_random_uuid(), 'x', 'x', now(), now(), author_id from messages, generate_series(1, 49) n where id = $1`, first.ID); err != nil {
		t.Fatal(err)
	}
	w.As("facilitator").Put(pin(say(w, "member", room.ID, "One too many")), nil).Problem(409, "too-many-pins")
	if n := len(pins("member")); n != 50 {
		t.Errorf("%d pins", n)
	}
	w.As("outsider").Get(testkit.Path("/rooms/%s/pins", room.ID)).Problem(404, "not-found")
}

// TestPinsOfLateComers: who came in later sees no pin of what was said before.
func TestPinsOfLateComers(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := converse(w, "member", "moderator", "outsider")
	m := say(w, "member", room.ID, "Before")
	w.As("member").Put(testkit.Path("/messages/%s/pin", m.ID), nil).Expect(200)
	w.As("member").Post(testkit.Path("/rooms/%s/people", room.ID), words{"people": []any{w.As("facilitator").ID}, "history": "new"}).Expect(200)
	var p chat.Pins
	w.As("facilitator").Get(testkit.Path("/rooms/%s/pins", room.ID)).Expect(200).JSON(&p)
	if len(p.Items) != 0 {
		t.Errorf("a newcomer sees %+v", p.Items)
	}
	w.As("facilitator").Put(testkit.Path("/messages/%s/reactions/heart", m.ID), nil).Problem(404, "not-found")
	w.As("facilitator").Get(testkit.Path("/messages/%s/versions", m.ID)).Problem(404, "not-found")
}

func TestMessageVersions(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := makeRoom(w, "Room")
	m := say(w, "member", room.ID, "Wording 1")
	for n := 1; n < 4; n++ {
		w.As("member").Patch(testkit.Path("/messages/%s", m.ID), words{"body": fmt.Sprintf("Wording **%d**", n+1), "version": n}).Expect(200)
	}
	path := testkit.Path("/messages/%s/versions", m.ID)
	var list struct {
		Items []chat.MessageVersion
		Next  string
	}
	w.As("facilitator").Get(path + "?limit=3").Expect(200).JSON(&list)
	if len(list.Items) != 3 || list.Items[0].HTML != "<p>Wording 1</p>" || list.Items[0].EditedAt.After(list.Items[1].EditedAt) {
		t.Errorf("the wordings: %+v", list)
	}
	list.Items = nil
	w.As("facilitator").Get(path + "?limit=3&cursor=" + list.Next).Expect(200).JSON(&list)
	if len(list.Items) != 1 || list.Items[0].HTML != "<p>Wording <strong>4</strong></p>" {
		t.Errorf("the last page: %+v", list)
	}
	w.As("outsider").Get(path).Problem(404, "not-found")
	w.As("member").Delete(testkit.Path("/messages/%s", m.ID)).Expect(204)
	list.Items = nil
	w.As("member").Get(path).Expect(200).JSON(&list)
	if len(list.Items) != 0 {
		t.Errorf("a deleted message has wordings: %+v", list.Items)
	}
}
