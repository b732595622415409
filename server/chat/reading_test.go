package chat_test

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"guildhall/server/chat"
	"guildhall/server/testkit"
)

func TestUnreadFromHere(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := makeRoom(w, "Room")
	for n := range 5 {
		say(w, "facilitator", room.ID, fmt.Sprint(n+1))
	}
	say(w, "member", room.ID, "mine does not count")
	read, unread := testkit.Path("/rooms/%s/read", room.ID), testkit.Path("/rooms/%s/unread", room.ID)
	for _, c := range []struct {
		path   string
		seq    int64
		last   int64
		unread int
		why    string
	}{
		{unread, 5, 0, 5, "without a mark it is not raised either"},
		{read, 6, 6, 0, "all read"},
		{unread, 3, 2, 3, "from 3 on again"},
		{unread, 5, 2, 3, "never raised"},
		{read, 4, 4, 1, "read on from there"},
		{unread, 1, 0, 5, "from the beginning"},
		{unread, 1 << 40, 0, 5, "beyond the head"},
	} {
		var mark, seen chat.ReadMark
		w.As("member").Put(c.path, words{"seq": c.seq}).Expect(200).JSON(&mark)
		w.As("member").Get(testkit.Path("/rooms/%s", room.ID)).Expect(200).JSON(&seen)
		if mark.Lowered != (c.path == unread) || mark.LastReadSeq != c.last || mark.Unread != c.unread || seen.LastReadSeq != c.last || seen.Unread != c.unread {
			t.Errorf("%s: answered %+v, then %+v; want %d read and %d unread", c.why, mark, seen, c.last, c.unread)
		}
	}
	w.As("outsider").Put(unread, words{"seq": 1}).Problem(404, "not-found")
	w.As("member").Put(unread, words{"seq": 0}).Problem(422, "invalid")
}

func TestHistoryAtAMoment(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := makeRoom(w, "Room")
	for n := range 20 {
		say(w, "member", room.ID, fmt.Sprint(n+1))
	}
	// One message a day: the first on 1 March, at noon.
	if _, err := w.DB.Exec(`update messages set created_at = timestamptz '2026-02-28 12:00Z' + seq * interval '1 day' where room_id = $1`, room.ID); err != nil {
		t.Fatal(err)
	}
	path := testkit.Path("/rooms/%s/messages?limit=5&at=", room.ID)
	for _, c := range []struct {
		at          string
		first, last int64
	}{
		{"2026-03-10T12:00:00Z", 8, 12}, // exactly the tenth
		{"2026-03-10T13:00:00+01:00", 8, 12},
		{"2026-03-10T12:00:01Z", 9, 13},
		{"1970-01-01T00:00:00Z", 1, 3},
		{"2026-03-20T12:00:00Z", 18, 20},
		{"2031-01-01T00:00:00Z", 19, 20}, // nothing since: the newest
	} {
		var h chat.History
		w.As("member").Get(path + url.QueryEscape(c.at)).Expect(200).JSON(&h)
		if n := len(h.Items); n == 0 || h.Items[0].Seq != c.first || h.Items[n-1].Seq != c.last || h.HasBefore != (c.first > 1) || h.HasAfter != (c.last < 20) {
			t.Errorf("at %s: %d items, %+v", c.at, n, h)
		}
	}
	now := url.QueryEscape(time.Now().Format(time.RFC3339))
	w.As("outsider").Get(path+now).Problem(404, "not-found")
	w.As("member").Get(path+now+"&before=3").Problem(422, "invalid")
	w.As("member").Get(path+"yesterday").Problem(422, "invalid")
}

// TestWithoutAMark: somebody who came later has read what was said before, and
// looking at it again makes nothing unread.
func TestWithoutAMark(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := makeRoom(w, "Room")
	for n := range 4 {
		say(w, "facilitator", room.ID, fmt.Sprint(n+1))
	}
	if _, err := w.DB.Exec(`update messages set created_at = now() - interval '1 year' where room_id = $1 and seq < 4`, room.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.DB.Exec(`update memberships set joined_at = now() - interval '1 hour' where account_id = $1`, w.As("member").ID); err != nil {
		t.Fatal(err)
	}
	var r chat.Room
	w.As("member").Get(testkit.Path("/rooms/%s", room.ID)).Expect(200).JSON(&r)
	if r.LastReadSeq != 3 || r.Unread != 1 {
		t.Errorf("read up to %d with %d unread, want 3 and 1", r.LastReadSeq, r.Unread)
	}
	var mark chat.ReadMark
	w.As("member").Put(testkit.Path("/rooms/%s/read", room.ID), words{"seq": 1}).Expect(200).JSON(&mark)
	if mark.LastReadSeq != 3 || mark.Unread != 1 {
		t.Errorf("after reading an old one: %+v, want 3 read and 1 unread", mark)
	}
}
