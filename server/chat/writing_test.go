package chat_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"guildhall/server/access"
	"guildhall/server/chat"
	"guildhall/server/clock"
	"guildhall/server/ids"
	"guildhall/server/testkit"
)

// TestDrafts: one draft in each room, the same everywhere, one's own alone.
func TestDrafts(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := makeRoom(w, "Room")
	path := testkit.Path("/rooms/%s/draft", room.ID)
	var d chat.Draft
	w.As("member").Put(path, words{"body": "First", "device": "phone"}).Expect(200).JSON(&d)
	w.As("member").Put(path, words{"body": "First words"}).Expect(200).JSON(&d)
	if d.Version != 2 || d.Body != "First words" {
		t.Errorf("kept: %+v", d)
	}
	drafts := func(who string) (list struct{ Items []chat.Draft }) {
		w.As(who).Get("/api/drafts").Expect(200).JSON(&list)
		return list
	}
	if list := drafts("member").Items; len(list) != 1 || list[0].Body != "First words" || list[0].RoomID != room.ID {
		t.Errorf("listed: %+v", list)
	}
	if list := drafts("facilitator").Items; len(list) != 0 {
		t.Errorf("somebody else's list: %+v", list)
	}
	w.As("member").Put(path, words{"body": ""}).Expect(200).JSON(&d)
	if list := drafts("member").Items; len(list) != 0 || d.Version != 3 {
		t.Errorf("after it was emptied: %+v, %+v", list, d)
	}
	w.As("member").Put(path, words{"body": "a\x00b"}).Problem(422, "invalid")
	w.As("member").Put(path, words{"body": "x", "threadId": "987654321"}).Problem(404, "not-found")
	w.As("outsider").Put(path, words{"body": "x"}).Problem(404, "not-found")
	// Who lost the room has no draft in it any more.
	w.As("member").Put(path, words{"body": "For later"}).Expect(200)
	w.As("moderator").Delete(testkit.Path("/spaces/%s/members/%s", w.Space("cohortA"), w.As("member").ID)).Expect(204)
	if list := drafts("member").Items; len(list) != 0 {
		t.Errorf("a draft in a room that is lost: %+v", list)
	}
}

// TestSendLater: a message goes out once at its time, and one that cannot says
// why and stays.
func TestSendLater(t *testing.T) {
	t.Parallel()
	fake := clock.NewFake(clock.System().Truncate(time.Second).Add(-time.Hour))
	w := testkit.New(t, testkit.Options{Clock: fake})
	room, closed := makeRoom(w, "Room"), makeRoom(w, "To be closed")
	at := func(d time.Duration) string { return fake.Now().Add(d).Format(time.RFC3339) }
	schedule := func(room ids.ID, body string, in time.Duration) (m chat.Scheduled) {
		t.Helper()
		w.As("member").Post(testkit.Path("/rooms/%s/scheduled", room), words{"clientId": ids.NewUUID(), "body": body, "sendAt": at(in)}).Expect(201).JSON(&m)
		return m
	}
	first := schedule(room.ID, "At ten", 10*time.Minute)
	second := schedule(closed.ID, "Too late for this room", 10*time.Minute)
	third := schedule(room.ID, "Put off", 10*time.Minute)
	dropped := schedule(room.ID, "Never said", 10*time.Minute)
	w.As("member").Delete(testkit.Path("/scheduled/%s", dropped.ID)).Expect(204)
	var edited chat.Scheduled
	edit := testkit.Path("/scheduled/%s", third.ID)
	w.As("member").Patch(edit, words{"body": "Put off, and changed", "sendAt": at(30 * time.Minute), "version": 1}).Expect(200).JSON(&edited)
	w.As("member").Patch(edit, words{"body": "x", "sendAt": at(30 * time.Minute), "version": 1}).Problem(409, "stale")
	w.As("facilitator").Patch(edit, words{"body": "x", "sendAt": at(time.Minute), "version": 2}).Problem(404, "not-found")
	w.As("facilitator").Delete(edit).Problem(404, "not-found")
	w.As("member").Post(testkit.Path("/rooms/%s/scheduled", room.ID), words{"clientId": ids.NewUUID(), "body": "x", "sendAt": at(-time.Minute)}).Problem(422, "invalid")
	w.As("member").Post(testkit.Path("/rooms/%s/scheduled", room.ID), words{"clientId": ids.NewUUID(), "body": "x", "sendAt": at(9000 * time.Hour)}).Problem(422, "invalid")
	w.As("member").Post(testkit.Path("/rooms/%s/scheduled", room.ID), words{"clientId": ids.NewUUID(), "body": "x", "sendAt": at(time.Minute), "forwardOf": "1"}).Problem(409, "words-only")
	w.As("outsider").Post(testkit.Path("/rooms/%s/scheduled", room.ID), words{"clientId": ids.NewUUID(), "body": "x", "sendAt": at(time.Minute)}).Problem(404, "not-found")
	w.As("facilitator").Patch(testkit.Path("/rooms/%s", closed.ID), words{"name": "Closed", "topic": "", "archived": true, "retentionDays": nil, "version": 1}).Expect(200)

	bodies := func() (out []string) {
		var h chat.History
		w.As("facilitator").Get(testkit.Path("/rooms/%s/messages", room.ID)).Expect(200).JSON(&h)
		for _, m := range h.Items {
			out = append(out, m.Body)
		}
		return out
	}
	// The database's clock is an hour ahead of the fake one: jobs are due, the
	// messages are not.
	w.Drain()
	if got := bodies(); len(got) != 0 {
		t.Errorf("said before their time: %q", got)
	}
	fake.Pass(11 * time.Minute)
	sendDue(w)
	if got := bodies(); len(got) != 1 || got[0] != first.Body {
		t.Errorf("at its time: %q", got)
	}
	var list struct{ Items []chat.Scheduled }
	w.As("member").Get("/api/scheduled").Expect(200).JSON(&list)
	if len(list.Items) != 2 || list.Items[0].ID != second.ID || list.Items[0].Failed != "/problems/room-archived" || list.Items[1].Failed != "" {
		t.Errorf("what is left: %+v", list.Items)
	}
	fake.Pass(48 * time.Hour)
	sendDue(w)
	w.As("member").Get("/api/scheduled").Expect(200).JSON(&list)
	if got := bodies(); len(got) != 1 || len(list.Items) != 2 || list.Items[1].Failed != "/problems/too-late" {
		t.Errorf("a day after its time: %q, %+v", got, list.Items)
	}
	w.As("facilitator").Get("/api/scheduled").Expect(200).JSON(&list)
	if len(list.Items) != 0 {
		t.Errorf("somebody else's: %+v", list.Items)
	}
}

