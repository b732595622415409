package events_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"guildhall/server/db"
	"guildhall/server/events"
	"guildhall/server/testkit"
)

// TestRetry: a job that fails waits twice as long each time, and is a dead
// letter after ten attempts.
func TestRetry(t *testing.T) {
	t.Parallel()
	d := testkit.DB(t)
	b := events.New(d, slog.New(slog.DiscardHandler))
	ran := 0
	events.Kept(b, "test.fails", func(ctx context.Context, _ events.RoomMade) error {
		if ran++; ran == 3 {
			panic("oh dear")
		}
		if limit, ok := ctx.Deadline(); !ok || time.Until(limit) > time.Minute {
			t.Error("the attempt has no time limit below the lease's")
		}
		return fmt.Errorf("attempt %d failed %s", ran, strings.Repeat("x", 3000))
	}, nil)
	emit(t, d, events.RoomMade{RoomID: 1})
	for n := 1; n <= 10; n++ {
		drain(t, b)
		var job struct {
			Attempts int
			Wait     float64
			Dead     bool
			Leased   bool
			Error    string `db:"last_error"`
		}
		const query = `select attempts, extract(epoch from run_at - now())::float8 as wait, failed_at is not null as dead, leased_until is not null as leased, last_error from jobs`
		if err := d.Get(&job, query); err != nil {
			t.Fatal(err)
		}
		least := float64(int(1) << min(n, 10))
		if job.Attempts != n || ran != n || job.Wait < least-30 || job.Wait > least*1.25 || n < 8 && job.Wait < least/2-1 || job.Dead != (n == 10) || job.Leased {
			t.Errorf("after attempt %d: %+v, want a wait of %.0f s", n, job, least)
		}
		if want := map[bool]string{true: "oh dear", false: fmt.Sprintf("attempt %d failed", n)}[n == 3]; !strings.Contains(job.Error, want) || len(job.Error) > 2000 {
			t.Errorf("after attempt %d the error is %.100s", n, job.Error)
		}
		drain(t, b) // not due yet
		if ran != n {
			t.Fatalf("it ran again before its time")
		}
		set(t, d, "run_at = now()")
	}
	drain(t, b)
	now, err := b.Backlog(ctx)
	if err != nil || ran != 10 || now.Dead != 1 || now.Waiting != 0 {
		t.Errorf("ran %d times; %+v, %v", ran, now, err)
	}
}

// TestAWorkerThatDies: its lease runs out and another takes the job; what the
// first does later changes nothing.
func TestAWorkerThatDies(t *testing.T) {
	t.Parallel()
	d := testkit.DB(t)
	first := events.New(d, slog.New(slog.DiscardHandler))
	hang, began := make(chan struct{}), make(chan struct{})
	events.Kept(first, "test.room", func(context.Context, events.RoomMade) error { close(began); <-hang; return nil }, nil)
	emit(t, d, events.RoomMade{RoomID: 1})
	var group sync.WaitGroup
	group.Go(func() { drain(t, first) })
	<-began

	other, err := db.Open(ctx, db.Options{DSN: d.DSN(), Pool: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close() // nothing is pending
	second := events.New(other, slog.New(slog.DiscardHandler))
	ran := 0
	events.Kept(second, "test.room", func(context.Context, events.RoomMade) error { ran++; return errors.New("later") }, nil)
	drain(t, second)
	if ran != 0 || count(t, d, "leased_until between now() + interval '30 s' and now() + interval '60 s'") != 1 {
		t.Error("the job was taken from a worker that lives")
	}
	set(t, d, "leased_until = now() - interval '1 s'")
	drain(t, second)
	close(hang)
	group.Wait()
	if ran != 1 || count(t, d, "attempts = 2 and last_error = 'later'") != 1 {
		t.Errorf("ran %d times by the other; the first worker ended a job that was no longer its own", ran)
	}
}

// TestAJobThatKills: one that takes its process with it each time is a dead
// letter in the end, not a loop.
func TestAJobThatKills(t *testing.T) {
	t.Parallel()
	d := testkit.DB(t)
	b := events.New(d, slog.New(slog.DiscardHandler))
	ran := 0
	events.Kept(b, "test.room", func(context.Context, events.RoomMade) error { ran++; return nil }, nil)
	emit(t, d, events.RoomMade{RoomID: 1})
	set(t, d, "attempts = 10, leased_until = now() - interval '1 s'")
	drain(t, b)
	if ran != 0 || count(t, d, "failed_at is not null and last_error like '%died%'") != 1 {
		t.Errorf("it ran %d times more", ran)
	}
}

// TestOtherVersions: a job of a kind that this node does not know waits for
// one that does; a field that has gone does no harm.
func TestOtherVersions(t *testing.T) {
	t.Parallel()
	d := testkit.DB(t)
	b := events.New(d, slog.New(slog.DiscardHandler))
	var got events.RoomMade
	events.Kept(b, "test.room", func(_ context.Context, e events.RoomMade) error { got = e; return nil }, nil)
	err := d.Tx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`insert into jobs (kind, payload) values ('test.newer', '{}'), ('test.room', '{"roomId": "7", "gone": {"x": 1}}')`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	drain(t, b)
	if got.RoomID != 7 || count(t, d, "kind = 'test.newer' and attempts = 0 and leased_until is null") != 1 {
		t.Errorf("got %+v", got)
	}
}

// TestWork: jobs run soon after the commit, also those that another node
// stored, and a worker that is told to stop ends what it began.
func TestWork(t *testing.T) {
	t.Parallel()
	d := testkit.DB(t)
	b := events.New(d, slog.New(slog.DiscardHandler))
	ran, hang := make(chan events.RoomMade, 1), make(chan struct{})
	events.Kept(b, "test.room", func(ctx context.Context, e events.RoomMade) error {
		ran <- e
		if e.RoomID == 3 {
			<-hang
			return ctx.Err()
		}
		return nil
	}, nil)
	work, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() { defer close(ended); b.Work(work, ctx) }()
	soon := func(what string) {
		t.Helper()
		select {
		case <-ran:
		case <-time.After(5 * time.Second):
			t.Fatalf("%s did not run", what)
		}
	}
	emit(t, d, events.RoomMade{RoomID: 1})
	soon("a job of this node")
	err := d.Tx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`insert into jobs (kind, payload) values ('test.room', '{"roomId": "2"}')`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	soon("a job of another node")
	emit(t, d, events.RoomMade{RoomID: 3})
	soon("the last job")
	stop()
	select {
	case <-ended:
		t.Error("the worker did not wait for what it had begun")
	case <-time.After(100 * time.Millisecond):
	}
	close(hang)
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		t.Fatal("the worker does not end")
	}
	if n := count(t, d, "true"); n != 0 {
		t.Errorf("%d jobs are left", n)
	}
}

// TestDeadLettersAreSeen: a monitor sees what waits and what died.
func TestDeadLettersAreSeen(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	err := w.DB.Tx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`insert into jobs (kind, payload, max_attempts) values ('accounts.mail-code', '"not an object"', 1)`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "a dead letter in the metrics", func() bool {
		w.Drain()
		page := w.As("stranger").Get("/metrics").Expect(200).Body
		return strings.Contains(page, "\nguildhall_jobs_dead 1\n") && strings.Contains(page, "\nguildhall_jobs_waiting 0\n")
	})
}
