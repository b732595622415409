// Package events tells what happened, if and only if it was committed.
//
// A Live listener runs right after the commit, in this process, and may be
// lost when the process dies: it is for screens. A Kept listener becomes a
// row in jobs inside the same transaction and runs at least once, perhaps on
// another node, so it must not mind running twice.
package events

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"runtime/debug"
	"sync/atomic"
	"time"

	"guildhall/server/db"
)

// Event is a past-tense struct of the catalogue. Its JSON holds ids and
// facts, never what people wrote, since it may wait in jobs.
type Event any

// Emit keeps events to be told when tx commits, in this order.
func Emit(_ context.Context, tx *db.Tx, happened ...Event) {
	for _, e := range happened {
		tx.Tell(e)
	}
}

// Bus knows the listeners. All are added before the first transaction.
type Bus struct {
	db   *db.DB
	log  *slog.Logger
	live map[reflect.Type][]func([]Event)
	kept map[reflect.Type][]keptListener
	run  map[string]func(context.Context, []byte) error
	wake chan struct{}
	busy atomic.Int64 // jobs that Work has, and its looks for more
}

type keptListener struct {
	name string
	when func(Event) bool
}

// New makes the bus of a database and becomes its sink.
func New(d *db.DB, log *slog.Logger) *Bus {
	b := &Bus{
		db: d, log: log,
		live: map[reflect.Type][]func([]Event){},
		kept: map[reflect.Type][]keptListener{},
		run:  map[string]func(context.Context, []byte) error{},
		wake: make(chan struct{}, 1),
	}
	d.SetSink(b)
	return b
}

// Live adds a listener that gets all events of this kind that one transaction
// told, in order. It must be quick; a panic is logged and stops nothing else.
func Live[E Event](b *Bus, f func([]E)) {
	t := reflect.TypeFor[E]()
	b.live[t] = append(b.live[t], func(list []Event) {
		typed := make([]E, len(list))
		for i, e := range list {
			typed[i] = e.(E)
		}
		f(typed)
	})
}

// Kept adds a listener that is stored as a job. The name stands in the table
// for ever: choose it once. When, if not nil, is asked before the commit and
// must be cheap; only events that it takes make a job.
func Kept[E Event](b *Bus, name string, f func(context.Context, E) error, when func(E) bool) {
	t := reflect.TypeFor[E]()
	l := keptListener{name: name}
	if when != nil {
		l.when = func(e Event) bool { return when(e.(E)) }
	}
	b.kept[t] = append(b.kept[t], l)
	b.Handle(name, func(ctx context.Context, payload []byte) error {
		var e E
		if err := json.Unmarshal(payload, &e); err != nil {
			return fmt.Errorf("read job: %w", err)
		}
		return f(ctx, e)
	})
}

// Handle says what runs a job of this kind. The same kind twice is a
// programming error and panics at start.
func (b *Bus) Handle(kind string, f func(ctx context.Context, payload []byte) error) {
	if b.run[kind] != nil {
		panic("events: two handlers for jobs of kind " + kind)
	}
	b.run[kind] = f
}

// Keep stores the jobs of what was told, in one insert. It is db.Sink's part
// inside the transaction.
func (b *Bus) Keep(ctx context.Context, tx *db.Tx, told []any) error {
	var jobs []Job
	for _, e := range told {
		for _, l := range b.kept[reflect.TypeOf(e)] {
			if l.when != nil && !l.when(e) {
				continue
			}
			payload, err := json.Marshal(e)
			if err != nil {
				return fmt.Errorf("write job %s: %w", l.name, err)
			}
			jobs = append(jobs, Job{Kind: l.name, Payload: string(payload)})
		}
	}
	if len(jobs) == 0 {
		return nil
	}
	tx.After(b.poke)
	return insertJobs(ctx, tx, jobs)
}

// Tell runs the live listeners. It is db.Sink's part after the commit. Each
// run of events of one kind goes out together, so that order across kinds
// holds as well.
func (b *Bus) Tell(told []any) {
	for start := 0; start < len(told); {
		t := reflect.TypeOf(told[start])
		end := start + 1
		for end < len(told) && reflect.TypeOf(told[end]) == t {
			end++
		}
		batch := make([]Event, 0, end-start)
		for _, e := range told[start:end] {
			batch = append(batch, e)
		}
		for _, f := range b.live[t] {
			b.safely(t, f, batch)
		}
		start = end
	}
}

func (b *Bus) safely(t reflect.Type, f func([]Event), batch []Event) {
	defer func() {
		if p := recover(); p != nil {
			b.log.Error("a live listener panicked", "event", t.Name(), "panic", p, "stack", string(debug.Stack()))
		}
	}()
	f(batch)
}

// Later keeps a job for a kind that Handle knows, to run at a moment or soon
// after it. The payload holds ids, never what people wrote.
func Later(ctx context.Context, tx *db.Tx, kind string, payload any, at time.Time) error {
	b, err := json.Marshal(payload)
	if err != nil {
		return fmt.Errorf("write job %s: %w", kind, err)
	}
	return insertJob(ctx, tx, kind, string(b), at)
}

func (b *Bus) poke() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}
