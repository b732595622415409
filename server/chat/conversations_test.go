package chat_test

import (
	"fmt"
	"sync"
	"testing"

	"guildhall/server/access"
	"guildhall/server/chat"
	"guildhall/server/ids"
	"guildhall/server/testkit"
)

func converse(w *testkit.World, who string, others ...string) chat.Room {
	w.T.Helper()
	people := make([]ids.ID, len(others))
	for i, name := range others {
		people[i] = w.As(name).ID
	}
	var room chat.Room
	w.As(who).Post("/api/conversations", words{"clientId": ids.NewUUID(), "people": people}).Expect(201).JSON(&room)
	return room
}

// privateRoom makes a private room in cohort A with its facilitator and others.
func privateRoom(w *testkit.World, others ...string) chat.Room {
	w.T.Helper()
	people := make([]ids.ID, len(others))
	for i, name := range others {
		people[i] = w.As(name).ID
	}
	var room chat.Room
	w.As("facilitator").Post(testkit.Path("/spaces/%s/rooms", w.Space("cohortA")), words{"name": "For a few", "private": true, "people": people}).Expect(201).JSON(&room)
	return room
}

// invite brings somebody into a room, by somebody who is in it.
func invite(w *testkit.World, who string, room ids.ID, whom, history string) {
	w.T.Helper()
	w.As(who).Post(testkit.Path("/rooms/%s/people", room), words{"people": []ids.ID{w.As(whom).ID}, "history": history}).Expect(200)
}

// bodies are the words of a room as somebody sees it, without notices.
func bodies(w *testkit.World, who string, room ids.ID) (out []string) {
	w.T.Helper()
	var h chat.History
	w.As(who).Get(testkit.Path("/rooms/%s/messages", room)).Expect(200).JSON(&h)
	for _, m := range h.Items {
		if m.Notice == nil {
			out = append(out, m.Body)
		}
	}
	return out
}

func conversations(w *testkit.World, who string) []chat.Room {
	w.T.Helper()
	var list struct{ Items []chat.Room }
	w.As(who).Get("/api/conversations").Expect(200).JSON(&list)
	return list.Items
}

// TestDirect: two people have one conversation, whoever starts it, and nobody
// else learns of it, an admin neither.
func TestDirect(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := converse(w, "member", "outsider") // they share the network
	if again := converse(w, "outsider", "member"); again.ID != room.ID || again.Kind != chat.Direct || again.SpaceID != 0 {
		t.Errorf("the other way round: %+v and %+v", room, again)
	}
	if list := conversations(w, "outsider"); len(list) != 0 {
		t.Errorf("nothing was said yet: %+v", list)
	}
	m := say(w, "member", room.ID, "Between us")
	if list := conversations(w, "outsider"); len(list) != 1 || list[0].Unread != 1 || len(list[0].People) != 1 || list[0].People[0].ID != w.As("member").ID {
		t.Errorf("the other's list: %+v", list)
	}
	for _, who := range []string{"admin", "moderator"} {
		w.As(who).Get(testkit.Path("/rooms/%s", room.ID)).Problem(404, "not-found")
		w.As(who).Get(testkit.Path("/rooms/%s/messages", room.ID)).Problem(404, "not-found")
		w.As(who).Get(testkit.Path("/rooms/%s/people", room.ID)).Problem(404, "not-found")
		w.As(who).Post(testkit.Path("/rooms/%s/messages", room.ID), words{"clientId": ids.NewUUID(), "body": "x"}).Problem(404, "not-found")
		w.As(who).Delete(testkit.Path("/messages/%s", m.ID)).Problem(404, "not-found")
		if len(conversations(w, who)) != 0 {
			t.Errorf("%s sees a conversation of others", who)
		}
	}
	// Nobody comes in, nobody leaves; it is hidden until somebody speaks.
	w.As("member").Post(testkit.Path("/rooms/%s/people", room.ID), words{"people": []ids.ID{w.As("moderator").ID}, "history": "new"}).Problem(409, "direct-conversation")
	w.As("member").Delete(testkit.Path("/rooms/%s/people/%s", room.ID, w.As("member").ID)).Problem(409, "direct-conversation")
	w.As("member").Patch(testkit.Path("/rooms/%s", room.ID), words{"name": "X", "topic": "", "archived": false, "retentionDays": nil, "version": 1}).Problem(409, "direct-conversation")
	w.As("outsider").Put(testkit.Path("/rooms/%s/settings", room.ID), words{"notify": "all", "muted": false, "hidden": true}).Expect(200)
	if list := conversations(w, "outsider"); len(list) != 0 {
		t.Errorf("hidden, and listed: %+v", list)
	}
	var all struct{ Items []chat.Room }
	w.As("outsider").Get("/api/conversations?hidden=true").Expect(200).JSON(&all)
	if len(all.Items) != 1 || !all.Items[0].Hidden {
		t.Errorf("asked for, too: %+v", all.Items)
	}
	say(w, "member", room.ID, "Still there?")
	if list := conversations(w, "outsider"); len(list) != 1 || list[0].Unread != 2 {
		t.Errorf("spoken in: %+v", list)
	}
	w.As("member").Post("/api/conversations", words{"people": []ids.ID{w.As("member").ID}}).Problem(422, "invalid")
	w.As("member").Post("/api/conversations", words{"people": []string{"987654321"}}).Problem(422, "invalid")
	w.As("member").Post("/api/conversations", words{"people": []string{}}).Problem(422, "invalid")
}

