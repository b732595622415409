package server_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"guildhall/server/config"
	"guildhall/server/ids"
	"guildhall/server/mail"
	"guildhall/server/testkit"
)

// hanging is a mail server that takes a mail and says nothing more.
type hanging struct {
	began chan struct{}
	end   chan struct{}
	deaf  bool // to being told that it is enough
}

// Send hangs.
func (h *hanging) Send(ctx context.Context, _ mail.Message) error {
	h.began <- struct{}{}
	if h.deaf {
		<-h.end
		return errors.New("no mail")
	}
	select {
	case <-h.end:
	case <-ctx.Done():
	}
	return errors.New("no mail")
}

const shortDrain = 300 * time.Millisecond

// TestAHangingMailHoldsUpNoShutdown: the job is cut off and waits for another
// start, whether or not the mail server listens.
func TestAHangingMailHoldsUpNoShutdown(t *testing.T) {
	t.Parallel()
	for name, deaf := range map[string]bool{"one that listens": false, "one that does not": true} {
		sender := &hanging{began: make(chan struct{}, 1), end: make(chan struct{}), deaf: deaf}
		w := testkit.New(t, testkit.Options{Mail: sender, Config: func(c *config.Config) { c.DrainTimeout = shortDrain }})
		w.As("stranger").Post("/api/sign-in", map[string]string{"email": w.As("member").Email}).Expect(202)
		<-sender.began
		began := time.Now()
		if err := w.Close(); err != nil || time.Since(began) > 2*shortDrain+10*time.Second {
			t.Errorf("%s: it took %s: %v", name, time.Since(began), err)
		}
		var kept int
		if err := w.DB.Get(&kept, `select count(*) from jobs where attempts = 1 and failed_at is null and leased_until > now()`); err != nil || kept != 1 {
			t.Errorf("%s: %d jobs wait for their lease to end: %v", name, kept, err)
		}
		close(sender.end)
	}
}

// TestAStuckMessageHoldsUpNoShutdown: what cannot be stored in time is
// answered "try later", never taken and lost.
func TestAStuckMessageHoldsUpNoShutdown(t *testing.T) {
	t.Parallel()
	w := testkit.New(t, testkit.Options{Config: func(c *config.Config) { c.DrainTimeout = shortDrain }})
	var room struct{ ID ids.ID }
	w.As("facilitator").Post(testkit.Path("/spaces/%s/rooms", w.Space("cohortA")), map[string]string{"name": "Room"}).Expect(201).JSON(&room)
	lock, err := w.DB.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Rollback() // it only held up others
	if _, err := lock.Exec(`select 1 from room_heads where room_id = $1 for update`, room.ID); err != nil {
		t.Fatal(err)
	}
	const senders = 5
	answers := make(chan *testkit.Answer, senders)
	for range senders {
		go func() {
			answers <- w.As("member").Post(testkit.Path("/rooms/%s/messages", room.ID), map[string]string{"clientId": ids.NewUUID(), "body": "b"})
		}()
	}
	testkit.Eventually(t, "a message waits for the room", func() bool {
		var n int
		return w.DB.Get(&n, `select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`) == nil && n > 0
	})
	time.Sleep(100 * time.Millisecond) // the others queue behind it
	began := time.Now()
	if err := w.Close(); err != nil || time.Since(began) > 2*shortDrain+10*time.Second {
		t.Errorf("it took %s: %v", time.Since(began), err)
	}
	for range senders {
		if a := (<-answers).Problem(503, "unavailable"); a.Header.Get("Retry-After") == "" {
			t.Error("the answer does not say when to try again")
		}
	}
	var stored int
	if err := w.DB.Get(&stored, `select count(*) from messages where room_id = $1`, room.ID); err != nil || stored != 0 {
		t.Errorf("%d messages are stored: %v", stored, err)
	}
}
