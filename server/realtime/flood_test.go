package realtime_test

import (
	"testing"
	"time"

	"guildhall/server/clock"
	"guildhall/server/testkit"
)

func TestTypingIsToldAtMostEveryTwoSeconds(t *testing.T) {
	t.Parallel()
	now := clock.NewFake(clock.System())
	w := testkit.New(t, testkit.Options{Clock: now})
	room := makeRoom(w)
	writer, reader := dial(w, "member"), dial(w, "moderator")
	writer.watch(room, 0)
	reader.watch(room, 0)
	for range 5 {
		writer.send(map[string]any{"type": "typing", "room": room})
		writer.send(map[string]any{"type": "unsubscribe", "room": room}) // no way round it
		writer.watch(room, 0)
	}
	reader.until("typing")
	reader.silent()
	now.Pass(2 * time.Second)
	writer.send(map[string]any{"type": "typing", "room": room})
	reader.until("typing")
}

// TestReplaysCost: who asks for the same past again and again is closed, like
// one who sends too many frames; who comes back once is not.
func TestReplaysCost(t *testing.T) {
	t.Parallel()
	w := testkit.New(t, testkit.Options{Clock: clock.NewFake(clock.System())}) // so that slowness wins nothing
	room := makeRoom(w)
	for range 60 {
		say(w, "facilitator", room, "one more")
	}
	s := dial(w, "member")
	go func() {
		for range 300 {
			if s.ws.WriteJSON(map[string]any{"type": "subscribe", "room": room, "after": 0}) != nil {
				return
			}
		}
	}()
	if code := s.closed(); code != 1008 {
		t.Errorf("closed with %d, want 1008", code)
	}
	again := dial(w, "member")
	again.watch(room, 0)
	for seq := int64(1); seq <= 60; seq++ {
		if f := again.until("message"); f.Seq != seq {
			t.Fatalf("got %d, want %d", f.Seq, seq)
		}
	}
	again.send(map[string]any{"type": "subscribe", "room": room, "after": -5})
	again.until("error")
}