// TestGroup: people who come in later see what their inviter chose, and
// everybody is told which; who leaves sees nothing more.
func TestGroup(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := converse(w, "member", "moderator", "outsider")
	path := testkit.Path("/rooms/%s", room.ID)
	before := say(w, "member", room.ID, "Before")
	var named chat.Room
	w.As("moderator").Patch(path, words{"name": "Budget three", "topic": "", "archived": false, "retentionDays": nil, "version": room.Version}).Expect(200).JSON(&named)
	w.As("moderator").Patch(path, words{"name": "Other", "topic": "", "archived": false, "retentionDays": nil, "version": room.Version}).Problem(409, "stale")
	w.As("moderator").Patch(path, words{"name": "Budget three", "topic": "", "archived": true, "retentionDays": nil, "version": named.Version}).Problem(403, "not-allowed")

	w.As("member").Post(path+"/people", words{"people": []ids.ID{w.As("facilitator").ID}, "history": "new"}).Expect(200)
	w.As("member").Post(path+"/people", words{"people": []ids.ID{w.As("admin").ID}, "history": "all"}).Expect(200)
	after := say(w, "outsider", room.ID, "After")

	var h chat.History
	w.As("facilitator").Get(path + "/messages").Expect(200).JSON(&h)
	// The notice of their own coming is the first thing they see.
	if len(h.Items) != 3 || h.Items[0].Notice == nil || h.Items[0].Notice.History != "new" || h.Items[2].Body != "After" || h.HasBefore {
		t.Errorf("the newcomer sees: %+v", h)
	}
	h = chat.History{}
	w.As("facilitator").Get(path + "/messages?around=1").Expect(200).JSON(&h)
	if len(h.Items) == 0 || h.Items[0].Body == "Before" {
		t.Errorf("around the past: %+v", h.Items)
	}
	var feed chat.Feed
	w.As("facilitator").Get(path + "/changes?after=0").Expect(200).JSON(&feed)
	if len(feed.Items) != int(feed.Head) || feed.Items[0].Type != "gone" || feed.Items[0].Message != nil {
		t.Errorf("the newcomer's feed: %+v", feed)
	}
	w.As("facilitator").Delete(testkit.Path("/messages/%s", before.ID)).Problem(404, "not-found")
	h = chat.History{}
	w.As("admin").Get(path + "/messages").Expect(200).JSON(&h)
	if len(h.Items) != 5 || h.Items[0].Body != "Before" {
		t.Errorf("with the whole history: %+v", h.Items)
	}
	for _, item := range h.Items {
		if n := item.Notice; n != nil && n.Kind == "added" && (len(n.People) != 1 || n.People[0].Name == "" || n.History == "") {
			t.Errorf("the notice of who came: %+v", n)
		}
	}
	// A notice is nobody's words.
	for _, item := range h.Items {
		if item.Notice != nil {
			w.As("member").Patch(testkit.Path("/messages/%s", item.ID), words{"body": "x", "version": 1}).Problem(403, "not-allowed")
			w.As("member").Delete(testkit.Path("/messages/%s", item.ID)).Problem(403, "not-allowed")
		}
	}
	// Nobody is put out of a group; who leaves is out, and sees no message more.
	w.As("member").Delete(path+"/people/"+w.As("outsider").ID.String()).Problem(403, "not-allowed")
	w.As("outsider").Delete(path + "/people/" + w.As("outsider").ID.String()).Expect(204)
	w.As("outsider").Get(path).Problem(404, "not-found")
	w.As("outsider").Patch(testkit.Path("/messages/%s", after.ID), words{"body": "x", "version": 1}).Problem(404, "not-found")
	if list := conversations(w, "member"); len(list) != 1 || len(list[0].People) != 3 || list[0].Unread != 1 {
		t.Errorf("those who stay: %+v", list)
	}
	var people struct{ Items []chat.RoomPerson }
	w.As("member").Get(path + "/people?q=f").Expect(200).JSON(&people)
	if len(people.Items) != 1 || people.Items[0].Role != access.Participant {
		t.Errorf("people called f…: %+v", people.Items)
	}
}

