// Package realtime brings frames to browsers: a socket for each, rooms in
// which every number arrives once and in order, and nothing for those who may
// not see it.
package realtime

import (
	"context"
	"encoding/json"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fasthttp/websocket"
	"github.com/prometheus/client_golang/prometheus"

	"guildhall/server/access"
	"guildhall/server/clock"
	"guildhall/server/config"
	"guildhall/server/ids"
	"guildhall/server/limit"
)

// Rooms is what the hub needs from the feature that owns rooms.
type Rooms struct {
	// Open gives an account's seat in a room; without one the error is db.NoRows.
	Open func(ctx context.Context, account, room ids.ID) (Seat, error)
	// Changes reads up to limit changes after a number, in order.
	Changes func(ctx context.Context, room ids.ID, after int64, limit int) ([]Change, error)
	// Heads reads the heads of rooms.
	Heads func(ctx context.Context, rooms []ids.ID) (map[ids.ID]int64, error)
	// Lost gives those of the places from which somebody is gone by now.
	Lost func(ctx context.Context, places []Place) ([]Place, error)
	// Gone is the frame of a number about which somebody may not know more.
	Gone func(room ids.ID, seq int64) json.RawMessage
}

// Seat is a person's place in a room: of which space it is, 0 for none; after
// which number they may see; the room's head; and whether it has a list of its
// own of who may see it.
type Seat struct {
	Space      ids.ID
	From, Head int64
	Private    bool
}

// Place is somebody in a private room.
type Place struct {
	Account ids.ID `db:"account_id"`
	Room    ids.ID `db:"room_id"`
}

// Hub is all live connections of this node. Locks are taken in this order and
// never back: attendance, hub, room, conn, poll.
type Hub struct {
	log     *slog.Logger
	now     clock.Clock
	rooms   Rooms
	bus     *Bus
	reload  func(ctx context.Context, session ids.ID) (access.Actor, error)
	stale   func(ctx context.Context, held []access.Actor) ([]ids.ID, error)
	missed  chan struct{} // notices of other nodes
	telling atomic.Bool   // other nodes who is there
	counts  counts

	accounts, addresses *limit.Gauge
	attendance          *attendance

	mu     sync.RWMutex
	conns  map[*conn]struct{}
	people map[ids.ID]map[*conn]struct{}
	open   map[ids.ID]*room
	spaces map[ids.ID]map[*conn]struct{}
	inbox  map[string]*inbox // by connection
	closed bool
	all    sync.WaitGroup // handlers under way
}

// Deps is what the hub stands on.
type Deps struct {
	Log     *slog.Logger
	Now     clock.Clock
	Bus     *Bus
	Config  config.Config
	Metrics prometheus.Registerer
	// Reload gives a session's rights as they are now; a stranger if it ended.
	Reload func(ctx context.Context, session ids.ID) (access.Actor, error)
	// Stale gives the sessions of those who are no longer what they were when
	// they were loaded: signed out, suspended, or without one of their roles.
	Stale func(ctx context.Context, held []access.Actor) ([]ids.ID, error)
}

// New makes the hub and listens on the bus.
func New(d Deps) *Hub {
	h := &Hub{
		log: d.Log, now: d.Now, bus: d.Bus, reload: d.Reload, stale: d.Stale, missed: make(chan struct{}, 1), counts: newCounts(d.Metrics),
		accounts: limit.NewGauge(d.Config.LimitSockets), addresses: limit.NewGauge(d.Config.LimitAddressSockets),
		conns: map[*conn]struct{}{}, people: map[ids.ID]map[*conn]struct{}{}, open: map[ids.ID]*room{},
		spaces: map[ids.ID]map[*conn]struct{}{}, inbox: map[string]*inbox{},
	}
	h.attendance = newAttendance(h.pushSpace)
	d.Bus.Listen(h.take)
	return h
}

// UseRooms says where rooms come from. It is called once, at start.
func (h *Hub) UseRooms(r Rooms) { h.rooms = r }

