package realtime_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"guildhall/server/clock"
	"guildhall/server/config"
	"guildhall/server/ids"
	"guildhall/server/testkit"
)

// TestEachTransportInOrder: what was missed, then what happens, once and in
// order, while many talk; and all transports see the same.
func TestEachTransportInOrder(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := makeRoom(w)
	talk(w, room, "before", 40)
	var posting sync.WaitGroup
	posting.Go(func() { talk(w, room, strings.Repeat("while ", 200), 200) }) // fewer than may wait for one that is slow today
	together(func(kind string) {
		p := mustJoin(w, kind, "member")
		if f := p.watch(room, 10); f.Reload {
			t.Errorf("%s: %+v", kind, f)
		}
		p.messages(11, 240)
	})
	posting.Wait()
}

func TestEachTransportSaysAll(t *testing.T) {
	overEach(t, func(t *testing.T, kind string) {
		now := clock.NewFake(clock.System())
		w := testkit.New(t, testkit.Options{Clock: now})
		room, space := makeRoom(w), w.Space("cohortA")
		p, other := mustJoin(w, kind, "member"), mustJoin(w, "socket", "facilitator")
		p.say(map[string]any{"type": "subscribe", "space": space})
		if f := p.until("subscribed"); f.Space != space {
			t.Errorf("subscribed: %+v", f)
		}
		p.watch(room, 0)
		other.watch(room, 0)
		other.say(map[string]any{"type": "presence"})
		if f := p.until("presence"); f.Whole || f.People[0].Person != w.As("facilitator").ID {
			p.until("presence") // the first told who was there before
		}
		p.say(map[string]any{"type": "typing", "room": room})
		other.until("typing")
		now.Pass(30 * time.Second)
		if f := p.until("heartbeat"); len(f.Heads) != 1 {
			t.Errorf("heartbeat: %+v", f)
		}
		if status := p.say(map[string]any{"type": "pong"}); status != 204 {
			t.Errorf("pong: %d", status)
		}
		say(w, "facilitator", room, "one")
		p.messages(1, 1)
		p.say(map[string]any{"type": "unsubscribe", "room": room})
		p.say(map[string]any{"type": "subscribe", "room": "999999"})
		p.until("refused")
		say(w, "facilitator", room, "two")
		for {
			select {
			case data := <-p.frames:
				if strings.Contains(string(data), `"type":"message"`) {
					t.Fatalf("after leaving the room: %s", data)
				}
				continue
			case <-time.After(300 * time.Millisecond):
			}
			break
		}
	})
}

func TestEachTransportRefuses(t *testing.T) {
	overEach(t, func(t *testing.T, kind string) {
		w := testkit.New(t, testkit.Options{Config: func(c *config.Config) { c.LimitSockets = 2 }})
		room := makeRoom(w)
		status := func(err error) int {
			var no refused
			errors.As(err, &no)
			return no.status
		}
		if _, err := join(w, kind, "stranger", w.URL); status(err) != 401 {
			t.Errorf("a stranger: %v", err)
		}
		foreign := &peer{t: t, base: w.URL, token: w.As("member").Token}
		r := foreign.header()
		r.Set("Origin", "https://evil.example")
		path := map[string]string{"socket": "/api/live", "stream": "/api/live/stream", "poll": "/api/live/poll"}[kind]
		if got := sendAs(w, "GET", path, r); got != 403 {
			t.Errorf("a foreign origin: %d", got)
		}
		out := mustJoin(w, kind, "outsider")
		for _, f := range []map[string]any{{"room": room, "after": 0}, {"room": "999999"}, {"space": w.Space("cohortA")}} {
			f["type"] = "subscribe"
			out.say(f)
			if f := out.next(); f.Type != "refused" {
				t.Errorf("an outsider's subscription: %+v", f)
			}
		}
		out.say(map[string]any{"type": "typing", "room": room})
		say(w, "member", room, "secret")
		out.silent()
		mustJoin(w, kind, "outsider")
		if _, err := join(w, kind, "outsider", w.URL); status(err) != 429 {
			t.Errorf("a third connection of two: %v", err)
		}
		if kind == "poll" { // which only its client or a minute ends
			w.As("outsider").Delete("/api/live/" + out.id).Expect(204)
			w.As("outsider").Delete("/api/live/"+out.id).Problem(410, "live-over")
		}
		out.leave()
		testkit.Eventually(t, "a place to become free", func() bool {
			_, err := join(w, kind, "outsider", w.URL)
			return err == nil
		})
	})
}

func TestEachTransportIsCut(t *testing.T) {
	overEach(t, func(t *testing.T, kind string) {
		w := testkit.New(t)
		room := makeRoom(w)
		p, out := mustJoin(w, kind, "member"), mustJoin(w, kind, "moderator")
		p.watch(room, 0)
		w.As("moderator").Delete(testkit.Path("/spaces/%s/members/%s", w.Space("cohortA"), w.As("member").ID)).Expect(204)
		p.until("access")
		say(w, "moderator", room, "secret")
		p.silent()
		began := time.Now()
		w.As("moderator").Delete("/api/session").Expect(200)
		if code := out.closed(); code != 4001 || time.Since(began) > 5*time.Second {
			t.Errorf("signing out: %d after %s", code, time.Since(began))
		}
	})
}