func TestGroupsAreSmall(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	people := []ids.ID{}
	for n := range 11 {
		people = append(people, w.AddPerson(fmt.Sprintf("Somebody %d", n), access.SiteMember, map[string]access.Role{"cohortA": access.Member}).ID)
	}
	var room chat.Room
	w.As("member").Post("/api/conversations", words{"clientId": ids.NewUUID(), "people": people}).Expect(201).JSON(&room)
	w.As("member").Post(testkit.Path("/rooms/%s/people", room.ID), words{"people": []ids.ID{w.As("moderator").ID}, "history": "new"}).Problem(422, "invalid")
	w.As("member").Post("/api/conversations", words{"clientId": ids.NewUUID(), "people": append(people, w.As("moderator").ID)}).Problem(422, "invalid")
}

// TestPrivateRoom: in the space, and for those who were invited alone.
func TestPrivateRoom(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	rooms := testkit.Path("/spaces/%s/rooms", w.Space("cohortA"))
	makeRoom(w, "Planning")
	var room chat.Room
	w.As("facilitator").Post(rooms, words{"name": "Planning", "private": true, "people": []ids.ID{w.As("member").ID}}).Expect(201).JSON(&room)
	w.As("facilitator").Post(rooms, words{"name": "Y", "people": []ids.ID{w.As("member").ID}}).Problem(422, "invalid")
	w.As("facilitator").Post(rooms, words{"name": "Y", "private": true, "people": []ids.ID{w.As("outsider").ID}}).Problem(422, "invalid")
	say(w, "member", room.ID, "For a few")
	path := testkit.Path("/rooms/%s", room.ID)
	w.As("moderator").Get(path).Problem(404, "not-found")
	w.As("moderator").Get(path+"/messages").Problem(404, "not-found")
	var list struct{ Items []chat.Room }
	w.As("moderator").Get(rooms).Expect(200).JSON(&list)
	if len(list.Items) != 1 {
		t.Errorf("somebody in the space who was not invited sees %+v", list.Items)
	}
	w.As("member").Get(rooms).Expect(200).JSON(&list)
	if len(list.Items) != 2 {
		t.Errorf("somebody invited sees %+v", list.Items)
	}
	w.As("member").Post(path+"/people", words{"people": []ids.ID{w.As("moderator").ID}, "history": "new"}).Problem(403, "not-allowed")
	w.As("facilitator").Post(path+"/people", words{"people": []ids.ID{w.As("moderator").ID}, "history": "all"}).Expect(200)
	w.As("moderator").Get(path).Expect(200)
	w.As("facilitator").Delete(path + "/people/" + w.As("moderator").ID.String()).Expect(204)
	w.As("moderator").Get(path).Problem(404, "not-found")
	w.As("facilitator").Delete(path+"/people/"+w.As("moderator").ID.String()).Problem(404, "not-found")

	// Who is removed from the space is out of its private rooms, for good.
	remove := testkit.Path("/spaces/%s/members/%s", w.Space("cohortA"), w.As("member").ID)
	w.As("moderator").Delete(remove).Expect(204)
	w.As("member").Get(path).Problem(404, "not-found")
	w.Drain()
	w.As("moderator").Post(testkit.Path("/spaces/%s/members", w.Space("cohortA")), words{"email": w.As("member").Email}).Expect(201)
	w.As("member").Get(path).Problem(404, "not-found")
}