// take is the hub's ear on the bus.
func (h *Hub) take(n Notice) {
	switch {
	case n.Missed:
		h.resync()
	case n.Who:
		h.tellWho()
	case n.Room != 0 && n.Head != 0:
		h.comeTo(n.Room, n.Head)
	case n.Room != 0 && n.Changes != nil:
		h.mu.RLock()
		r := h.open[n.Room]
		h.mu.RUnlock()
		if r != nil && r.offer(n.Changes) {
			go h.fill(r)
		}
	case n.Room != 0:
		h.mu.RLock()
		r := h.open[n.Room]
		h.mu.RUnlock()
		if r != nil {
			r.mu.Lock()
			r.send(encode(n.Frame))
			r.mu.Unlock()
		}
	case n.Space != 0:
		h.pushSpace(n.Space, encode(n.Frame))
	case n.Account != 0 && n.Alive != nil:
		h.attendance.hear(n.Account, *n.Alive, h.now())
	case n.Account != 0:
		h.takePersonal(n)
	}
}

func (h *Hub) pushSpace(space ids.ID, p packet) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for c := range h.spaces[space] {
		c.push(p)
	}
}

func (h *Hub) takePersonal(n Notice) {
	h.mu.RLock()
	mine := make([]*conn, 0, len(h.people[n.Account]))
	for c := range h.people[n.Account] {
		mine = append(mine, c)
	}
	h.mu.RUnlock()
	for _, c := range mine {
		if n.Frame != nil {
			c.push(encode(n.Frame))
		}
		// Asked for before the cut, so that rights read earlier are not taken.
		load := n.Rights && c.askRefresh()
		if n.LeftSpace != 0 {
			h.cut(c, n.LeftSpace) // at once, without asking the database
		}
		if n.LeftRoom != 0 {
			c.forgetRoom(n.LeftRoom)
			h.leaveRoom(c, n.LeftRoom)
		}
		if slices.Contains(n.Sessions, c.session) {
			c.close(closeSignedOut, "signed out")
		}
		if load {
			go h.refresh(c)
		}
	}
	if n.LeftSpace != 0 { // after the cuts: no sign of life brings it back
		h.attendance.lose(n.Account, n.LeftSpace)
	}
}

// refresh renews the rights of a socket, takes away what its person may no
// longer see, and tells the screen. It runs once at a time for each socket.
func (h *Hub) refresh(c *conn) {
	defer h.recover("refresh rights", c)
	if !h.renew(c) {
		return
	}
	for _, space := range c.watchedSpaces() {
		if !c.who().Can(access.ViewSpace, space) { // as they are by now
			h.cut(c, space)
		}
	}
	c.push(encode(Access{Type: "access"}))
}

// renew loads the rights of a socket's person until they are the newest. It
// gives no when the socket is closed instead.
func (h *Hub) renew(c *conn) bool {
	who, err := h.load(c)
	switch {
	case err != nil:
		h.log.Warn("rights could not be loaded; the socket is closed", "error", err)
		c.close(closeTryAgain, "try again")
	case !who.SignedIn():
		c.close(closeSignedOut, "signed out")
	}
	return err == nil && who.SignedIn()
}

func (h *Hub) load(c *conn) (access.Actor, error) {
	for {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		who, err := h.reload(ctx, c.session)
		cancel()
		if err != nil || !who.SignedIn() || c.newRights(who) {
			return who, err
		}
	}
}

// cut ends what a socket gets from a space.
func (h *Hub) cut(c *conn, space ids.ID) {
	for _, id := range c.forgetSpace(space) {
		h.leaveRoom(c, id)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.dropSpace(c, space)
}

// dropSpace needs the hub's lock.
func (h *Hub) dropSpace(c *conn, space ids.ID) {
	delete(h.spaces[space], c)
	if len(h.spaces[space]) == 0 {
		delete(h.spaces, space)
	}
}

func (h *Hub) leaveRoom(c *conn, id ids.ID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r := h.open[id]; r != nil && r.leave(c) {
		delete(h.open, id)
	}
}

// add takes a socket in, unless the node is going down.
func (h *Hub) add(c *conn) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return false
	}
	h.conns[c] = struct{}{}
	if h.people[c.account] == nil {
		h.people[c.account] = map[*conn]struct{}{}
	}
	h.people[c.account][c] = struct{}{}
	h.all.Add(1)
	h.counts.Open.Inc()
	return true
}