// sendDue runs the jobs of messages that are sent later, twice as after a
// crash: those made with the messages ran by the database's clock already.
func sendDue(w *testkit.World) {
	w.T.Helper()
	const again = `insert into jobs (kind, payload) select 'chat-send-scheduled', jsonb_build_object('id', id::text, 'version', version) from scheduled_messages`
	for range 2 {
		if _, err := w.DB.Exec(again); err != nil {
			w.T.Fatal(err)
		}
	}
	w.Drain()
	testkit.Eventually(w.T, "the server's own workers to end theirs", func() bool {
		var n int
		return w.DB.Get(&n, `select count(*) from jobs where kind = 'chat-send-scheduled' and failed_at is null and run_at <= now()`) == nil && n == 0
	})
}

// TestQuietHours: over midnight, on days, in one's own zone, and on the night
// when the clock goes back.
func TestQuietHours(t *testing.T) {
	t.Parallel()
	fake := clock.NewFake(time.Date(2026, 10, 23, 12, 0, 0, 0, time.UTC)) // a Friday, summer time
	w := testkit.New(t, testkit.Options{Clock: fake})
	set := func(quiet any, until any) chat.Preferences {
		t.Helper()
		var p chat.Preferences
		in := words{"enterSends": false, "readOn": "opening", "announce": true, "undisturbedUntil": until}
		if quiet != nil {
			in["quiet"] = quiet
		}
		w.As("member").Put("/api/me/chat", in).Expect(200).JSON(&p)
		return p
	}
	now := func() bool {
		t.Helper()
		var p chat.Preferences
		w.As("member").Get("/api/me/chat").Expect(200).JSON(&p)
		return p.Now
	}
	if p := (chat.Preferences{}); true {
		w.As("facilitator").Get("/api/me/chat").Expect(200).JSON(&p)
		if !p.EnterSends || p.ReadOn != "scroll" || !p.Announce || p.Quiet != nil || p.Now {
			t.Errorf("the usual: %+v", p)
		}
	}
	p := set(words{"from": "18:30", "to": "08:00", "days": []int{1, 2, 3, 4, 5}}, nil)
	if p.EnterSends || p.ReadOn != "opening" || p.Quiet == nil || len(p.Quiet.Days) != 5 || p.Now {
		t.Errorf("set: %+v", p)
	}
	for _, c := range []struct {
		at   time.Time
		want bool
	}{
		{time.Date(2026, 10, 23, 17, 29, 0, 0, time.UTC), false}, // 18:29 in London
		{time.Date(2026, 10, 23, 17, 30, 0, 0, time.UTC), true},
		{time.Date(2026, 10, 24, 6, 59, 0, 0, time.UTC), true}, // Saturday morning ends Friday's
		{time.Date(2026, 10, 24, 7, 0, 0, 0, time.UTC), false},
		{time.Date(2026, 10, 24, 20, 0, 0, 0, time.UTC), false},  // none begins on Saturday
		{time.Date(2026, 10, 26, 18, 29, 0, 0, time.UTC), false}, // Monday, winter time
		{time.Date(2026, 10, 26, 18, 30, 0, 0, time.UTC), true},
	} {
		fake.Pass(c.at.Sub(fake.Now()))
		if got := now(); got != c.want {
			t.Errorf("at %s: %v", c.at, got)
		}
	}
	fake.Pass(time.Date(2026, 10, 24, 12, 0, 0, 0, time.UTC).Sub(fake.Now()))
	direct := testkit.Path("/rooms/%s", converse(w, "facilitator", "member").ID)
	undisturbed := func(who string) bool {
		t.Helper()
		var r chat.Room
		w.As(who).Get(direct).Expect(200).JSON(&r)
		return r.Undisturbed
	}
	if undisturbed("facilitator") {
		t.Error("shown as undisturbed outside of the quiet hours")
	}
	if p := set(nil, fake.Now().Add(time.Hour)); !p.Now || p.Quiet != nil {
		t.Errorf("do not disturb for an hour: %+v", p)
	}
	if !undisturbed("facilitator") || undisturbed("member") {
		t.Error("who writes to the undisturbed does not see it, or they see it of the other")
	}
	fake.Pass(time.Hour)
	if now() {
		t.Error("an hour later still undisturbed")
	}
	for name, quiet := range map[string]any{
		"no hours":   words{"from": "09:00", "to": "09:00", "days": []int{1}},
		"no day":     words{"from": "09:00", "to": "10:00", "days": []int{}},
		"eighth day": words{"from": "09:00", "to": "10:00", "days": []int{8}},
		"no time":    words{"from": "24:00", "to": "10:00", "days": []int{1}},
	} {
		if a := w.As("member").Put("/api/me/chat", words{"enterSends": true, "readOn": "scroll", "announce": true, "quiet": quiet, "undisturbedUntil": nil}); a.Status != 422 {
			t.Errorf("%s: answered %d %s", name, a.Status, a.Body)
		}
	}
	w.As("stranger").Get("/api/me/chat").Problem(401, "sign-in")
}

