package chat_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"guildhall/server/chat"
	"guildhall/server/clock"
	"guildhall/server/config"
	"guildhall/server/ids"
	"guildhall/server/testkit"
)

// lock holds a room's counter, as a node does that froze in a transaction, and
// gives back how to let it go.
func lock(w *testkit.World, room ids.ID) (unlock func()) {
	w.T.Helper()
	tx, err := w.DB.BeginTxx(context.Background(), nil)
	if err != nil {
		w.T.Fatal(err)
	}
	w.T.Cleanup(func() { _ = tx.Rollback() })
	if _, err := tx.Exec(`select from room_heads where room_id = $1 for update`, room); err != nil {
		w.T.Fatal(err)
	}
	return func() { _ = tx.Rollback() }
}

// TestWhatIsStoredIsFoundAgain: a client that lost the answer learns that its
// message is stored, whatever has become of the room and its writer since. A new
// message is refused there.
func TestWhatIsStoredIsFoundAgain(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	muted := func(room chat.Room) {
		if _, err := w.DB.Exec(`update memberships set muted_until = now() + interval '1 hour' where account_id = $1`, w.As("member").ID); err != nil {
			t.Fatal(err)
		}
	}
	archived := func(room chat.Room) {
		w.As("facilitator").Patch(testkit.Path("/rooms/%s", room.ID), words{"name": room.Name, "topic": "", "archived": true, "retentionDays": nil, "version": room.Version}).Expect(200)
	}
	for _, c := range []struct {
		slug   string
		status int
		since  func(chat.Room)
	}{{"room-archived", 409, archived}, {"muted", 403, muted}} {
		room := makeRoom(w, c.slug)
		path, in := testkit.Path("/rooms/%s/messages", room.ID), words{"clientId": ids.NewUUID(), "body": "Hello"}
		var first, again chat.Message
		w.As("member").Post(path, in).Expect(201).JSON(&first)
		c.since(room)
		w.As("member").Post(path, in).Expect(201).JSON(&again)
		if again.ID != first.ID || again.Seq != 1 || again.Body != "Hello" {
			t.Errorf("%s since: %+v and %+v", c.slug, first, again)
		}
		w.As("member").Post(path, words{"clientId": in["clientId"], "body": "Other"}).Problem(409, "client-id-reused")
		w.As("member").Post(path, words{"clientId": ids.NewUUID(), "body": "Hello"}).Problem(c.status, c.slug)
	}
}

// TestOneMessageForAll: the same message from many devices at once is one, and
// all of them get it.
func TestOneMessageForAll(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := makeRoom(w, "Room")
	path := testkit.Path("/rooms/%s/messages", room.ID)
	for round := range 10 {
		in := words{"clientId": ids.NewUUID(), "body": "Hello"}
		var got [8]chat.Message
		var wg sync.WaitGroup
		for i := range got {
			wg.Go(func() { w.As("member").Post(path, in).Expect(201).JSON(&got[i]) })
		}
		wg.Wait()
		for _, m := range got {
			if m.ID == 0 || m.ID != got[0].ID || m.Seq != int64(round+1) || m.Body != "Hello" || m.Author.ID != w.As("member").ID {
				t.Errorf("round %d: %+v and %+v", round, got[0], m)
			}
		}
	}
}

// TestALockedRoomHoldsUpNoOther: posts to it are answered "try later" soon, and
// those of the other rooms that share its committer are stored.
func TestALockedRoomHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	w := testkit.New(t, testkit.Options{Config: func(c *config.Config) { c.Committers = 1 }})
	locked, free := makeRoom(w, "Locked"), makeRoom(w, "Free")
	unlock := lock(w, locked.ID)
	start := clock.System()
	var wg sync.WaitGroup
	for _, room := range []chat.Room{locked, locked, free, free} {
		wg.Go(func() {
			a := w.As("member").Post(testkit.Path("/rooms/%s/messages", room.ID), words{"clientId": ids.NewUUID(), "body": "Hello"})
			if room.ID == free.ID {
				a.Expect(201)
			} else if a.Problem(503, "unavailable"); a.Header.Get("Retry-After") == "" {
				t.Error("it does not say when to try again")
			}
		})
	}
	wg.Wait()
	if took := clock.System().Sub(start); took > 15*time.Second {
		t.Errorf("it took %s", took)
	}
	unlock()
	if m := say(w, "member", locked.ID, "At last"); m.Seq != 1 {
		t.Errorf("a refused message burnt a number: %d", m.Seq)
	}
}