// remove takes a socket out of everything. After it nothing is pushed to it.
func (h *Hub) remove(c *conn) {
	rooms, spaces := c.forgetAll()
	for _, id := range rooms {
		h.leaveRoom(c, id)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, space := range spaces {
		h.dropSpace(c, space)
	}
	delete(h.people[c.account], c)
	if len(h.people[c.account]) == 0 {
		delete(h.people, c.account)
	}
	delete(h.conns, c)
	h.counts.Open.Dec()
	h.all.Done()
}

// Beat sends heartbeats and tells who has gone, until ctx ends. Each node runs
// it once.
func (h *Hub) Beat(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		h.beat(h.now())
		if n%5 == 0 {
			h.attendance.sweep(h.now())
		}
	}
}

func (h *Hub) beat(now time.Time) {
	defer h.recover("heartbeat", nil)
	var due []*conn
	h.mu.RLock()
	for c := range h.conns {
		if c.beatDue(now) {
			due = append(due, c)
		}
	}
	h.mu.RUnlock()
	for _, c := range due {
		heads := map[ids.ID]int64{}
		for _, id := range c.watchedRooms() {
			h.mu.RLock()
			r := h.open[id]
			h.mu.RUnlock()
			if r != nil {
				if head, seated := r.headFor(c); seated {
					heads[id] = head
				}
			}
		}
		c.push(encode(Heartbeat{Type: "heartbeat", Heads: heads}))
	}
}

// Close tells every socket to come back later, with a hint that spreads them
// over some seconds, and waits until all handlers have ended or ctx has.
func (h *Hub) Close(ctx context.Context) error {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return nil
	}
	h.closed = true
	all := make([]*conn, 0, len(h.conns))
	for c := range h.conns {
		all = append(all, c)
	}
	h.mu.Unlock()
	for _, c := range all {
		c.push(encode(Reconnect{Type: "reconnect", AfterMs: 500 + rand.Int64N(4500)}))
		c.close(closeRestart, "the server restarts")
	}
	ended := make(chan struct{})
	go func() { h.all.Wait(); close(ended) }()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// recover is deferred in every goroutine. A panic is logged, takes nothing else
// down, and closes the socket for which it worked, if any.
func (h *Hub) recover(doing string, c *conn) {
	if p := recover(); p != nil {
		h.log.Error("panic", "while", doing, "panic", p, "stack", string(debug.Stack()))
		if c != nil {
			c.close(websocket.CloseInternalServerErr, "")
		}
	}
}

// counts are the hub's metrics.
type counts struct {
	Open   prometheus.Gauge
	Sent   prometheus.Counter
	Slow   prometheus.Counter
	Filled prometheus.Counter
	Resync prometheus.Counter
}

func newCounts(r prometheus.Registerer) counts {
	c := counts{
		Open:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "guildhall_live_sockets", Help: "Live connections open now."}),
		Sent:   prometheus.NewCounter(prometheus.CounterOpts{Name: "guildhall_live_frames_sent_total", Help: "Frames written to live connections."}),
		Slow:   prometheus.NewCounter(prometheus.CounterOpts{Name: "guildhall_live_slow_closed_total", Help: "Live connections closed because they read too slowly."}),
		Filled: prometheus.NewCounter(prometheus.CounterOpts{Name: "guildhall_live_gap_filled_total", Help: "Changes that were read from the database to close a gap."}),
		Resync: prometheus.NewCounter(prometheus.CounterOpts{Name: "guildhall_live_resyncs_total", Help: "Times that everything was compared with the database because other nodes may not have been heard."}),
	}
	r.MustRegister(c.Open, c.Sent, c.Slow, c.Filled, c.Resync)
	return c
}

// Raw makes a frame ready to publish.
func Raw(frame any) json.RawMessage {
	b, err := json.Marshal(frame)
	if err != nil {
		panic(err) // the frames are our own structs
	}
	return b
}
