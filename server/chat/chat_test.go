package chat_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"guildhall/server/chat"
	"guildhall/server/ids"
	"guildhall/server/testkit"
)

// makeRoom makes a room in cohort A.
func makeRoom(w *testkit.World, name string) chat.Room {
	w.T.Helper()
	var room chat.Room
	w.As("facilitator").Post(testkit.Path("/spaces/%s/rooms", w.Space("cohortA")), map[string]string{"name": name}).Expect(201).JSON(&room)
	return room
}

// say posts a message and gives it.
func say(w *testkit.World, who string, room ids.ID, body string) chat.Message {
	w.T.Helper()
	var m chat.Message
	w.As(who).Post(testkit.Path("/rooms/%s/messages", room), map[string]string{"clientId": ids.NewUUID(), "body": body}).Expect(201).JSON(&m)
	return m
}

func TestRooms(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	space := testkit.Path("/spaces/%s/rooms", w.Space("cohortA"))
	room := makeRoom(w, "Housing repairs")
	w.As("facilitator").Post(space, map[string]string{"name": "housing REPAIRS"}).Problem(409, "name-taken")
	w.As("facilitator").Post(space, map[string]string{"name": "   "}).Problem(422, "invalid")
	w.As("facilitator").Post(space, map[string]string{"name": "a\x00b"}).Problem(422, "invalid")
	w.As("member").Post(space, map[string]string{"name": "Mine"}).Problem(403, "not-allowed")
	w.As("outsider").Post(space, map[string]string{"name": "Mine"}).Problem(404, "not-found")
	w.As("stranger").Post(space, map[string]string{"name": "Mine"}).Problem(401, "sign-in")
	w.As("admin").Get(space).Problem(404, "not-found")

	var list struct{ Items []chat.Room }
	w.As("member").Get(space).Expect(200).JSON(&list)
	if len(list.Items) != 1 || list.Items[0].ID != room.ID || list.Items[0].SpaceName != "Cohort A" {
		t.Errorf("the member's rooms: %+v", list.Items)
	}
	w.As("outsider").Get("/api/rooms").Expect(200).JSON(&list)
	if len(list.Items) != 0 {
		t.Errorf("the outsider's rooms: %+v", list.Items)
	}
}

func TestSayingTheSameTwiceStoresItOnce(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := makeRoom(w, "Room")
	path := testkit.Path("/rooms/%s/messages", room.ID)
	in := map[string]string{"clientId": ids.NewUUID(), "body": "Hello"}
	var first, again chat.Message
	w.As("member").Post(path, in).Expect(201).JSON(&first)
	w.As("member").Post(path, in).Expect(201).JSON(&again)
	if first.ID != again.ID || again.Seq != 1 {
		t.Errorf("sent twice: %+v and %+v", first, again)
	}
	in["body"] = "Something else"
	w.As("member").Post(path, in).Problem(409, "client-id-reused")
	// The same client id is another message when another person sends it.
	var other chat.Message
	w.As("facilitator").Post(path, in).Expect(201).JSON(&other)
	if other.Seq != 2 {
		t.Errorf("a refused message burnt a number: %d", other.Seq)
	}
}

func TestHostileMessages(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := makeRoom(w, "Room")
	path := testkit.Path("/rooms/%s/messages", room.ID)
	id := ids.NewUUID()
	long := make([]byte, 8001)
	for i := range long {
		long[i] = 'x'
	}
	for name, body := range map[string]string{
		"not JSON":      `{`,
		"no client id":  `{"body":"x"}`,
		"bad client id": `{"clientId":"7","body":"x"}`,
		"urn client id": `{"clientId":"urn:uuid:` + id + `","body":"x"}`,
		"no body":       `{"clientId":"` + id + `"}`,
		"blank body":    `{"clientId":"` + id + `","body":"  \n "}`,
		"NUL":           `{"clientId":"` + id + `","body":"a\u0000b"}`,
		"too long":      `{"clientId":"` + id + `","body":"` + string(long) + `"}`,
		"unknown field": `{"clientId":"` + id + `","body":"x","seq":7}`,
		"wrong kind":    `{"clientId":"` + id + `","body":{"a":1}}`,
	} {
		if a := w.As("member").Post(path, body); a.Status < 400 || a.Status >= 500 {
			t.Errorf("%s: answered %d: %s", name, a.Status, a.Body)
		}
	}
	w.As("outsider").Post(path, map[string]string{"clientId": id, "body": "x"}).Problem(404, "not-found")
	w.As("stranger").Post(path, `{`).Problem(401, "sign-in")
	for _, bad := range []string{"0", "-1", "x", "99999999999999999999", "1%00", "1e3"} {
		if a := w.As("member").Get("/api/rooms/" + bad + "/messages"); a.Status != 422 && a.Status != 404 && a.Status != 400 {
			t.Errorf("room %q answered %d: %s", bad, a.Status, a.Body)
		}
	}
	var h chat.History
	w.As("member").Get(path).Expect(200).JSON(&h)
	if len(h.Items) != 0 || h.Head != 0 {
		t.Errorf("something was stored: %+v", h)
	}
}