// TestEachTransportClosesTheSlow: a client that stops reading is cut off with
// its queue, misses nothing up to there, and holds up nobody else.
func TestEachTransportClosesTheSlow(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := makeRoom(w)
	slow, quick := map[string]*peer{}, map[string]*peer{}
	for _, kind := range transports {
		slow[kind], quick[kind] = mustJoin(w, kind, "member"), mustJoin(w, kind, "moderator")
		slow[kind].watch(room, 0)
		quick[kind].watch(room, 0)
	}
	const all, step = 800, 20
	for n := int64(0); n < all; n += step { // no faster than the quick ones read, on whatever machine
		talk(w, room, strings.Repeat("long ", 1500), step)
		together(func(kind string) { quick[kind].messages(n+1, n+step) })
	}
	together(func(kind string) {
		if last := slow[kind].rest(); last >= all {
			t.Errorf("%s: the slow one got everything; the test proves nothing", kind)
		}
	})
}

func TestEachTransportStopsAFlood(t *testing.T) {
	overEach(t, func(t *testing.T, kind string) {
		w := testkit.New(t, testkit.Options{Clock: clock.NewFake(clock.System())})
		p := mustJoin(w, kind, "member")
		go func() {
			pong := map[string]any{"type": "pong"}
			for range 20 {
				if p.say(slices.Repeat([]any{pong}, 50)...) != 204 {
					return
				}
			}
		}()
		if code := p.closed(); code != 1008 && code != -1 {
			t.Errorf("closed with %d", code)
		}
	})
}

// TestEachTransportGoesDown: all are told to come back, and closed with 1012,
// and the server waits for none of them.
func TestEachTransportGoesDown(t *testing.T) {
	overEach(t, func(t *testing.T, kind string) {
		w := testkit.New(t, testkit.Options{Config: func(c *config.Config) { c.DrainTimeout = 30 * time.Second }})
		p := mustJoin(w, kind, "member")
		time.Sleep(50 * time.Millisecond) // a poll waits again
		began, done := time.Now(), make(chan error, 1)
		go func() { done <- w.Close() }()
		p.until("reconnect")
		// A poll may have gone out with the one and come too late for the other.
		if code := p.closed(); code != 1012 && (kind != "poll" || code != -1) {
			t.Errorf("closed with %d, want 1012", code)
		}
		if err := <-done; err != nil || time.Since(began) > 10*time.Second {
			t.Errorf("closing took %s: %v", time.Since(began), err)
		}
	})
}

// TestAnothersConnection is over for everybody but its owner, in the words for
// one that never was.
func TestAnothersConnection(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	hello := map[string]any{"frames": []any{map[string]any{"type": "pong"}}}
	for _, kind := range []string{"stream", "poll"} {
		p := mustJoin(w, kind, "member")
		for _, id := range []string{p.id, "never-was"} {
			w.As("outsider").Post("/api/live/"+id+"/frames", hello).Problem(410, "live-over")
			w.As("outsider").Get("/api/live/poll?connection="+id).Problem(410, "live-over")
			w.As("outsider").Delete("/api/live/"+id).Problem(410, "live-over")
		}
		w.As("member").Post("/api/live/"+p.id+"/frames", hello).Expect(204)
		for name, body := range map[string]any{
			"no frames":     map[string]any{"frames": []any{}},
			"unknown type":  map[string]any{"frames": []any{map[string]any{"type": "shutdown"}}},
			"a bad number":  map[string]any{"frames": []any{map[string]any{"type": "subscribe", "room": "1", "after": -1}}},
			"more than all": map[string]any{"frames": make([]any, 101)},
		} {
			if a := w.As("member").Post("/api/live/"+p.id+"/frames", body); a.Status != 422 {
				t.Errorf("%s: %d", name, a.Status)
			}
		}
		w.As("member").Post("/api/live/"+p.id+"/frames", strings.Repeat(" ", 17<<10)).Expect(413)
		p.silent()
	}
}

// TestLostAnswers: a batch is given again until the client says that it came,
// and a request that was given up takes nothing with it.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	room := makeRoom(w)
	p := &peer{t: t, base: w.URL, token: w.As("member").Token}
	ask := func(ack int64) batch {
		t.Helper()
		b, err := p.poll(context.Background(), p.id, ack)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	b := ask(0)
	var hello frame
	decode(t, b.Frames[0], &hello)
	p.id = hello.Connection
	p.say(map[string]any{"type": "subscribe", "room": room, "after": 0})
	if b = ask(b.Number); len(b.Frames) != 1 {
		t.Fatalf("got %s", b.Frames)
	}
	say(w, "facilitator", room, "one")
	say(w, "facilitator", room, "two")
	ack := b.Number
	for range 3 { // the answer is lost, and lost again
		if b = ask(ack); b.Number != ack+1 || len(b.Frames) != 2 {
			t.Fatalf("batch %d: %s", b.Number, b.Frames)
		}
	}
	given := make(chan batch)
	ctx, giveUp := context.WithCancel(context.Background())
	go func() { b, _ := p.poll(ctx, p.id, b.Number); given <- b }()
	time.Sleep(50 * time.Millisecond)
	giveUp() // which the server does not notice
	<-given
	go func() { given <- ask(b.Number) }()
	time.Sleep(50 * time.Millisecond)
	m := say(w, "facilitator", room, "three")
	next := <-given
	var f frame
	if decode(t, next.Frames[0], &f); next.Number != b.Number+1 || len(next.Frames) != 1 || f.Seq != m.Seq {
		t.Errorf("after the one given up: %d %s", next.Number, next.Frames)
	}
	for _, nonsense := range []int64{next.Number - 2, next.Number + 1} {
		if _, err := p.poll(ctx, p.id, nonsense); err == nil {
			t.Errorf("batch %d is said to have come", nonsense)
		}
	}
	began := time.Now()
	w.As("member").Get("/api/live/poll?wait=1&ack=" + ids.ID(next.Number).String() + "&connection=" + p.id).Expect(200)
	if took := time.Since(began); took < 900*time.Millisecond || took > 15*time.Second { // the client may wait for 25
		t.Errorf("an answer without frames came after %s", took)
	}
}
