package chat_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"guildhall/server/access"
	"guildhall/server/chat"
	"guildhall/server/ids"
	"guildhall/server/testkit"
)

// link is how somebody is called.
func link(w *testkit.World, who string) string {
	p := w.As(who)
	return fmt.Sprintf("[@%s](/people/%s)", p.Name, p.ID)
}

// called gives the unread messages that call somebody, by their list of rooms
// and by the room itself.
func called(w *testkit.World, who string, room ids.ID) int {
	w.T.Helper()
	var one chat.Room
	w.As(who).Get(testkit.Path("/rooms/%s", room)).Expect(200).JSON(&one)
	var list struct{ Items []chat.Room }
	w.As(who).Get("/api/rooms").Expect(200).JSON(&list)
	for _, r := range list.Items {
		if r.ID == room && r.Mentions != one.Mentions {
			w.T.Errorf("%s has %d mentions in the list and %d in the room", who, r.Mentions, one.Mentions)
		}
	}
	return one.Mentions
}

func TestMentionsAreCountedUntilRead(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := makeRoom(w, "Room")
	check := func(when, who string, want int) {
		t.Helper()
		if got := called(w, who, room.ID); got != want {
			t.Errorf("%s: %s has %d mentions, want %d", when, who, got, want)
		}
	}
	say(w, "member", room.ID, "Nobody in particular")
	first := say(w, "member", room.ID, link(w, "facilitator")+" and "+link(w, "facilitator"))
	say(w, "member", room.ID, link(w, "member")+", a note to myself, and `"+link(w, "moderator")+"`")
	second := say(w, "moderator", room.ID, "@room, please")
	check("after four", "facilitator", 2)
	check("after four", "member", 1)
	check("after four", "moderator", 0)

	var mark chat.ReadMark
	w.As("facilitator").Put(testkit.Path("/rooms/%s/read", room.ID), map[string]int64{"seq": first.Seq}).Expect(200).JSON(&mark)
	if mark.Mentions != 1 {
		t.Errorf("read to the first: %+v", mark)
	}
	check("read to the first", "facilitator", 1)

	w.As("moderator").Delete(testkit.Path("/messages/%s", second.ID)).Expect(204)
	check("the second is gone", "facilitator", 0)
	check("the second is gone", "member", 0)
}

// TestWhoMayNotSeeTheRoomIsNotCalled: a link to somebody from elsewhere is a
// link and no more, and they hear nothing of it.
func TestWhoMayNotSeeTheRoomIsNotCalled(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := makeRoom(w, "Room")
	say(w, "member", room.ID, link(w, "outsider")+" [@Nobody](/people/999999999) "+link(w, "facilitator"))
	var kept []ids.ID
	if err := w.DB.Select(&kept, `select account_id from message_mentions`); err != nil || len(kept) != 1 || kept[0] != w.As("facilitator").ID {
		t.Errorf("kept: %v %v", kept, err)
	}
	w.As("outsider").Get(testkit.Path("/rooms/%s", room.ID)).Problem(404, "not-found")
}

// TestAnEditCallsNobody: who is named by an edit was never called; who is
// named no more has nothing to read.
func TestAnEditCallsNobody(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := makeRoom(w, "Room")
	m := say(w, "member", room.ID, link(w, "facilitator"))
	edit := func(body string) {
		t.Helper()
		w.As("member").Patch(testkit.Path("/messages/%s", m.ID), map[string]any{"body": body, "version": m.Version}).Expect(200).JSON(&m)
	}
	edit(link(w, "facilitator") + " and " + link(w, "moderator") + " @room")
	if f, mod := called(w, "facilitator", room.ID), called(w, "moderator", room.ID); f != 1 || mod != 0 {
		t.Errorf("named by an edit: the facilitator has %d, the moderator %d", f, mod)
	}
	var rows []string
	if err := w.DB.Select(&rows, `select coalesce(account_id::text, 'room') || by_edit from message_mentions order by by_edit, account_id`); err != nil || len(rows) != 3 {
		t.Errorf("kept: %v %v", rows, err)
	}
	edit("Never mind")
	if f := called(w, "facilitator", room.ID); f != 0 {
		t.Errorf("named no more: %d", f)
	}
	edit(link(w, "facilitator"))
	if f := called(w, "facilitator", room.ID); f != 0 {
		t.Errorf("named again by an edit: %d", f)
	}
}

func TestCallingEverybody(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := makeRoom(w, "Room")
	path := testkit.Path("/rooms/%s/messages", room.ID)
	in := func(confirm bool) map[string]any {
		return map[string]any{"clientId": ids.NewUUID(), "body": "@room, please", "confirmRoom": confirm}
	}
	people := 0
	fill := func(to int) {
		for ; people < to; people++ {
			w.AddPerson(fmt.Sprintf("guest-%d", people), access.SiteMember, map[string]access.Role{"cohortA": access.Member})
		}
	}
	if err := w.DB.Get(&people, `select count(*) from public.room_people($1)`, room.ID); err != nil || people >= 6 {
		t.Fatalf("%d people: %v", people, err)
	}
	fill(5)
	w.As("member").Post(path, in(false)).Expect(201)

	fill(6)
	var refused struct{ People int }
	a := w.As("member").Post(path, in(false)).Problem(409, "confirm-room")
	if err := json.Unmarshal([]byte(a.Body), &refused); err != nil || refused.People != 6 {
		t.Errorf("refused with %s", a.Body)
	}
	again := in(true)
	var first, second chat.Message
	w.As("member").Post(path, again).Expect(201).JSON(&first)
	// What is stored is stored, also when it is sent again without the word.
	again["confirmRoom"] = false
	w.As("member").Post(path, again).Expect(201).JSON(&second)
	if first.ID != second.ID || first.Seq != 2 {
		t.Errorf("first %d as %d, again %d: a refused message must take no number", first.ID, first.Seq, second.ID)
	}
	w.As("member").Post(path, map[string]any{"clientId": ids.NewUUID(), "body": "`@room` is a word"}).Expect(201)

	fill(51)
	w.As("member").Post(path, in(true)).Problem(403, "call-not-allowed")
	w.As("facilitator").Post(path, in(false)).Problem(409, "confirm-room")
	w.As("facilitator").Post(path, in(true)).Expect(201)
	if n := called(w, "member", room.ID); n != 1 {
		t.Errorf("the member is called %d times", n)
	}
	w.As("outsider").Post(path, in(true)).Problem(404, "not-found")
}

// TestOfAnOldCallNobodyHearsWhoCameLater: only what is said to people who are
// there calls them.
func TestOfAnOldCallNobodyHearsWhoCameLater(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := makeRoom(w, "Room")
	say(w, "member", room.ID, "@room "+link(w, "outsider"))
	late := w.AddPerson("late", access.SiteMember, map[string]access.Role{"cohortA": access.Member})
	if _, err := w.DB.Exec(`update memberships set joined_at = now() where account_id = $1`, late.ID); err != nil {
		t.Fatal(err)
	}
	if n := called(w, "late", room.ID); n != 0 {
		t.Errorf("who came later is called %d times", n)
	}
}
