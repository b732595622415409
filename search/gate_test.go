package search

import (
	"context"
	"errors"
	"testing"
	"time"

	"guildhall/server/ids"
)

func TestNobodyTakesAllPlaces(t *testing.T) {
	t.Parallel()
	g := newGate()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	enter := func(who int64) <-chan error {
		done := make(chan error, 1)
		go func() { done <- g.enter(ctx, ids.ID(who)) }()
		return done
	}
	in := func(what string, done <-chan error) {
		t.Helper()
		select {
		case err := <-done:
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("%s waits", what)
		}
	}
	out := func(what string, done <-chan error) {
		t.Helper()
		select {
		case err := <-done:
			t.Fatalf("%s is in: %v", what, err)
		case <-time.After(30 * time.Millisecond):
		}
	}
	in("the first of one", enter(1))
	in("the second of one", enter(1))
	third := enter(1)
	out("the third of one", third)
	in("another", enter(2))
	in("a third person", enter(3))
	fifth := enter(4)
	out("a fifth search", fifth)
	g.leave(ids.ID(2))
	in("the one that waited for a place", fifth)
	out("the third of one", third)
	g.leave(ids.ID(1))
	in("the third of one", third)
	late := enter(5)
	cancel()
	if err := <-late; !errors.Is(err, context.Canceled) {
		t.Errorf("one who gave up: %v", err)
	}
	for _, who := range []int64{1, 1, 3, 4} {
		g.leave(ids.ID(who))
	}
	if g.busy != 0 || len(g.each) != 0 {
		t.Errorf("left behind: %d busy, %v", g.busy, g.each)
	}
}
