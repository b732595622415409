package chat_test

import (
	"strings"
	"testing"

	"guildhall/search"
	"guildhall/server/chat"
	"guildhall/server/ids"
	"guildhall/server/testkit"
)

func cards(w *testkit.World, who string, of ...string) []search.Card {
	w.T.Helper()
	var list search.Cards
	w.As(who).Get("/api/cards?of=" + strings.Join(of, "&of=")).Expect(200).JSON(&list)
	return list.Items
}

// TestForward: a message is passed on where everybody sees it already, and
// shown by the rights of whoever looks.
func TestForward(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	from, to := makeRoom(w, "From"), makeRoom(w, "To")
	m := say(w, "member", from.ID, "The **figures** are in")
	into := testkit.Path("/rooms/%s/messages", to.ID)
	send := func(who, path string, of ids.ID, body string) *testkit.Answer {
		t.Helper()
		return w.As(who).Post(path, words{"clientId": ids.NewUUID(), "body": body, "forwardOf": of})
	}
	var got, again chat.Message
	send("facilitator", into, m.ID, "See this").Expect(201).JSON(&got)
	if got.ForwardOf != m.ID || got.Body != "See this" {
		t.Errorf("passed on: %+v", got)
	}
	send("facilitator", into, m.ID, "").Expect(201).JSON(&got)
	// What only passes on stands for what it passes on.
	send("member", testkit.Path("/rooms/%s/messages", from.ID), got.ID, "").Expect(201).JSON(&again)
	if again.ForwardOf != m.ID {
		t.Errorf("passed on twice: %+v", again)
	}
	var h chat.History
	w.As("member").Get(into).Expect(200).JSON(&h)
	if len(h.Items) != 2 || h.Items[1].ForwardOf != m.ID || h.Items[1].Body != "" {
		t.Errorf("the history: %+v", h.Items)
	}
	list := cards(w, "moderator", "message:"+m.ID.String(), "message:"+m.ID.String(), "nothing:1")
	if len(list) != 1 || list[0].Title != w.As("member").Name || list[0].Text != "The figures are in" || list[0].Where != "From" {
		t.Errorf("the card: %+v", list)
	}
	if list := cards(w, "outsider", "message:"+m.ID.String()); len(list) != 0 {
		t.Errorf("an outsider sees %+v", list)
	}
	w.As("member").Get("/api/cards?of=message").Problem(422, "invalid")
	w.As("member").Post(into, words{"clientId": ids.NewUUID(), "body": ""}).Problem(422, "invalid")

	// Not to people who could not see it, and not by them.
	with := converse(w, "member", "outsider")
	send("member", testkit.Path("/rooms/%s/messages", with.ID), m.ID, "").Problem(409, "not-for-everybody")
	group := converse(w, "member", "facilitator", "outsider")
	if a := send("member", testkit.Path("/rooms/%s/messages", group.ID), m.ID, ""); !strings.Contains(a.Body, `"people":1`) {
		t.Errorf("who could not see it: %s", a.Body)
	}
	inner := say(w, "outsider", with.ID, "Between us")
	send("facilitator", into, inner.ID, "").Problem(404, "not-found")
	send("facilitator", into, 987654321, "").Problem(404, "not-found")
	// Whoever comes in later does not see what was said before.
	w.As("member").Post(testkit.Path("/rooms/%s/people", group.ID), words{"people": []ids.ID{w.As("moderator").ID}, "history": "new"}).Expect(200)
	send("facilitator", testkit.Path("/rooms/%s/messages", group.ID), say(w, "member", group.ID, "Now").ID, "").Expect(201)
	if n := head(w, "facilitator", to); n != 2 {
		t.Errorf("what was refused has a number: the head is %d", n)
	}

	w.As("member").Delete(testkit.Path("/messages/%s", m.ID)).Expect(204)
	send("facilitator", into, m.ID, "").Problem(404, "not-found")
	if list := cards(w, "member", "message:"+m.ID.String()); len(list) != 0 {
		t.Errorf("a deleted message is shown: %+v", list)
	}
}

// TestForwardToLateComers: an old message of the same conversation is not for
// somebody who came after it.
func TestForwardToLateComers(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := converse(w, "member", "moderator", "outsider")
	old := say(w, "member", room.ID, "Before")
	w.As("member").Post(testkit.Path("/rooms/%s/people", room.ID), words{"people": []ids.ID{w.As("facilitator").ID}, "history": "new"}).Expect(200)
	path := testkit.Path("/rooms/%s/messages", room.ID)
	w.As("member").Post(path, words{"clientId": ids.NewUUID(), "body": "", "forwardOf": old.ID}).Problem(409, "not-for-everybody")
	w.As("facilitator").Post(path, words{"clientId": ids.NewUUID(), "body": "", "forwardOf": old.ID}).Problem(404, "not-found")
	if list := cards(w, "facilitator", "message:"+old.ID.String()); len(list) != 0 {
		t.Errorf("a newcomer sees %+v", list)
	}
}
