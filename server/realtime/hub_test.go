package realtime_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"

	"guildhall/server/access"
	"guildhall/server/api"
	"guildhall/server/clock"
	"guildhall/server/config"
	"guildhall/server/ids"
	"guildhall/server/realtime"
	"guildhall/server/testkit"
)

const (
	anna  = ids.ID(1)
	space = ids.ID(7)
	hall  = ids.ID(70) // a room of the space
)

// member is Anna while she is in the space.
func member() access.Actor {
	return access.Actor{ID: anna, SessionID: 10, Name: "Anna", Roles: map[ids.ID]access.Role{space: access.Member}}
}

// stage is a hub alone, for what its surroundings do at the worst moment.
type stage struct {
	t   *testing.T
	hub *realtime.Hub
	bus *realtime.Bus
	url string
	log *logBook
}

// logBook is a log that is read while it is written.
type logBook struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBook) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(line)
}

func (l *logBook) count(word string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.b.String(), word)
}

// props are what surrounds the hub; nil stands for what goes well.
type props struct {
	rooms  realtime.Rooms
	reload func(context.Context, ids.ID) (access.Actor, error)
	stale  func(context.Context, []access.Actor) ([]ids.ID, error)
	clock  *clock.Fake
	first  func(*realtime.Bus, realtime.Notice) // hears each notice before the hub
}

func asBefore(context.Context, ids.ID) (access.Actor, error) { return member(), nil }