// TestAnswerLater: what is answered later comes in its thread, and in no other
// room's.
func TestAnswerLater(t *testing.T) {
	t.Parallel()
	fake := clock.NewFake(clock.System().Truncate(time.Second).Add(-time.Hour))
	w := testkit.New(t, testkit.Options{Clock: fake})
	room, other := makeRoom(w, "Room"), makeRoom(w, "Other")
	root := say(w, "facilitator", room.ID, "Question")
	in := words{"clientId": ids.NewUUID(), "body": "Answer", "sendAt": fake.Now().Add(time.Minute).Format(time.RFC3339), "threadId": root.ID}
	w.As("member").Post(testkit.Path("/rooms/%s/scheduled", other.ID), in).Problem(404, "not-found")
	w.As("member").Post(testkit.Path("/rooms/%s/scheduled", room.ID), in).Expect(201)
	fake.Pass(2 * time.Minute)
	sendDue(w)
	a := w.As("facilitator").Get(testkit.Path("/messages/%s/thread", root.ID)).Expect(200)
	if !strings.Contains(a.Body, `"body":"Answer"`) {
		t.Errorf("in the thread: %s", a.Body)
	}
}

// TestNothingWaitsForEver: a message whose job has died says so a day later.
func TestNothingWaitsForEver(t *testing.T) {
	t.Parallel()
	fake := clock.NewFake(clock.System().Truncate(time.Second).Add(-time.Hour))
	w := testkit.New(t, testkit.Options{Clock: fake})
	room := makeRoom(w, "Room")
	in := words{"clientId": ids.NewUUID(), "body": "Later", "sendAt": fake.Now().Add(time.Minute).Format(time.RFC3339)}
	w.As("member").Post(testkit.Path("/rooms/%s/scheduled", room.ID), in).Expect(201)
	if _, err := w.DB.Exec(`update jobs set failed_at = now() where kind = 'chat-send-scheduled'`); err != nil {
		t.Fatal(err)
	}
	failed := func() string {
		t.Helper()
		if err := w.Chat.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		var list struct{ Items []chat.Scheduled }
		w.As("member").Get("/api/scheduled").Expect(200).JSON(&list)
		return list.Items[0].Failed
	}
	fake.Pass(24 * time.Hour)
	if got := failed(); got != "" {
		t.Errorf("given up too early: %s", got)
	}
	fake.Pass(2 * time.Minute)
	told := screen(w, "member")
	if got := failed(); got != "/problems/too-late" {
		t.Errorf("a day after its time: %q", got)
	}
	told("scheduled")
}

