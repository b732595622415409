package realtime_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"guildhall/server/config"
	"guildhall/server/ids"
	"guildhall/server/testkit"
)

// follow reads a room's messages from one number to another and fails unless
// each comes once and in order.
func follow(ws *websocket.Conn, from, to int64) error {
	for seq := from; seq <= to; {
		_ = ws.SetReadDeadline(time.Now().Add(20 * time.Second))
		_, data, err := ws.ReadMessage()
		if err != nil {
			return fmt.Errorf("after number %d of %d: %w", seq-1, to, err)
		}
		var f struct {
			Type   string
			Seq    int64
			Reload bool
		}
		if err := json.Unmarshal(data, &f); err != nil {
			return err
		}
		switch {
		case f.Reload:
			return fmt.Errorf("told to read anew after number %d", seq-1)
		case f.Type != "message":
		case f.Seq != seq:
			return fmt.Errorf("number %d came instead of %d", f.Seq, seq)
		default:
			seq++
		}
	}
	return nil
}

// comeBack lets sockets return to a room that is gap numbers ahead of them
// while people post, and checks that nothing is lost, doubled or cut off.
func comeBack(w *testkit.World, room ids.ID, body string, head, gap int64, sockets int) {
	const more = 120
	var posting, reading sync.WaitGroup
	posting.Go(func() { talk(w, room, body, more) })
	for n := range sockets {
		ws, _, err := connect(w, "member", w.URL)
		if err != nil {
			w.T.Fatal(err)
		}
		w.T.Cleanup(func() { _ = ws.Close() })
		reading.Go(func() {
			if err := ws.WriteJSON(map[string]any{"type": "subscribe", "room": room, "after": head - gap}); err != nil {
				w.T.Errorf("socket %d: %v", n, err)
			}
			if err := follow(ws, head-gap+1, head+more); err != nil {
				w.T.Errorf("socket %d: %v", n, err)
			}
		})
	}
	posting.Wait()
	reading.Wait()
}

// talk has several people say something so many times.
func talk(w *testkit.World, room ids.ID, body string, times int) {
	var posting sync.WaitGroup
	for range 4 {
		posting.Go(func() {
			for range times / 4 {
				say(w, "facilitator", room, body)
			}
		})
	}
	posting.Wait()
}

func manySockets(c *config.Config) { c.LimitSockets = 1000 }

// TestComingBackToABusyRoom: what a socket missed is more than may wait for a
// slow one, and is not held against it.
func TestComingBackToABusyRoom(t *testing.T) {
	t.Parallel()
	w := testkit.New(t, testkit.Options{Config: manySockets})
	room := makeRoom(w)
	talk(w, room, "before", 400)
	comeBack(w, room, "live", 400, 380, 60)
}

// TestComingBackToLongMessages: the same by size, up to the size from which on
// the client reads the room anew.
func TestComingBackToLongMessages(t *testing.T) {
	t.Parallel()
	w := testkit.New(t, testkit.Options{Config: manySockets})
	room := makeRoom(w)
	body := strings.Repeat("long ", 1600)
	talk(w, room, body, 300)
	comeBack(w, room, "live", 300, 150, 30)
	s := dial(w, "member")
	if f := s.watch(room, 10); !f.Reload || f.Head != 420 {
		t.Errorf("%d long messages: %+v", 290, f)
	}
	m := say(w, "facilitator", room, "after it")
	if f := s.until("message"); f.Seq != m.Seq {
		t.Errorf("after the advice to read anew came %d, want %d", f.Seq, m.Seq)
	}
}

// TestAskingForMoreThanOneReads: a client that asks for the past again and
// again before it reads gets each answer whole, one after the other.
func TestAskingForMoreThanOneReads(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := makeRoom(w)
	talk(w, room, strings.Repeat("long ", 1600), 100)
	s := dial(w, "member")
	for range 20 {
		s.send(map[string]any{"type": "subscribe", "room": room, "after": 0})
	}
	time.Sleep(500 * time.Millisecond) // it could answer now
	for range 20 {
		if f := s.until("subscribed"); f.Reload {
			t.Fatalf("subscribed: %+v", f)
		}
		if err := follow(s.ws, 1, 100); err != nil {
			t.Fatal(err)
		}
	}
}
