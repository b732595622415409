package events_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"guildhall/server/db"
	"guildhall/server/events"
	"guildhall/server/ids"
	"guildhall/server/testkit"
)

var ctx = context.Background()

// emit tells events in a transaction of their own.
func emit(t *testing.T, d *db.DB, happened ...events.Event) {
	t.Helper()
	if err := d.Tx(ctx, func(tx *db.Tx) error { events.Emit(ctx, tx, happened...); return nil }); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, d *db.DB, where string) (n int) {
	t.Helper()
	if err := d.Get(&n, `select count(*) from jobs where `+where); err != nil {
		t.Fatal(err)
	}
	return n
}

// set changes jobs by hand, as time or a crash would.
func set(t *testing.T, d *db.DB, what string) {
	t.Helper()
	if err := d.Tx(ctx, func(tx *db.Tx) error { _, err := tx.Exec(`update jobs set ` + what); return err }); err != nil {
		t.Fatal(err)
	}
}

func drain(t *testing.T, b *events.Bus) {
	t.Helper()
	if err := b.Drain(ctx); err != nil {
		t.Fatal(err)
	}
}

// TestToldIfAndOnlyIfCommitted: an error, a panic and a refused commit tell
// nobody and leave no job.
func TestToldIfAndOnlyIfCommitted(t *testing.T) {
	t.Parallel()
	d := testkit.DB(t)
	b := events.New(d, slog.New(slog.DiscardHandler))
	var live, kept []string
	events.Live(b, func(list []events.RoomMade) {
		for _, e := range list {
			live = append(live, e.RoomID.String())
		}
	})
	events.Kept(b, "test.room", func(_ context.Context, e events.RoomMade) error { kept = append(kept, e.RoomID.String()); return nil }, nil)
	tell := func(tx *db.Tx, room ids.ID) { events.Emit(ctx, tx, events.RoomMade{RoomID: room}) }
	for name, f := range map[string]func(*db.Tx) error{
		"an error": func(tx *db.Tx) error { tell(tx, 1); return errors.New("no") },
		"a panic":  func(tx *db.Tx) error { tell(tx, 2); panic("oh") },
		"a refused commit": func(tx *db.Tx) error {
			tell(tx, 3)
			if _, err := tx.Exec(`set constraints all deferred`); err != nil {
				return err
			}
			_, err := tx.Exec(`insert into memberships (space_id, account_id, role) values (999999, 999999, 'member')`)
			return err
		},
		"a lost connection": func(tx *db.Tx) error {
			tell(tx, 4)
			_, _ = tx.Exec(`select pg_terminate_backend(pg_backend_pid())`)
			return nil
		},
	} {
		if err := d.Tx(ctx, f); err == nil {
			t.Errorf("%s: the transaction went through", name)
		}
	}
	if n := count(t, d, "true"); n != 0 || len(live) != 0 {
		t.Errorf("%d jobs and the live events %v came of transactions that failed", n, live)
	}
	emit(t, d, events.RoomMade{RoomID: 5}, events.RoomMade{RoomID: 6})
	drain(t, b)
	if !slices.Equal(live, []string{"5", "6"}) || !slices.Equal(kept, []string{"5", "6"}) || count(t, d, "true") != 0 {
		t.Errorf("live %v, kept %v", live, kept)
	}
}

// TestLiveListeners: batches by kind, in order; a panic is logged and stops
// nothing else.
func TestLiveListeners(t *testing.T) {
	t.Parallel()
	d := testkit.DB(t)
	var log bytes.Buffer
	b := events.New(d, slog.New(slog.NewTextHandler(&log, nil)))
	var got []string
	events.Live(b, func([]events.MemberAdded) { panic("oh dear") })
	events.Live(b, func(list []events.MemberAdded) { got = append(got, fmt.Sprint("added ", len(list))) })
	events.Live(b, func(list []events.RoleSet) { got = append(got, fmt.Sprint("role ", len(list))) })
	emit(t, d, events.MemberAdded{}, events.MemberAdded{}, events.RoleSet{}, events.MemberAdded{}, events.RoomMade{})
	if !slices.Equal(got, []string{"added 2", "role 1", "added 1"}) {
		t.Errorf("told: %v", got)
	}
	if strings.Count(log.String(), "oh dear") != 2 {
		t.Errorf("the log holds %s", log.String())
	}
}

// TestWhen: an event that a listener does not want makes no job.
func TestWhen(t *testing.T) {
	t.Parallel()
	d := testkit.DB(t)
	b := events.New(d, slog.New(slog.DiscardHandler))
	var got []int64
	run := func(_ context.Context, e events.MessagePosted) error { got = append(got, e.Seq); return nil }
	events.Kept(b, "test.even", run, func(e events.MessagePosted) bool { return e.Seq%2 == 0 })
	events.Kept(b, "test.never", run, func(events.MessagePosted) bool { return false })
	emit(t, d, events.MessagePosted{Seq: 1, Frame: []byte(`"what somebody wrote"`)}, events.MessagePosted{Seq: 3})
	if n := count(t, d, "true"); n != 0 {
		t.Errorf("%d jobs that nobody wants", n)
	}
	emit(t, d, events.MessagePosted{Seq: 3}, events.MessagePosted{Seq: 4, Frame: []byte(`"what somebody wrote"`)})
	if count(t, d, "true") != 1 || count(t, d, "payload::text like '%wrote%'") != 0 {
		t.Error("the job holds more than facts, or there are too many")
	}
	drain(t, b)
	if !slices.Equal(got, []int64{4}) {
		t.Errorf("ran for %v", got)
	}
}

// TestOneHandler: two handlers of one kind are refused at start.
func TestOneHandler(t *testing.T) {
	t.Parallel()
	b := events.New(testkit.DB(t), slog.New(slog.DiscardHandler))
	b.Handle("test.again", func(context.Context, []byte) error { return nil })
	defer func() {
		if recover() == nil {
			t.Error("two handlers of one kind")
		}
	}()
	b.Handle("test.again", func(context.Context, []byte) error { return nil })
}

// TestExactlyOneClaim: several nodes take jobs at the same time; each runs
// once.
func TestExactlyOneClaim(t *testing.T) {
	t.Parallel()
	d := testkit.DB(t)
	const jobs, nodes = 300, 4
	var mu sync.Mutex
	ran := map[string]int{}
	var buses []*events.Bus
	for range nodes {
		own, err := db.Open(ctx, db.Options{DSN: d.DSN(), Pool: 2})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = own.Close() })
		b := events.New(own, slog.New(slog.DiscardHandler))
		events.Kept(b, "test.room", func(_ context.Context, e events.RoomMade) error {
			mu.Lock()
			defer mu.Unlock()
			ran[e.RoomID.String()]++
			return nil
		}, nil)
		buses = append(buses, b)
	}
	first := events.New(d, slog.New(slog.DiscardHandler))
	events.Kept(first, "test.room", func(context.Context, events.RoomMade) error { return nil }, nil)
	var list []events.Event
	for n := range jobs {
		list = append(list, events.RoomMade{RoomID: ids.ID(n + 1)})
	}
	emit(t, d, list...)
	var group sync.WaitGroup
	for _, b := range buses {
		group.Go(func() { drain(t, b) })
	}
	group.Wait()
	if len(ran) != jobs || count(t, d, "true") != 0 {
		t.Errorf("%d of %d jobs ran", len(ran), jobs)
	}
	for id, n := range ran {
		if n != 1 {
			t.Errorf("job %s ran %d times", id, n)
		}
	}
}