// TestNumbersHaveNoGaps: many senders at once, among them repeats and bad
// messages, and each acknowledged message has a number of its own from 1 up.
func TestNumbersHaveNoGaps(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := makeRoom(w, "Room")
	path := testkit.Path("/rooms/%s/messages", room.ID)
	const senders, each = 16, 20
	people := []string{"member", "facilitator", "moderator"}
	var mu sync.Mutex
	acked := map[int64]string{}
	var wg sync.WaitGroup
	for s := range senders {
		wg.Go(func() {
			who := w.As(people[s%len(people)])
			for n := range each {
				in := map[string]string{"clientId": ids.NewUUID(), "body": fmt.Sprintf("%d/%d", s, n)}
				a := who.Post(path, in)
				if n%5 == 0 {
					a = who.Post(path, in) // a client that lost the answer
				}
				if n%7 == 0 {
					w.As("outsider").Post(path, in) // refused
				}
				if a.Status != http.StatusCreated {
					t.Errorf("answered %d: %s", a.Status, a.Body)
					return
				}
				var m chat.Message
				a.JSON(&m)
				mu.Lock()
				if was, ok := acked[m.Seq]; ok {
					t.Errorf("number %d was given to %q and %q", m.Seq, was, m.Body)
				}
				acked[m.Seq] = m.Body
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for seq := int64(1); seq <= senders*each; seq++ {
		if _, ok := acked[seq]; !ok {
			t.Errorf("number %d is missing", seq)
		}
	}
	var h chat.History
	w.As("member").Get(path + "?after=0&limit=200").Expect(200).JSON(&h)
	for i, m := range h.Items {
		if m.Seq != int64(i+1) || m.Body != acked[m.Seq] {
			t.Fatalf("stored %d: %d %q, acknowledged %q", i, m.Seq, m.Body, acked[m.Seq])
		}
	}
	if !h.HasAfter || h.Head != senders*each {
		t.Errorf("after 200 of 320: %v, head %d", h.HasAfter, h.Head)
	}
}

func TestEditAndDelete(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := makeRoom(w, "Room")
	m := say(w, "member", room.ID, "First **words**")
	path := testkit.Path("/messages/%s", m.ID)
	var edited chat.Message
	w.As("member").Patch(path, map[string]any{"body": "Better words", "version": 1}).Expect(200).JSON(&edited)
	if edited.Body != "Better words" || edited.Version != 2 || edited.EditedAt == nil || edited.Seq != m.Seq {
		t.Errorf("edited: %+v", edited)
	}
	w.As("member").Patch(path, map[string]any{"body": "Stale words", "version": 1}).Problem(409, "stale")
	w.As("facilitator").Patch(path, map[string]any{"body": "Not mine", "version": 2}).Problem(403, "not-allowed")
	w.As("outsider").Patch(path, map[string]any{"body": "Not mine", "version": 2}).Problem(404, "not-found")
	w.As("facilitator").Delete(path).Problem(403, "not-allowed")
	w.As("outsider").Delete(path).Problem(404, "not-found")
	w.As("stranger").Delete(path).Problem(401, "sign-in")
	w.As("moderator").Delete(path).Expect(204)
	w.As("moderator").Delete(path).Expect(204) // once more changes nothing
	w.As("member").Patch(path, map[string]any{"body": "Back", "version": 2}).Problem(409, "message-deleted")

	var feed chat.Feed
	w.As("member").Get(testkit.Path("/rooms/%s/changes?after=0", room.ID)).Expect(200).JSON(&feed)
	var kinds []string
	for i, c := range feed.Items {
		kinds = append(kinds, c.Type)
		if c.Seq != int64(i+1) || c.Message == nil || c.Message.Body != "" {
			t.Errorf("change %d: %+v", i, c)
		}
	}
	if fmt.Sprint(kinds) != "[message edited deleted]" || feed.Head != 3 || feed.Reload {
		t.Errorf("feed: %v head %d", kinds, feed.Head)
	}
	w.As("outsider").Get(testkit.Path("/rooms/%s/changes?after=0", room.ID)).Problem(404, "not-found")
	var acts int
	if err := w.DB.Get(&acts, `select count(*) from audit_entries where action = 'message-deleted'`); err != nil || acts != 1 {
		t.Errorf("a moderator's deletion is in the audit log %d times (%v)", acts, err)
	}
}

func TestUnreadIsCounted(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := makeRoom(w, "Room")
	unread := func(who string) int {
		t.Helper()
		var r chat.Room
		w.As(who).Get(testkit.Path("/rooms/%s", room.ID)).Expect(200).JSON(&r)
		return r.Unread
	}
	var last chat.Message
	for n := range 5 {
		last = say(w, "facilitator", room.ID, fmt.Sprint(n))
	}
	say(w, "member", room.ID, "mine does not count")
	if n := unread("member"); n != 5 {
		t.Errorf("unread %d, want 5", n)
	}
	var read chat.ReadMark
	path := testkit.Path("/rooms/%s/read", room.ID)
	w.As("member").Put(path, map[string]any{"seq": 3}).Expect(200).JSON(&read)
	if read.Unread != 2 || read.LastReadSeq != 3 {
		t.Errorf("read up to 3: %+v", read)
	}
	w.As("member").Put(path, map[string]any{"seq": 1}).Expect(200).JSON(&read)
	if read.LastReadSeq != 3 {
		t.Errorf("a mark went back: %+v", read)
	}
	w.As("facilitator").Patch(testkit.Path("/messages/%s", last.ID), map[string]any{"body": "edited", "version": 1}).Expect(200)
	if n := unread("member"); n != 2 {
		t.Errorf("an edit raised unread to %d", n)
	}
	w.As("facilitator").Delete(testkit.Path("/messages/%s", last.ID)).Expect(204)
	if n := unread("member"); n != 1 {
		t.Errorf("unread with a deleted message: %d, want 1", n)
	}
	w.As("member").Put(path, map[string]any{"seq": 1 << 40}).Expect(200).JSON(&read)
	if read.Unread != 0 || read.LastReadSeq > 8 {
		t.Errorf("read beyond the head: %+v", read)
	}
	w.As("outsider").Put(path, map[string]any{"seq": 1}).Problem(404, "not-found")
	w.As("member").Put(path, map[string]any{"seq": -1}).Problem(422, "invalid")
}

func TestHistoryPages(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := makeRoom(w, "Room")
	for n := range 30 {
		say(w, "member", room.ID, fmt.Sprint(n+1))
	}
	path := testkit.Path("/rooms/%s/messages", room.ID)
	for _, c := range []struct {
		query         string
		first, last   int64
		before, after bool
	}{
		{"?limit=10", 21, 30, true, false},
		{"?limit=10&before=21", 11, 20, true, true},
		{"?limit=10&before=5", 1, 4, false, true},
		{"?limit=10&after=0", 1, 10, false, true},
		{"?limit=10&after=25", 26, 30, true, false},
		{"?limit=10&around=15", 10, 19, true, true},
		{"?limit=9&around=15", 11, 19, true, true},
		{"?limit=1&around=15", 15, 15, true, true},
		{"?limit=1&around=1", 1, 1, false, true},
	} {
		var h chat.History
		w.As("member").Get(path + c.query).Expect(200).JSON(&h)
		n := len(h.Items)
		if n == 0 || h.Items[0].Seq != c.first || h.Items[n-1].Seq != c.last || h.HasBefore != c.before || h.HasAfter != c.after {
			t.Errorf("%s: %d items, %+v", c.query, n, h)
		}
	}
	w.As("member").Get(path+"?before=3&after=1").Problem(422, "invalid")
	w.As("member").Get(path+"?limit=201").Problem(422, "invalid")
	w.As("member").Get(path+"?nonsense=1").Problem(422, "invalid")
}