func newStage(t *testing.T, p props) *stage {
	t.Helper()
	s := &stage{t: t, bus: realtime.NewBus(), log: &logBook{}}
	if p.first != nil {
		s.bus.Listen(func(n realtime.Notice) { p.first(s.bus, n) })
	}
	if p.reload == nil {
		p.reload = asBefore
	}
	if p.rooms.Open == nil {
		p.rooms = quiet()
	}
	now := clock.Clock(clock.System)
	if p.clock != nil {
		now = p.clock.Now
	}
	hub := realtime.New(realtime.Deps{
		Log: slog.New(slog.NewTextHandler(s.log, nil)), Now: now, Bus: s.bus, Config: config.Config{LimitSockets: 100},
		Metrics: prometheus.NewRegistry(), Reload: p.reload, Stale: p.stale,
	})
	s.hub = hub
	hub.UseRooms(p.rooms)
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Server().KeepHijackedConns = true
	app.Use(func(c *fiber.Ctx) error {
		who := member()
		if id, err := ids.Parse(c.Query("as")); err == nil {
			who.ID = id
		}
		c.SetUserContext(api.WithActor(api.WithRequest(context.Background(), api.Request{Exempt: true}), who))
		return c.Next()
	})
	hub.Mount(app, func(c *fiber.Ctx) error { return c.Next() })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.url = "ws://" + l.Addr().String() + "/api/live"
	served := make(chan error, 1)
	go func() { served <- app.Listener(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := errors.Join(hub.Close(ctx), app.ShutdownWithContext(ctx), <-served); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s *stage) dial() *socket { s.t.Helper(); return s.dialAs("") }

// dialAs connects somebody other than Anna, who may do the same.
func (s *stage) dialAs(account string) *socket {
	s.t.Helper()
	ws, _, err := websocket.DefaultDialer.Dial(s.url+"?as="+account, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = ws.Close() })
	x := &socket{t: s.t, ws: ws}
	x.until("hello")
	return x
}

// quiet is a room in which nothing happens.
func quiet() realtime.Rooms {
	return realtime.Rooms{
		Open:    func(context.Context, ids.ID, ids.ID) (realtime.Seat, error) { return realtime.Seat{Space: space}, nil },
		Changes: func(context.Context, ids.ID, int64, int) ([]realtime.Change, error) { return nil, nil },
	}
}

// TestOldRightsNeverReplaceNewOnes: rights that were read before a removal,
// and come after it, are not taken.
func TestOldRightsNeverReplaceNewOnes(t *testing.T) {
	t.Parallel()
	reading, answer := make(chan struct{}), make(chan struct{})
	var calls atomic.Int32
	s := newStage(t, props{reload: func(context.Context, ids.ID) (access.Actor, error) {
		who := member()
		switch calls.Add(1) {
		case 1: // at the beginning
			return who, nil
		case 2:
			close(reading)
			<-answer
			return who, nil
		}
		who.Roles = nil
		return who, nil
	}})
	x := s.dial()
	x.send(map[string]any{"type": "subscribe", "room": hall})
	x.until("subscribed")
	s.bus.Publish(realtime.Notice{Account: anna, Rights: true})
	<-reading
	s.bus.Publish(realtime.Notice{Account: anna, LeftSpace: space, Rights: true})
	time.Sleep(50 * time.Millisecond) // what the second notice began by itself would be over
	close(answer)
	for range 20 {
		x.send(map[string]any{"type": "subscribe", "room": hall})
		for f := x.next(); f.Type != "refused"; f = x.next() {
			if f.Type != "access" {
				t.Fatalf("after the removal: %+v", f)
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	if n := calls.Load(); n != 3 {
		t.Errorf("the rights were read %d times", n)
	}
}

// TestRightsLostBeforeTheSocketIsThere: what changes between the request and
// the hub is told to nobody, and holds all the same.
func TestRightsLostBeforeTheSocketIsThere(t *testing.T) {
	t.Parallel()
	x := newStage(t, props{reload: func(context.Context, ids.ID) (access.Actor, error) {
		who := member()
		who.Roles = nil
		return who, nil
	}}).dial()
	x.send(map[string]any{"type": "subscribe", "room": hall})
	x.until("refused")
	over := newStage(t, props{reload: func(context.Context, ids.ID) (access.Actor, error) { return access.Actor{}, nil }})
	ws, _, err := websocket.DefaultDialer.Dial(over.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	if code := (&socket{t: t, ws: ws}).closed(); code != 4001 {
		t.Errorf("a session that ended meanwhile: closed with %d", code)
	}
}

// TestNoSignOfLifeAfterTheLoss: one that was on its way when its person lost
// the space does not bring them back.
func TestNoSignOfLifeAfterTheLoss(t *testing.T) {
	t.Parallel()
	var lost atomic.Bool
	s := newStage(t, props{first: func(bus *realtime.Bus, n realtime.Notice) {
		if n.Alive != nil && !lost.Swap(true) {
			bus.Publish(realtime.Notice{Account: anna, LeftSpace: space})
		}
	}})
	ben := s.dialAs("2")
	ben.send(map[string]any{"type": "subscribe", "space": space})
	ben.until("presence")
	s.dial().send(map[string]any{"type": "presence"})
	for f := ben.until("presence"); f.People[0].State != "gone"; f = ben.until("presence") {
		if f.People[0].Person != anna {
			t.Errorf("told: %+v", f)
		}
	}
}

// TestLostInBetween: who loses a space in the middle of subscribing is told
// so, and is not left in the room.
func TestLostInBetween(t *testing.T) {
	t.Parallel()
	rooms := quiet()
	var s *stage
	var opened atomic.Int32
	rooms.Open = func(context.Context, ids.ID, ids.ID) (realtime.Seat, error) {
		if opened.Add(1) == 1 { // after the seat was read, before it counts
			s.bus.Publish(realtime.Notice{Account: anna, LeftSpace: space})
		}
		return realtime.Seat{Space: space}, nil
	}
	s = newStage(t, props{rooms: rooms})
	x := s.dial()
	x.send(map[string]any{"type": "subscribe", "room": hall})
	if f := x.next(); f.Type != "refused" || f.Room != hall {
		t.Errorf("got %+v", f)
	}
	s.bus.Publish(realtime.Notice{Room: hall, Changes: []realtime.Change{{Seq: 1, Frame: []byte(`{"type":"message"}`)}}})
	x.silent()
}

// TestLostRoom: the same with a room that is in no space.
func TestLostRoom(t *testing.T) {
	t.Parallel()
	rooms := quiet()
	var s *stage
	var opened atomic.Int32
	rooms.Open = func(context.Context, ids.ID, ids.ID) (realtime.Seat, error) {
		if opened.Add(1) == 1 {
			s.bus.Publish(realtime.Notice{Account: anna, LeftRoom: hall})
		}
		return realtime.Seat{}, nil
	}
	s = newStage(t, props{rooms: rooms})
	x := s.dial()
	x.send(map[string]any{"type": "subscribe", "room": hall})
	if f := x.next(); f.Type != "refused" || f.Room != hall {
		t.Errorf("got %+v", f)
	}
	x.send(map[string]any{"type": "subscribe", "room": hall})
	x.until("subscribed")
	s.bus.Publish(realtime.Notice{Account: anna, LeftRoom: hall})
	s.bus.Publish(realtime.Notice{Room: hall, Changes: []realtime.Change{{Seq: 1, Frame: []byte(`{"type":"message"}`)}}})
	x.silent()
}

// TestLateComers: who was let into a room after a number learns of an edit of
// what was said before it the number alone.
func TestLateComers(t *testing.T) {
	t.Parallel()
	rooms := quiet()
	rooms.Open = func(_ context.Context, account, _ ids.ID) (realtime.Seat, error) {
		if account == anna {
			return realtime.Seat{Head: 10}, nil
		}
		return realtime.Seat{From: 10, Head: 10}, nil
	}
	old := realtime.Change{Seq: 9, Of: 9, Frame: []byte(`{"type":"message","seq":9}`)}
	rooms.Changes = func(context.Context, ids.ID, int64, int) ([]realtime.Change, error) {
		return []realtime.Change{old, {Seq: 10, Of: 9, Frame: []byte(`{"type":"edited","seq":10}`)}}, nil
	}
	rooms.Gone = func(_ ids.ID, seq int64) json.RawMessage {
		return realtime.Raw(map[string]any{"type": "gone", "seq": seq})
	}
	s := newStage(t, props{rooms: rooms})
	first, late := s.dial(), s.dialAs("2")
	for _, x := range []*socket{first, late} {
		x.send(map[string]any{"type": "subscribe", "room": hall, "after": 8})
		x.until("subscribed")
	}
	s.bus.Publish(realtime.Notice{Room: hall, Changes: []realtime.Change{
		{Seq: 11, Of: 9, Frame: []byte(`{"type":"edited","seq":11}`)}, {Seq: 12, Of: 12, Frame: []byte(`{"type":"message","seq":12}`)},
	}})
	for x, want := range map[*socket][]string{first: {"message", "edited", "edited", "message"}, late: {"gone", "gone", "gone", "message"}} {
		for i, kind := range want {
			if f := x.next(); f.Type != kind || f.Seq != int64(9+i) {
				t.Errorf("got %+v, want %s %d", f, kind, 9+i)
			}
		}
	}
}

// TestPanicsCloseTheirSocket: with 1011, one line in the log, and nobody else
// notices.
func TestPanicsCloseTheirSocket(t *testing.T) {
	t.Parallel()
	rooms := quiet()
	rooms.Open = func(context.Context, ids.ID, ids.ID) (realtime.Seat, error) { panic("oh dear") }
	var loads atomic.Int32
	s := newStage(t, props{rooms: rooms, reload: func(context.Context, ids.ID) (access.Actor, error) {
		if loads.Add(1) > 2 { // both sockets have begun
			panic("oh dear")
		}
		return member(), nil
	}})
	x, other := s.dial(), s.dial()
	x.send(map[string]any{"type": "subscribe", "room": hall})
	if code := x.closed(); code != websocket.CloseInternalServerErr {
		t.Errorf("a panic of the handler closes with %d", code)
	}
	if n := s.log.count("msg=panic"); n != 1 {
		t.Errorf("it is logged %d times", n)
	}
	other.send(map[string]any{"type": "nothing"})
	other.until("error")
	s.bus.Publish(realtime.Notice{Account: anna, Rights: true})
	if code := other.closed(); code != websocket.CloseInternalServerErr {
		t.Errorf("a panic beside the handler closes with %d", code)
	}
	if n := s.log.count("msg=panic"); n != 2 {
		t.Errorf("both are logged %d times", n)
	}
}

// TestPingsCount: control frames are frames.
func TestPingsCount(t *testing.T) {
	t.Parallel()
	for _, kind := range []int{websocket.PingMessage, websocket.PongMessage} {
		x := newStage(t, props{clock: clock.NewFake(clock.System())}).dial()
		for range 600 {
			if x.ws.WriteControl(kind, []byte("x"), time.Now().Add(5*time.Second)) != nil {
				break
			}
		}
		if code := x.closed(); code != websocket.ClosePolicyViolation && code != -1 {
			t.Errorf("a flood of kind %d: closed with %d", kind, code)
		}
	}
}

// TestEndsThatNobodyTells: a session that runs out, and an account that is
// suspended or erased, lose their sockets soon: within five seconds,
// of which a busy machine gets twice as many.
func TestEndsThatNobodyTells(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	stays := dial(w, "outsider")
	var group sync.WaitGroup
	for who, end := range map[string]string{
		"member":      `update sessions set expires_at = now() - interval '1 s' where account_id = $1`,
		"facilitator": `update accounts set suspended_at = now() where id = $1`,
		"moderator":   `update accounts set erased_at = now() where id = $1`,
	} {
		x := dial(w, who)
		if _, err := w.DB.Exec(end, w.As(who).ID); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		group.Go(func() {
			if code, took := x.closed(), time.Since(began); code != 4001 || took > 10*time.Second {
				t.Errorf("%s: closed with %d after %s", who, code, took)
			}
		})
	}
	group.Wait()
	stays.send(map[string]any{"type": "nothing"})
	stays.until("error")
}

// TestNoHeadWithoutASeat: a heartbeat tells how far a room is to those alone
// who have a seat in it, and not to one who is about to be refused.
func TestNoHeadWithoutASeat(t *testing.T) {
	t.Parallel()
	asked, answer := make(chan struct{}), make(chan struct{})
	rooms := quiet()
	rooms.Open = func(_ context.Context, account, _ ids.ID) (realtime.Seat, error) {
		if account == anna {
			return realtime.Seat{Space: space, Head: 5}, nil
		}
		close(asked)
		<-answer
		return realtime.Seat{}, sql.ErrNoRows
	}
	now := clock.NewFake(clock.System())
	s := newStage(t, props{rooms: rooms, clock: now})
	go s.hub.Beat(t.Context())
	inside, outside := s.dial(), s.dialAs("2")
	for _, x := range []*socket{inside, outside} {
		x.send(map[string]any{"type": "subscribe", "room": hall})
	}
	inside.until("subscribed")
	<-asked
	now.Pass(time.Minute)
	if f := inside.until("heartbeat"); f.Heads[hall] != 5 {
		t.Errorf("inside: %+v", f)
	}
	if f := outside.until("heartbeat"); len(f.Heads) != 0 {
		t.Errorf("outside: %+v", f)
	}
	close(answer)
	outside.until("refused")
}

// TestEachSocketsRightsAreLookedAt: a newer one of the same session, which
// knows what was lost, hides no older one that does not.
func TestEachSocketsRightsAreLookedAt(t *testing.T) {
	t.Parallel()
	var lost atomic.Bool
	held := make(chan []access.Actor)
	s := newStage(t, props{
		reload: func(context.Context, ids.ID) (access.Actor, error) {
			who := member()
			if lost.Load() {
				who.Roles = nil
			}
			return who, nil
		},
		stale: func(ctx context.Context, all []access.Actor) ([]ids.ID, error) {
			select {
			case held <- all:
			case <-ctx.Done():
			}
			return nil, nil
		},
	})
	s.dial()
	lost.Store(true)
	s.dial()
	go s.hub.Watch(t.Context())
	roles := map[int]bool{}
	for _, who := range <-held {
		roles[len(who.Roles)] = true
	}
	if !roles[0] || !roles[1] {
		t.Errorf("looked at those with so many roles: %v", roles)
	}
}

// TestAWatchedRoomAgain: who watches as many rooms as may be can still begin
// anew in each of them.
func TestAWatchedRoomAgain(t *testing.T) {
	t.Parallel()
	now := clock.NewFake(clock.System())
	x := newStage(t, props{clock: now}).dial()
	const most = 500
	for room := 1; room <= most; room++ {
		if room%100 == 0 {
			now.Pass(time.Second) // no flood
		}
		x.send(map[string]any{"type": "subscribe", "room": fmt.Sprint(room)})
		x.until("subscribed")
	}
	x.send(map[string]any{"type": "subscribe", "room": "1"})
	if f := x.next(); f.Type != "subscribed" || f.Room != 1 {
		t.Errorf("again: %+v", f)
	}
	x.send(map[string]any{"type": "subscribe", "room": fmt.Sprint(most + 1)})
	if f := x.next(); f.Type != "refused" {
		t.Errorf("one more: %+v", f)
	}
}