// TestRoomLife: a room is renamed, archived, opened again, left and joined.
func TestRoomLife(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := makeRoom(w, "Room")
	makeRoom(w, "Taken")
	path, rooms := testkit.Path("/rooms/%s", room.ID), testkit.Path("/spaces/%s/rooms", w.Space("cohortA"))
	edit := func(changes words) words {
		in := words{"name": room.Name, "topic": room.Topic, "archived": room.Archived, "retentionDays": nil, "version": room.Version}
		for k, v := range changes {
			in[k] = v
		}
		return in
	}
	w.As("facilitator").Patch(path, edit(words{"name": "Repairs", "topic": "What breaks"})).Expect(200).JSON(&room)
	if room.Name != "Repairs" || room.Topic != "What breaks" {
		t.Errorf("edited: %+v", room)
	}
	w.As("facilitator").Patch(path, edit(words{"name": "taken"})).Problem(409, "name-taken")
	w.As("facilitator").Patch(path, edit(words{"name": ""})).Problem(422, "invalid")
	w.As("facilitator").Patch(path, edit(words{"version": 1})).Problem(409, "stale")
	w.As("member").Patch(path, edit(words{"name": "Mine"})).Problem(403, "not-allowed")
	w.As("facilitator").Patch(path, edit(words{"archived": true})).Expect(200).JSON(&room)
	w.As("member").Post(path+"/messages", words{"clientId": ids.NewUUID(), "body": "x"}).Problem(409, "room-archived")
	w.As("facilitator").Patch(path, edit(words{"name": "Closed"})).Problem(409, "room-archived")
	var list struct{ Items []chat.Room }
	w.As("member").Get(rooms + "?archived=true").Expect(200).JSON(&list)
	if len(list.Items) != 1 || !list.Items[0].Archived {
		t.Errorf("archived: %+v", list.Items)
	}
	w.As("facilitator").Patch(path, edit(words{"archived": false})).Expect(200).JSON(&room)
	say(w, "facilitator", room.ID, "Open again")

	w.As("member").Delete(path + "/people/" + w.As("member").ID.String()).Expect(204)
	w.As("member").Get("/api/rooms").Expect(200).JSON(&list)
	for _, r := range list.Items {
		if r.ID == room.ID {
			t.Errorf("a room that was left is in the list: %+v", r)
		}
	}
	w.As("member").Get(rooms).Expect(200).JSON(&list)
	if len(list.Items) != 2 || !list.Items[0].Left || list.Items[0].Unread != 0 {
		t.Errorf("in its space it can be joined again: %+v", list.Items)
	}
	w.As("member").Post(path+"/join", nil).Expect(200)
	w.As("member").Put(path+"/settings", words{"notify": "mentions", "muted": true}).Expect(200).JSON(&room)
	if room.Left || room.Notify != "mentions" || !room.Muted || room.Unread != 1 {
		t.Errorf("joined again: %+v", room)
	}
	w.As("member").Put(path+"/settings", words{"notify": "sometimes", "muted": true}).Problem(422, "invalid")
	w.As("member").Put(path+"/settings", words{"notify": "all", "muted": true, "hidden": true}).Problem(422, "invalid")
}

// TestNobodyShowsMoreThanTheySee: with the whole history, who is brought in
// sees what the one who brought them sees.
func TestNobodyShowsMoreThanTheySee(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	w.AddPerson("newcomer", access.SiteMember, map[string]access.Role{"cohortA": access.Member})
	for name, room := range map[string]chat.Room{"a group": converse(w, "facilitator", "member", "outsider"), "a private room": privateRoom(w, "member")} {
		say(w, "member", room.ID, "Before")
		invite(w, "facilitator", room.ID, "moderator", "new")
		say(w, "member", room.ID, "After")
		invite(w, "moderator", room.ID, "newcomer", "all")
		if got := bodies(w, "newcomer", room.ID); fmt.Sprint(got) != "[After]" {
			t.Errorf("%s: brought in by a late-comer, somebody sees %q", name, got)
		}
		if got := bodies(w, "facilitator", room.ID); fmt.Sprint(got) != "[Before After]" {
			t.Errorf("%s: its maker sees %q", name, got)
		}
	}
}