// screen opens a live connection, and gives a check that a frame of some type
// comes to it.
func screen(w *testkit.World, who string) (told func(kind string)) {
	w.T.Helper()
	type frame struct{ Type, Connection string }
	var batch struct {
		Number int64
		Frames []frame
	}
	w.As(who).Get("/api/live/poll").Expect(200).JSON(&batch)
	if len(batch.Frames) == 0 || batch.Frames[0].Connection == "" {
		w.T.Fatalf("the live connection begins with %+v", batch)
	}
	poll := "/api/live/poll?wait=1&connection=" + batch.Frames[0].Connection
	return func(kind string) {
		w.T.Helper()
		testkit.Eventually(w.T, "a frame "+kind+" for "+who, func() bool {
			batch.Frames = nil
			w.As(who).Get(fmt.Sprintf("%s&ack=%d", poll, batch.Number)).Expect(200).JSON(&batch)
			return slices.ContainsFunc(batch.Frames, func(f frame) bool { return f.Type == kind })
		})
	}
}

// TestScheduledOnce: the same again is kept once; anything else is another
// message, and only a new one is counted.
func TestScheduledOnce(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room, other := makeRoom(w, "Room"), makeRoom(w, "Other")
	root := say(w, "member", room.ID, "Root")
	path, at := testkit.Path("/rooms/%s/scheduled", room.ID), clock.System().Add(time.Hour)
	in := func(changes words) words {
		out := words{"clientId": "018f2b6e-1111-7abc-8def-0123456789ab", "body": "Later", "sendAt": at.Format(time.RFC3339Nano)}
		for k, v := range changes {
			out[k] = v
		}
		return out
	}
	var first, again chat.Scheduled
	w.As("member").Post(path, in(nil)).Expect(201).JSON(&first)
	if _, err := w.DB.Exec(`insert into scheduled_messages (account_id, room_id, client_id, body, send_at, created_at)
		select account_id, room_id, gen_random_uuid(), body, send_at, created_at from scheduled_messages, generate_series(1, 99)`); err != nil {
		t.Fatal(err)
	}
	w.As("member").Post(path, in(nil)).Expect(201).JSON(&again)
	if again.ID != first.ID {
		t.Errorf("asked again: %+v and %+v", first, again)
	}
	w.As("member").Post(path, in(words{"clientId": ids.NewUUID()})).Problem(409, "too-many-scheduled")
	w.As("member").Post(path, in(words{"body": "Other"})).Problem(409, "client-id-reused")
	w.As("member").Post(path, in(words{"sendAt": at.Add(time.Minute).Format(time.RFC3339Nano)})).Problem(409, "client-id-reused")
	w.As("member").Post(path, in(words{"threadId": root.ID})).Problem(409, "client-id-reused")
	w.As("member").Post(testkit.Path("/rooms/%s/scheduled", other.ID), in(nil)).Problem(409, "client-id-reused")
}

// TestCallingEverybodyLater: who schedules @room is asked, as who says it now.
func TestCallingEverybodyLater(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	for _, name := range []string{"one", "two", "three"} {
		w.AddPerson(name, access.SiteMember, map[string]access.Role{"cohortA": access.Member})
	}
	room := makeRoom(w, "Room")
	path, at := testkit.Path("/rooms/%s/scheduled", room.ID), clock.System().Add(time.Hour).Format(time.RFC3339)
	in := words{"clientId": ids.NewUUID(), "body": "@room, tomorrow", "sendAt": at}
	w.As("member").Post(path, in).Problem(409, "confirm-room")
	in["confirmRoom"] = true
	var m chat.Scheduled
	w.As("member").Post(path, in).Expect(201).JSON(&m)
	edit := words{"body": "@room, today", "sendAt": at, "version": 1}
	w.As("member").Patch(testkit.Path("/scheduled/%s", m.ID), edit).Problem(409, "confirm-room")
	edit["confirmRoom"] = true
	w.As("member").Patch(testkit.Path("/scheduled/%s", m.ID), edit).Expect(200).JSON(&m)
	if m.Body != "@room, today" || m.Version != 2 {
		t.Errorf("edited: %+v", m)
	}
	w.As("member").Patch(testkit.Path("/scheduled/%s", m.ID), words{"body": "Nobody", "sendAt": at, "version": 2}).Expect(200)
}
