package chat_test

import (
	"net/url"
	"testing"
	"time"

	"guildhall/server/chat"
	"guildhall/server/clock"
	"guildhall/server/ids"
	"guildhall/server/testkit"
)

func find(w *testkit.World, who, query string, in ...ids.ID) (bodies []string) {
	w.T.Helper()
	var list struct{ Items []chat.Found }
	path := "/api/messages/search?q=" + url.QueryEscape(query)
	if len(in) > 0 {
		path += "&room=" + in[0].String()
	}
	w.As(who).Get(path).Expect(200).JSON(&list)
	for _, f := range list.Items {
		bodies = append(bodies, f.Message.Body)
		if f.Room.ID != f.Message.RoomID || f.Room.Kind == "" {
			w.T.Errorf("%q was found in %+v", query, f.Room)
		}
	}
	return bodies
}

// TestSearch: words, their parts and beginnings, phrases, operators, and
// nothing of rooms that one may not see.
func TestSearch(t *testing.T) {
	t.Parallel()
	fake := clock.NewFake(time.Date(2026, 3, 30, 22, 30, 0, 0, time.UTC)) // 23:30 in London
	w := testkit.New(t, testkit.Options{Clock: fake})
	repairs, other := makeRoom(w, "Housing repairs"), makeRoom(w, "Planning")
	say(w, "member", repairs.ID, "The boiler failed again, see https://www.gov.uk/guidance/boilers_2026")
	fake.Pass(time.Hour) // half past midnight of the 31st
	say(w, "facilitator", repairs.ID, "Repair costs went up, S.106 money helps")
	say(w, "member", other.ID, "We costed the boilers twice")
	gone := say(w, "member", other.ID, "boiler, deleted")
	w.As("member").Delete(testkit.Path("/messages/%s", gone.ID)).Expect(204)
	say(w, "facilitator", other.ID, link(w, "moderator")+" and @room")
	direct := converse(w, "member", "outsider")
	say(w, "outsider", direct.ID, "A boiler between us")
	for query, want := range map[string]int{
		"boiler":                     3, // also boilers
		"boil":                       3, // the beginning of the last word
		"failed boiler":              1,
		`"boiler failed"`:            1,
		`"failed boiler"`:            0,
		"boiler -failed":             2,
		"gov.uk":                     1,
		"boilers_2026":               1,
		"s.106":                      1,
		"from:me":                    2,
		"from:facilitator":           2,
		"from:me boiler in:planning": 1,
		`in:"housing rep"`:           2,
		"in:outsider":                1,
		"in:nowhere boiler":          0,
		"has:link":                   1, // a call is none
		"has:file":                   0,
		"before:2026-03-31":          1, // a day of London
		"after:2026-03-31":           4,
		"after:2026-03-31 before:2026-04-01 boiler": 2,
		"from:nobody": 0,
		"deleted":     0,
		"the":         0,
	} {
		if got := find(w, "member", query); len(got) != want {
			t.Errorf("%q found %q, want %d", query, got, want)
		}
	}
	for room, want := range map[ids.ID]int{repairs.ID: 1, direct.ID: 1, 987654321: 0} {
		if got := find(w, "member", "boiler", room); len(got) != want {
			t.Errorf("in room %s found %q, want %d", room, got, want)
		}
		if got := find(w, "moderator", testkit.Path("boiler&room=%s", direct.ID)); len(got) != 0 {
			t.Errorf("in the conversation of others found %q", got)
		}
	}
	if got := find(w, "member", "boiler"); len(got) != 3 || got[0] != "A boiler between us" {
		t.Errorf("the newest first: %q", got)
	}
	if _, err := w.DB.Exec(`update accounts set name = 'Jerome Amelia' where id = $1`, w.As("facilitator").ID); err != nil {
		t.Fatal(err)
	}
	if got := find(w, "member", "from:me"); len(got) != 2 {
		t.Errorf("from:me found %q of somebody whose name holds it", got)
	}
	if got := find(w, "outsider", "boiler"); len(got) != 1 {
		t.Errorf("the outsider found %q", got)
	}
	if got := find(w, "facilitator", "boiler"); len(got) != 2 {
		t.Errorf("somebody outside the conversation found %q", got)
	}
	if got := find(w, "admin", "boiler"); len(got) != 0 {
		t.Errorf("an admin found %q", got)
	}
	for _, query := range []string{"", "   ", "has:nothing", "before:yesterday", "after:2026-13-01", "before:0000-01-01"} {
		w.As("member").Get("/api/messages/search?q="+url.QueryEscape(query)).Problem(422, "invalid")
	}
	for _, query := range []string{`"`, `a"b:c`, "from:", ":", "-", `\`, "a & | ! <-> b", "from:%_ x", "x:*", "🙂", "'); drop table messages; --", "\u202e"} {
		if a := w.As("member").Get("/api/messages/search?q=" + url.QueryEscape(query)); a.Status != 200 && a.Status != 422 {
			t.Errorf("%q answered %d: %s", query, a.Status, a.Body)
		}
	}
	// Who came later finds nothing of before, and pages join without a gap.
	group := converse(w, "member", "outsider", "moderator")
	say(w, "member", group.ID, "A kettle before")
	w.As("member").Post(testkit.Path("/rooms/%s/people", group.ID), words{"people": []ids.ID{w.As("admin").ID}, "history": "new"}).Expect(200)
	say(w, "member", group.ID, "A kettle after")
	if got := find(w, "admin", "kettle"); len(got) != 1 || got[0] != "A kettle after" {
		t.Errorf("a late-comer found %q", got)
	}
	var page struct {
		Items []chat.Found
		Next  string
	}
	w.As("member").Get("/api/messages/search?q=boiler&limit=2").Expect(200).JSON(&page)
	first, next := page.Items, page.Next
	page.Next = ""
	w.As("member").Get("/api/messages/search?q=boiler&limit=2&cursor=" + next).Expect(200).JSON(&page)
	if len(first) != 2 || len(page.Items) != 1 || page.Next != "" {
		t.Errorf("pages: %d and %d", len(first), len(page.Items))
	}
}

// TestReaders: only where facilitators switched it on.
func TestReaders(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := makeRoom(w, "Room")
	m := say(w, "member", room.ID, "Read me")
	path := testkit.Path("/messages/%s/readers", m.ID)
	w.As("member").Get(path).Problem(409, "receipts-off")
	space := testkit.Path("/spaces/%s", w.Space("cohortA"))
	edit := words{"name": "Cohort A", "description": "", "residentialFrom": nil, "residentialTo": nil, "reviewDay": nil, "readReceipts": true, "version": 1}
	w.As("member").Patch(space, edit).Problem(403, "not-allowed")
	w.As("facilitator").Patch(space, edit).Expect(200)
	w.As("moderator").Put(testkit.Path("/rooms/%s/read", room.ID), words{"seq": 1}).Expect(200)
	var readers chat.Readers
	w.As("member").Get(path).Expect(200).JSON(&readers)
	if len(readers.People) != 1 || readers.People[0].ID != w.As("moderator").ID || readers.Of != 2 {
		t.Errorf("readers: %+v", readers)
	}
	w.As("outsider").Get(path).Problem(404, "not-found")
	w.As("stranger").Get(path).Problem(401, "sign-in")
	// Who came later could not have read it, however far they have got.
	few := privateRoom(w, "member")
	early := say(w, "member", few.ID, "Before")
	invite(w, "facilitator", few.ID, "moderator", "new")
	w.As("moderator").Put(testkit.Path("/rooms/%s/read", few.ID), words{"seq": 2}).Expect(200)
	readers = chat.Readers{}
	w.As("member").Get(testkit.Path("/messages/%s/readers", early.ID)).Expect(200).JSON(&readers)
	if len(readers.People) != 0 || readers.Of != 1 {
		t.Errorf("readers of what a late-comer does not see: %+v", readers)
	}
	direct := converse(w, "member", "moderator")
	w.As("member").Get(testkit.Path("/messages/%s/readers", say(w, "member", direct.ID, "x").ID)).Problem(409, "receipts-off")
}

// days lets time pass for people who come by often enough to stay signed in.
func days(w *testkit.World, fake *clock.Fake, n int) {
	w.T.Helper()
	for ; n > 0; n -= 20 {
		fake.Pass(time.Duration(min(n, 20)) * 24 * time.Hour)
		for _, who := range []string{"member", "facilitator", "moderator", "outsider"} {
			w.As(who).Get("/api/me").Expect(200)
		}
	}
}

// TestRetention: tried without harm, begins after a week, and leaves no gap.
func TestRetention(t *testing.T) {
	t.Parallel()
	fake := clock.NewFake(time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC))
	w := testkit.New(t, testkit.Options{Clock: fake})
	room := makeRoom(w, "Room")
	old := say(w, "member", room.ID, "Old words")
	w.As("member").Patch(testkit.Path("/messages/%s", old.ID), words{"body": "Old words, edited", "version": 1}).Expect(200)
	direct := converse(w, "member", "moderator")
	say(w, "member", direct.ID, "Old, between us")
	days(w, fake, 100)
	kept := say(w, "member", room.ID, "New words")
	path := testkit.Path("/rooms/%s", room.ID)
	var tried chat.Retention
	w.As("facilitator").Get(path + "/retention?days=90").Expect(200).JSON(&tried)
	if tried.Messages != 1 || tried.Oldest == nil || len(tried.Periods) != 6 || !tried.Begins.Equal(fake.Now().Add(7*24*time.Hour)) {
		t.Errorf("tried: %+v", tried)
	}
	w.As("facilitator").Get(path+"/retention?days=91").Problem(422, "invalid")
	var never chat.Retention
	w.As("facilitator").Get(path + "/retention?days=0").Expect(200).JSON(&never)
	if never.Messages != 0 || len(never.Periods) != 6 {
		t.Errorf("for ever: %+v", never)
	}
	w.As("member").Get(path+"/retention?days=90").Problem(403, "not-allowed")
	w.As("outsider").Get(path+"/retention?days=90").Problem(404, "not-found")
	set := words{"name": "Room", "topic": "", "archived": false, "retentionDays": 91, "version": 1}
	w.As("facilitator").Patch(path, set).Problem(422, "invalid")
	set["retentionDays"] = 90
	w.As("member").Patch(path, set).Problem(403, "not-allowed")
	w.As("facilitator").Patch(path, set).Expect(200)
	retain := func() (h chat.History) {
		t.Helper()
		if err := w.Chat.Retain(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.As("member").Get(path + "/messages").Expect(200).JSON(&h)
		return h
	}
	if h := retain(); len(h.Items) != 2 {
		t.Errorf("before the week is over: %+v", h.Items)
	}
	days(w, fake, 8)
	if h := retain(); len(h.Items) != 1 || h.Items[0].ID != kept.ID {
		t.Errorf("afterwards: %+v", h.Items)
	}
	var feed chat.Feed
	w.As("member").Get(path + "/changes?after=0").Expect(200).JSON(&feed)
	if len(feed.Items) != 3 || feed.Items[0].Type != "gone" || feed.Items[1].Type != "gone" || feed.Items[2].Type != "message" {
		t.Errorf("the numbers: %+v", feed.Items)
	}
	w.As("member").Patch(testkit.Path("/messages/%s", old.ID), words{"body": "x", "version": 2}).Problem(404, "not-found")
	if got := find(w, "member", "old"); len(got) != 1 {
		t.Errorf("the search still finds %q", got)
	}
	days(w, fake, 700) // conversations are kept for two years
	retain()
	if got := find(w, "member", "old"); len(got) != 0 {
		t.Errorf("after two years the search still finds %q", got)
	}
	var rest int
	if err := w.DB.Get(&rest, `select count(*) from message_versions`); err != nil || rest != 0 {
		t.Errorf("%d old wordings are left, %v", rest, err)
	}
}

// keepFor sets how long a room keeps its messages.
func keepFor(w *testkit.World, room chat.Room, days int) {
	w.T.Helper()
	in := words{"name": room.Name, "topic": "", "archived": false, "retentionDays": days, "version": room.Version}
	w.As("facilitator").Patch(testkit.Path("/rooms/%s", room.ID), in).Expect(200)
}

// TestRetentionOfThreads: a thread goes as a whole, when the last that hangs on
// it is old, a deleted reply too. What was to answer it is given back.
func TestRetentionOfThreads(t *testing.T) {
	t.Parallel()
	fake := clock.NewFake(time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC))
	w := testkit.New(t, testkit.Options{Clock: fake})
	room := makeRoom(w, "Room")
	keepFor(w, room, 30)
	root := say(w, "member", room.ID, "Root")
	answer(w, "facilitator", root, "Old reply")
	days(w, fake, 20)
	late := answer(w, "facilitator", root, "Young, and taken back")
	w.As("facilitator").Delete(testkit.Path("/messages/%s", late.ID)).Expect(204)
	var waiting chat.Scheduled
	later := words{"clientId": ids.NewUUID(), "body": "To be said", "threadId": root.ID, "sendAt": fake.Now().AddDate(0, 0, 100).Format(time.RFC3339)}
	w.As("member").Post(testkit.Path("/rooms/%s/scheduled", room.ID), later).Expect(201).JSON(&waiting)
	days(w, fake, 20)
	count := func() (n int) {
		t.Helper()
		if err := w.Chat.Retain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := w.DB.Get(&n, `select count(*) from messages where room_id = $1`, room.ID); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := count(); n != 3 {
		t.Errorf("%d messages are left while the last of the thread is young", n)
	}
	days(w, fake, 20)
	told := screen(w, "member")
	if n := count(); n != 0 {
		t.Errorf("%d messages are left of a thread that is old", n)
	}
	told("scheduled")
	var list struct{ Items []chat.Scheduled }
	w.As("member").Get("/api/scheduled").Expect(200).JSON(&list)
	if len(list.Items) != 1 || list.Items[0].Body != "To be said" || list.Items[0].Failed != "/problems/thread-gone" || list.Items[0].ThreadID != 0 {
		t.Errorf("what was to answer it: %+v", list.Items)
	}
}

// TestRetentionGoesOn: a room that cannot be cleared now keeps no other from
// its turn.
func TestRetentionGoesOn(t *testing.T) {
	t.Parallel()
	fake := clock.NewFake(time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC))
	w := testkit.New(t, testkit.Options{Clock: fake})
	first, second := makeRoom(w, "First"), makeRoom(w, "Second")
	for _, room := range []chat.Room{first, second} {
		keepFor(w, room, 30)
		say(w, "member", room.ID, "Old")
	}
	days(w, fake, 40)
	unlock := lock(w, first.ID)
	err := w.Chat.Retain(t.Context())
	if err == nil || len(bodies(w, "member", first.ID)) != 1 || len(bodies(w, "member", second.ID)) != 0 {
		t.Errorf("with one room locked: %v", err)
	}
	unlock()
	if err := w.Chat.Retain(t.Context()); err != nil || len(bodies(w, "member", first.ID)) != 0 {
		t.Errorf("afterwards: %v", err)
	}
}

// TestAPeriodThatIsOfferedNoMore: a room that has it can still be renamed.
func TestAPeriodThatIsOfferedNoMore(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := makeRoom(w, "Room")
	if _, err := w.DB.Exec(`update rooms set retention_days = 91, retention_set_at = now() where id = $1`, room.ID); err != nil {
		t.Fatal(err)
	}
	path, in := testkit.Path("/rooms/%s", room.ID), words{"name": "Renamed", "topic": "", "archived": false, "retentionDays": 91, "version": 1}
	w.As("facilitator").Patch(path, in).Expect(200).JSON(&room)
	if room.Name != "Renamed" || *room.RetentionDays != 91 {
		t.Errorf("renamed: %+v", room)
	}
	in["retentionDays"], in["version"] = 92, room.Version
	w.As("facilitator").Patch(path, in).Problem(422, "invalid")
}