// TestTheLastHostStays: nobody is left in a private room that nobody may run.
func TestTheLastHostStays(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := privateRoom(w, "member")
	leave := func(by, who string) *testkit.Answer {
		return w.As(by).Delete(testkit.Path("/rooms/%s/people/%s", room.ID, w.As(who).ID))
	}
	leave("facilitator", "facilitator").Problem(409, "last-host")
	invite(w, "facilitator", room.ID, "moderator", "all")
	leave("facilitator", "facilitator").Expect(204)
	leave("moderator", "moderator").Problem(409, "last-host")
	leave("member", "member").Expect(204)
	leave("moderator", "moderator").Expect(204) // nobody stays behind
}

// TestAClosedRoomKeepsItsPeople: nobody comes in and nobody is put out; who
// wants to go may.
func TestAClosedRoomKeepsItsPeople(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := privateRoom(w, "member")
	path := testkit.Path("/rooms/%s", room.ID)
	w.As("facilitator").Patch(path, words{"name": "For a few", "topic": "", "archived": true, "retentionDays": nil, "version": room.Version}).Expect(200)
	w.As("facilitator").Post(path+"/people", words{"people": []ids.ID{w.As("moderator").ID}, "history": "new"}).Problem(409, "room-archived")
	w.As("facilitator").Delete(path+"/people/"+w.As("member").ID.String()).Problem(409, "room-archived")
	w.As("member").Delete(path + "/people/" + w.As("member").ID.String()).Expect(204)
}

// TestBegunOnce: a group that is asked for twice is one.
func TestBegunOnce(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	in := words{"clientId": ids.NewUUID(), "people": []ids.ID{w.As("moderator").ID, w.As("outsider").ID}, "name": "Budget"}
	var rooms [8]chat.Room
	var wg sync.WaitGroup
	for i := range rooms {
		wg.Go(func() { w.As("member").Post("/api/conversations", in).Expect(201).JSON(&rooms[i]) })
	}
	wg.Wait()
	for _, room := range rooms {
		if room.ID != rooms[0].ID || len(room.People) != 2 {
			t.Errorf("asked at once: %+v and %+v", rooms[0], room)
		}
	}
	if list := conversations(w, "member"); len(list) != 1 {
		t.Errorf("%d conversations", len(list))
	}
	// Who has come and gone since changes nothing; other people are another group.
	invite(w, "member", rooms[0].ID, "facilitator", "new")
	var again chat.Room
	w.As("member").Post("/api/conversations", in).Expect(201).JSON(&again)
	if again.ID != rooms[0].ID {
		t.Errorf("asked again: %+v", again)
	}
	w.As("member").Post("/api/conversations", words{"clientId": in["clientId"], "people": []ids.ID{w.As("moderator").ID, w.As("facilitator").ID}}).Problem(409, "client-id-reused")
	w.As("member").Post("/api/conversations", words{"people": in["people"]}).Problem(422, "invalid")
	var theirs chat.Room
	w.As("moderator").Post("/api/conversations", words{"clientId": in["clientId"], "people": []ids.ID{w.As("member").ID, w.As("outsider").ID}}).Expect(201).JSON(&theirs)
	if theirs.ID == rooms[0].ID {
		t.Error("the id of one client gave what another began")
	}
}

// TestHiddenUntilSomethingIsSaid: what happens to messages, and to the room,
// does not bring a hidden conversation back.
func TestHiddenUntilSomethingIsSaid(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := converse(w, "member", "moderator", "outsider")
	m := say(w, "member", room.ID, "Hello")
	w.As("outsider").Put(testkit.Path("/rooms/%s/settings", room.ID), words{"notify": "all", "muted": false, "hidden": true}).Expect(200)
	path := testkit.Path("/messages/%s", m.ID)
	w.As("moderator").Put(path+"/reactions/heart", nil).Expect(200)
	w.As("moderator").Put(path+"/pin", nil).Expect(200)
	w.As("member").Patch(path, words{"body": "Hello, all", "version": 1}).Expect(200)
	w.As("member").Patch(testkit.Path("/rooms/%s", room.ID), words{"name": "Budget", "topic": "", "archived": false, "retentionDays": nil, "version": room.Version}).Expect(200)
	invite(w, "member", room.ID, "facilitator", "new")
	if list := conversations(w, "outsider"); len(list) != 0 {
		t.Errorf("nothing was said, and it is back: %+v", list)
	}
	answer(w, "moderator", m, "In its thread")
	if list := conversations(w, "outsider"); len(list) != 1 {
		t.Errorf("something was said: %+v", list)
	}
}
