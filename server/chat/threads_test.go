package chat_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"guildhall/server/access"
	"guildhall/server/chat"
	"guildhall/server/ids"
	"guildhall/server/testkit"
)

// answer replies to a message in its thread.
func answer(w *testkit.World, who string, root chat.Message, body string) chat.Message {
	w.T.Helper()
	var m chat.Message
	w.As(who).Post(testkit.Path("/rooms/%s/messages", root.RoomID), words{"clientId": ids.NewUUID(), "body": body, "threadId": root.ID}).Expect(201).JSON(&m)
	return m
}

func thread(w *testkit.World, who string, id ids.ID, query string) chat.ThreadHistory {
	w.T.Helper()
	var h chat.ThreadHistory
	w.As(who).Get(testkit.Path("/messages/%s/thread", id) + query).Expect(200).JSON(&h)
	return h
}

func threads(w *testkit.World, who string) chat.Threads {
	w.T.Helper()
	var list chat.Threads
	w.As(who).Get("/api/threads").Expect(200).JSON(&list)
	return list
}

func room(w *testkit.World, who string, id ids.ID) chat.Room {
	w.T.Helper()
	var r chat.Room
	w.As(who).Get(testkit.Path("/rooms/%s", id)).Expect(200).JSON(&r)
	return r
}

func TestReplies(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	r := makeRoom(w, "Room")
	root, plain := say(w, "member", r.ID, "Who has done this?"), say(w, "member", r.ID, "Plain")
	one := answer(w, "facilitator", root, "We have")
	two := answer(w, "moderator", root, "So have we")
	if one.ThreadID != root.ID || one.Thread.Replies != 1 || two.Thread.Replies != 2 || two.Seq != 4 || two.Thread.LastSeq != 4 {
		t.Errorf("answered: %+v, %+v", one.Thread, two.Thread)
	}

	// The room shows the first message with what hangs on it, and no reply.
	var h chat.History
	path := testkit.Path("/rooms/%s/messages", r.ID)
	w.As("member").Get(path).Expect(200).JSON(&h)
	if len(h.Items) != 2 || h.Head != 4 || h.Items[1].ID != plain.ID || h.Items[1].Thread != nil {
		t.Fatalf("the room: %+v", h)
	}
	if s := h.Items[0].Thread; s == nil || s.Replies != 2 || s.LastAt == nil || len(s.People) != 2 || s.People[0].ID != w.As("moderator").ID || s.People[1].Name == "" {
		t.Errorf("below the first message: %+v", s)
	}
	if n := room(w, "member", r.ID).Unread; n != 0 {
		t.Errorf("replies count in the room: %d", n)
	}
	// The feed has every number, a reply with its thread.
	var feed chat.Feed
	w.As("member").Get(testkit.Path("/rooms/%s/changes?after=2", r.ID)).Expect(200).JSON(&feed)
	if len(feed.Items) != 2 || feed.Items[0].Message.ThreadID != root.ID || feed.Items[0].Message.Thread.Replies != 2 {
		t.Errorf("the feed: %+v", feed.Items)
	}

	// The thread is found by any of its messages.
	for _, id := range []ids.ID{root.ID, two.ID} {
		if th := thread(w, "member", id, ""); th.Root.ID != root.ID || len(th.Items) != 2 || th.Items[0].ID != one.ID || th.Head != 4 || th.HasBefore || th.HasAfter {
			t.Errorf("the thread: %+v", th)
		}
	}
	if th := thread(w, "member", root.ID, "?limit=1"); len(th.Items) != 1 || th.Items[0].ID != two.ID || !th.HasBefore {
		t.Errorf("its last reply: %+v", th)
	}
	if th := thread(w, "member", root.ID, "?limit=1&after=0"); len(th.Items) != 1 || th.Items[0].ID != one.ID || !th.HasAfter {
		t.Errorf("its first reply: %+v", th)
	}

	// Sent again it is the same one; a reply that is deleted no longer counts.
	in := words{"clientId": ids.NewUUID(), "body": "Once", "threadId": root.ID}
	var first, again chat.Message
	w.As("facilitator").Post(path, in).Expect(201).JSON(&first)
	w.As("facilitator").Post(path, in).Expect(201).JSON(&again)
	if first.ID != again.ID || again.Thread.Replies != 3 {
		t.Errorf("sent twice: %+v and %+v", first, again)
	}
	w.As("moderator").Delete(testkit.Path("/messages/%s", two.ID)).Expect(204)
	w.As("facilitator").Delete(testkit.Path("/messages/%s", first.ID)).Expect(204)
	if s := thread(w, "member", root.ID, "").Root.Thread; s.Replies != 1 || s.LastSeq != one.Seq || len(s.People) != 1 || s.People[0].ID != w.As("facilitator").ID {
		t.Errorf("after two are gone: %+v", s)
	}
	w.As("facilitator").Patch(testkit.Path("/messages/%s", one.ID), words{"body": "We did", "version": 1}).Expect(200)

	// What cannot be replied to.
	other := say(w, "member", makeRoom(w, "Other").ID, "Elsewhere")
	for name, id := range map[string]string{"a reply": one.ID.String(), "another room's": other.ID.String(), "nothing": "987654321"} {
		if a := w.As("member").Post(path, words{"clientId": ids.NewUUID(), "body": "x", "threadId": id}); a.Status != 422 {
			t.Errorf("%s was replied to: %d %s", name, a.Status, a.Body)
		}
	}
	w.As("member").Delete(testkit.Path("/messages/%s", root.ID)).Expect(204)
	w.As("member").Post(path, words{"clientId": ids.NewUUID(), "body": "x", "threadId": root.ID}).Problem(409, "message-deleted")
	if th := thread(w, "member", root.ID, ""); th.Root.DeletedAt == nil || th.Root.Body != "" || len(th.Items) != 3 {
		t.Errorf("a thread whose first message is deleted: %+v", th)
	}
	w.As("outsider").Get(testkit.Path("/messages/%s/thread", one.ID)).Problem(404, "not-found")
	w.As("member").Get(testkit.Path("/messages/%s/thread?before=3&after=1", one.ID)).Problem(422, "invalid")
}

// TestFollowing: who wrote the first message, who replies and whom either calls
// follow; who stopped follows again only by writing.
func TestFollowing(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	w.AddPerson("quiet", access.SiteMember, map[string]access.Role{"cohortA": access.Member})
	r := makeRoom(w, "Room")
	call := func(who string) string { return fmt.Sprintf("[@%s](/people/%s)", who, w.As(who).ID) }
	root := say(w, "member", r.ID, "A question for "+call("moderator"))
	if n := len(threads(w, "moderator").Items); n != 0 {
		t.Errorf("a message without replies is a thread")
	}
	answer(w, "facilitator", root, "Ask "+call("quiet")+" and "+call("outsider"))
	for who, want := range map[string]int{"member": 1, "moderator": 1, "quiet": 1, "facilitator": 0} {
		list := threads(w, who)
		if len(list.Items) != 1 || list.Items[0].Mark.Unread != want || list.Unread != want || list.Items[0].Root.ID != root.ID || list.Items[0].RoomName != "Room" {
			t.Errorf("%s follows: %+v", who, list)
		}
	}
	if list := threads(w, "outsider"); len(list.Items) != 0 {
		t.Errorf("an outsider who was named: %+v", list)
	}

	path := testkit.Path("/messages/%s/thread", root.ID)
	var mark chat.ThreadMark
	w.As("quiet").Put(path+"/follow", words{"following": false}).Expect(200).JSON(&mark)
	if mark.Following || mark.Unread != 0 || room(w, "quiet", r.ID).Mentions != 0 {
		t.Errorf("stopped: %+v", mark)
	}
	answer(w, "facilitator", root, "Again "+call("quiet"))
	if n := len(threads(w, "quiet").Items); n != 0 {
		t.Error("called back into a thread that they left")
	}
	w.As("quiet").Put(path+"/follow", words{"following": true}).Expect(200).JSON(&mark)
	if !mark.Following || mark.Unread != 0 {
		t.Errorf("follows from now on: %+v", mark)
	}
	answer(w, "moderator", root, "More")
	w.As("quiet").Put(path+"/read", words{"seq": 1}).Expect(200).JSON(&mark)
	if mark.Unread != 1 {
		t.Errorf("a lower mark: %+v", mark)
	}
	w.As("quiet").Put(path+"/read", words{"seq": 1 << 40}).Expect(200).JSON(&mark)
	if mark.Unread != 0 || mark.LastReadSeq > mark.LastSeq || threads(w, "quiet").Unread != 0 {
		t.Errorf("read: %+v", mark)
	}
	answer(w, "moderator", root, "Still more")
	w.As("quiet").Put(testkit.Path("/rooms/%s/settings", r.ID), words{"notify": "all", "muted": true}).Expect(200)
	if list := threads(w, "quiet"); list.Unread != 0 || len(list.Items) != 1 || list.Items[0].Mark.Unread != 1 {
		t.Errorf("in a muted room: %+v", list)
	}

	// The fresh ones first, then the last spoken in; one by one the same.
	second, third := say(w, "member", r.ID, "Second"), say(w, "member", r.ID, "Third")
	answer(w, "facilitator", second, "x")
	answer(w, "facilitator", third, "x")
	w.As("member").Put(testkit.Path("/messages/%s/thread/read", third.ID), words{"seq": 1 << 40}).Expect(200)
	var order []ids.ID
	for cursor := ""; ; {
		var page chat.Threads
		w.As("member").Get("/api/threads?limit=1&cursor=" + cursor).Expect(200).JSON(&page)
		if page.Unread != 2 {
			t.Errorf("of all, new: %d", page.Unread)
		}
		for _, i := range page.Items {
			order = append(order, i.Root.ID)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if fmt.Sprint(order) != fmt.Sprint([]ids.ID{second.ID, root.ID, third.ID}) {
		t.Errorf("the order: %v", order)
	}
	w.As("outsider").Put(path+"/read", words{"seq": 1}).Problem(404, "not-found")
	w.As("outsider").Put(path+"/follow", words{"following": true}).Problem(404, "not-found")
	w.As("member").Get("/api/threads?cursor=bm9wZQ").Problem(422, "invalid")
	w.As("stranger").Get("/api/threads").Problem(401, "sign-in")
}

// TestThreadsOfTheLate: who was let in after a message learns nothing of what
// is said below it.
func TestThreadsOfTheLate(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	r := converse(w, "member", "moderator", "outsider")
	root := say(w, "member", r.ID, "Before")
	w.As("member").Post(testkit.Path("/rooms/%s/people", r.ID), words{"people": []ids.ID{w.As("facilitator").ID}, "history": "new"}).Expect(200)
	reply := answer(w, "moderator", root, fmt.Sprintf("Secret for [@X](/people/%s)", w.As("facilitator").ID))
	late := w.As("facilitator")
	late.Get(testkit.Path("/messages/%s/thread", root.ID)).Problem(404, "not-found")
	late.Get(testkit.Path("/messages/%s/thread", reply.ID)).Problem(404, "not-found")
	late.Delete(testkit.Path("/messages/%s", reply.ID)).Problem(404, "not-found")
	late.Put(testkit.Path("/messages/%s/thread/follow", reply.ID), words{"following": true}).Problem(404, "not-found")
	late.Post(testkit.Path("/rooms/%s/messages", r.ID), words{"clientId": ids.NewUUID(), "body": "x", "threadId": root.ID}).Problem(422, "invalid")
	w.As("moderator").Patch(testkit.Path("/messages/%s", reply.ID), words{"body": "Secret still", "version": 1}).Expect(200)
	var feed chat.Feed
	late.Get(testkit.Path("/rooms/%s/changes?after=0", r.ID)).Expect(200).JSON(&feed)
	for _, c := range feed.Items {
		if (c.Seq == reply.Seq || c.Seq == feed.Head) && (c.Type != "gone" || c.Message != nil) {
			t.Errorf("the late one learns: %+v", c)
		}
	}
	if len(threads(w, "facilitator").Items) != 0 || room(w, "facilitator", r.ID).Mentions != 0 {
		t.Error("the late one follows what they may not see")
	}
	if got := find(w, "facilitator", "secret"); len(got) != 0 {
		t.Errorf("the late one finds %q", got)
	}
}

// TestThreadsOfWhoCameBack: who followed a thread, left and was let in again
// later hears of it no more.
func TestThreadsOfWhoCameBack(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	r := converse(w, "member", "moderator", "outsider")
	root := say(w, "member", r.ID, "Before")
	answer(w, "outsider", root, "I follow it")
	w.As("outsider").Delete(testkit.Path("/rooms/%s/people/%s", r.ID, w.As("outsider").ID)).Expect(204)
	invite(w, "member", r.ID, "outsider", "new")
	answer(w, "moderator", root, "Secret for "+link(w, "outsider"))
	if n := room(w, "outsider", r.ID).Mentions; n != 0 || len(threads(w, "outsider").Items) != 0 {
		t.Errorf("called %d times below what they do not see", n)
	}
	var mark chat.ReadMark
	w.As("outsider").Put(testkit.Path("/rooms/%s/read", r.ID), words{"seq": 1}).Expect(200).JSON(&mark)
	if mark.Mentions != 0 || len(find(w, "outsider", "secret")) != 0 {
		t.Errorf("their mark: %+v", mark)
	}
}

// TestEverybodyIsCalledIntoAThread: whom @room calls is who was confirmed. They
// find the thread in their list, and read it away.
func TestEverybodyIsCalledIntoAThread(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	for n := range 4 {
		w.AddPerson(fmt.Sprintf("person%d", n), access.SiteMember, map[string]access.Role{"cohortA": access.Member})
	}
	r := makeRoom(w, "Room")
	root := say(w, "member", r.ID, "Who comes?")
	answer(w, "person0", root, "I do")
	follow := testkit.Path("/messages/%s/thread/follow", root.ID)
	w.As("person0").Put(follow, words{"following": false}).Expect(200)
	path := testkit.Path("/rooms/%s/messages", r.ID)
	in := words{"clientId": ids.NewUUID(), "body": "@room, it is moved", "threadId": root.ID}
	w.As("facilitator").Post(path, in).Problem(409, "confirm-room")
	in["confirmRoom"] = true
	var m chat.Message
	w.As("facilitator").Post(path, in).Expect(201).JSON(&m)
	for _, who := range []string{"moderator", "person1", "person2", "person3"} {
		list := threads(w, who)
		if list.Unread != 1 || len(list.Items) != 1 || list.Items[0].Mark.Unread != 1 || room(w, who, r.ID).Mentions != 1 {
			t.Errorf("%s was called: %+v, %d mentions", who, list, room(w, who, r.ID).Mentions)
		}
		w.As(who).Put(testkit.Path("/messages/%s/thread/read", root.ID), words{"seq": m.Seq}).Expect(200)
		if n := room(w, who, r.ID).Mentions; n != 0 || threads(w, who).Unread != 0 {
			t.Errorf("%s has read it, and has %d mentions", who, n)
		}
	}
	if n := len(threads(w, "person0").Items); n != 0 || room(w, "person0", r.ID).Mentions != 0 {
		t.Error("who stopped following was called back")
	}
	if n := len(threads(w, "outsider").Items); n != 0 {
		t.Error("somebody outside was called")
	}
}

// TestUnreadOfThreadsHolds: whatever happens in whatever order, what is unread
// is what others said above the mark, in each thread and in the room.
func TestUnreadOfThreadsHolds(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	r := makeRoom(w, "Room")
	dice := rand.New(rand.NewPCG(3, 13))
	people := []string{"member", "facilitator", "moderator"}
	type said struct {
		chat.Message
		by   string
		gone bool
	}
	type state struct {
		following bool
		read      int64
	}
	var all []*said
	var roots []*said
	replies := map[ids.ID][]*said{}
	marks := map[string]map[ids.ID]*state{}
	for _, who := range people {
		marks[who] = map[ids.ID]*state{}
	}
	for range 2 {
		m := &said{Message: say(w, people[dice.IntN(3)], r.ID, "root")}
		m.by = map[ids.ID]string{w.As("member").ID: "member", w.As("facilitator").ID: "facilitator", w.As("moderator").ID: "moderator"}[m.Author.ID]
		roots = append(roots, m)
	}
	follow := func(who string, root *said, after int64, wrote bool) {
		switch s := marks[who][root.ID]; {
		case s == nil:
			marks[who][root.ID] = &state{true, after}
		case wrote && !s.following:
			s.following, s.read = true, max(s.read, after)
		}
	}
	head := func() int64 { return room(w, people[0], r.ID).Head }
	for step := range 120 {
		who, root := people[dice.IntN(3)], roots[dice.IntN(len(roots))]
		path := testkit.Path("/messages/%s/thread", root.ID)
		switch dice.IntN(6) {
		case 0, 1:
			m := &said{Message: answer(w, who, root.Message, fmt.Sprint(step)), by: who}
			if len(replies[root.ID]) == 0 {
				follow(root.by, root, root.Seq, false)
			}
			if root.by == who && len(replies[root.ID]) == 0 {
				marks[who][root.ID].read = root.Seq
			}
			follow(who, root, m.Seq, true)
			all, replies[root.ID] = append(all, m), append(replies[root.ID], m)
		case 2:
			if len(all) == 0 {
				continue
			}
			m := all[dice.IntN(len(all))]
			w.As(m.by).Delete(testkit.Path("/messages/%s", m.ID)).Expect(204)
			m.gone = true
		case 3:
			seq := dice.Int64N(head() + 5)
			w.As(who).Put(path+"/read", words{"seq": seq}).Expect(200)
			if s := marks[who][root.ID]; s != nil {
				s.read = max(s.read, min(seq, head()))
			}
		case 4:
			on := dice.IntN(2) == 0
			w.As(who).Put(path+"/follow", words{"following": on}).Expect(200)
			last := root.Seq
			for _, m := range replies[root.ID] {
				if !m.gone {
					last = max(last, m.Seq)
				}
			}
			if s := marks[who][root.ID]; s == nil {
				marks[who][root.ID] = &state{on, last}
			} else {
				if !s.following {
					s.read = max(s.read, last)
				}
				s.following = on
			}
		case 5:
			w.As(who).Put(testkit.Path("/rooms/%s/read", r.ID), words{"seq": dice.Int64N(head() + 1)}).Expect(200)
		}
		for _, who := range people {
			fresh := 0
			for _, root := range roots {
				want := 0
				if s := marks[who][root.ID]; s != nil && s.following {
					for _, m := range replies[root.ID] {
						if !m.gone && m.by != who && m.Seq > s.read {
							want++
						}
					}
				}
				if got := thread(w, who, root.ID, "").Mark.Unread; got != want {
					t.Fatalf("step %d: %s has %d unread in %s, want %d", step, who, got, root.ID, want)
				}
				if want > 0 {
					fresh++
				}
			}
			if got := threads(w, who).Unread; got != fresh {
				t.Fatalf("step %d: %s has %d threads with something new, want %d", step, who, got, fresh)
			}
			if n := room(w, who, r.ID).Unread; n > len(roots) {
				t.Fatalf("step %d: replies count in the room: %d", step, n)
			}
		}
	}
}
