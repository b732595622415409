package realtime

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"runtime/debug"
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	fws "github.com/fasthttp/websocket"
	"github.com/gofiber/contrib/websocket"
	"github.com/gofiber/fiber/v2"

	"guildhall/server/access"
	"guildhall/server/db"
	"guildhall/server/ids"
	"guildhall/server/problem"
)

const (
	mostIncoming = 16 << 10 // bytes of one frame from a client
	mostRooms    = 500      // rooms that one socket may watch
	mostReplay   = 500      // changes sent again on subscribing; more is a reload
	perSecond    = 50       // frames from a client, on average over ten seconds
)

// openSocket is GET /api/live: the upgrade to a WebSocket.
func (h *Hub) openSocket() fiber.Handler {
	upgrade := websocket.New(h.serveSocket, websocket.Config{
		ReadBufferSize:  512,
		WriteBufferSize: 512, // for close and pong frames: the rest bypasses it
		WriteBufferPool: &sync.Pool{},
		RecoverHandler: func(c *websocket.Conn) {
			if p := recover(); p != nil {
				h.log.Error("panic in a live connection", "panic", p, "stack", string(debug.Stack()))
				if c.Conn != nil {
					_ = c.WriteControl(fws.CloseMessage, fws.FormatCloseMessage(fws.CloseInternalServerErr, ""), h.now().Add(time.Second))
					_ = c.Close()
				}
			}
		},
	})
	return func(c *fiber.Ctx) error {
		if !fws.FastHTTPIsWebSocketUpgrade(c.Context()) {
			return problem.New(http.StatusUpgradeRequired, "upgrade-required", "This address speaks WebSocket", "Connect with a WebSocket.")
		}
		t, err := h.admit(c.UserContext())
		if err != nil {
			return err
		}
		c.Locals("live", t)
		if err = upgrade(c); err != nil { // no handler will run: give the places back
			h.release(t)
		}
		return err
	}
}

func (h *Hub) serveSocket(wrapped *websocket.Conn) {
	ws := wrapped.Conn // the wrapper is pooled and must not be kept
	h.run(wrapped.Locals("live").(*ticket), socket{ws}, func(c *conn) { h.listen(c, ws) })
}

// errFlood ends a client that sends more frames than its budget.
var errFlood = errors.New("too many frames")

// listen reads frames until the connection ends.
func (h *Hub) listen(c *conn, ws *fws.Conn) {
	budget := newBudget(h.now())
	h.handleControl(c, ws, budget)
	for {
		c.heard() // obeying may have taken long
		kind, data, err := ws.ReadMessage()
		switch {
		case errors.Is(err, fws.ErrReadLimit):
			c.close(fws.CloseMessageTooBig, "frame too large")
			return
		case errors.Is(err, errFlood):
			c.close(fws.ClosePolicyViolation, "too many frames")
			return
		case err != nil:
			c.close(closeGone, "")
			return
		}
		switch {
		case kind != fws.TextMessage:
			c.close(fws.CloseUnsupportedData, "text frames only")
			return
		case !utf8.Valid(data): // the library leaves RFC 6455, 8.1 to us
			c.close(fws.CloseInvalidFramePayloadData, "not UTF-8")
			return
		case !budget.take(h.now()):
			c.close(fws.ClosePolicyViolation, "too many frames")
			return
		}
		h.hearText(c, data)
		budget.spend(c.replayed / 5) // a full replay costs what a hundred frames do
		c.replayed = 0
		if c.ended() {
			return
		}
	}
}

// hearText obeys one frame as it came.
func (h *Hub) hearText(c *conn, data []byte) {
	var in Incoming
	if err := json.Unmarshal(data, &in); err != nil {
		c.push(encode(FrameError{Type: "error", Detail: "a frame is a JSON object with a type, and room or space as decimal strings"}))
		return
	}
	h.obey(c, in)
}

// handleControl says what the frames do that are the protocol's own.
func (h *Hub) handleControl(c *conn, ws *fws.Conn, budget *budget) {
	ws.SetReadLimit(mostIncoming)
	ws.SetPingHandler(func(data string) error {
		if !budget.take(h.now()) {
			return errFlood
		}
		c.heard()
		if err := ws.WriteControl(fws.PongMessage, []byte(data), in(byeTimeout)); err != nil && !errors.Is(err, fws.ErrCloseSent) {
			c.close(closeGone, "")
		}
		return nil
	})
	ws.SetPongHandler(func(string) error {
		if !budget.take(h.now()) {
			return errFlood
		}
		c.heard()
		return nil
	})
	ws.SetCloseHandler(func(code int, _ string) error {
		if code == fws.CloseNoStatusReceived {
			code = fws.CloseNormalClosure
		}
		c.close(code, "")
		return nil
	})
}

func (h *Hub) obey(c *conn, in Incoming) {
	switch {
	case in.Type == "pong":
	case in.Type == "presence":
		h.alive(c, in.Away)
	case in.Type == "subscribe" && in.Room != nil && (in.After == nil || *in.After >= 0):
		h.watchRoom(c, *in.Room, in.After)
	case in.Type == "subscribe" && in.Space != nil:
		h.watchSpace(c, *in.Space)
	case in.Type == "unsubscribe" && in.Room != nil:
		c.forgetRoom(*in.Room)
		h.leaveRoom(c, *in.Room)
	case in.Type == "unsubscribe" && in.Space != nil:
		c.mu.Lock()
		delete(c.spaces, *in.Space)
		c.mu.Unlock()
		h.mu.Lock()
		h.dropSpace(c, *in.Space)
		h.mu.Unlock()
	case in.Type == "typing" && in.Room != nil:
		h.typing(c, *in.Room)
	default:
		c.push(encode(FrameError{Type: "error", Detail: "say subscribe or unsubscribe with a room (after a number from 0) or a space, typing with a room, presence, or pong"}))
	}
}

func (h *Hub) watchSpace(c *conn, space ids.ID) {
	if !c.rememberSpace(space) {
		c.push(encode(Refused{Type: "refused", Space: space}))
		return
	}
	h.mu.Lock()
	if h.spaces[space] == nil {
		h.spaces[space] = map[*conn]struct{}{}
	}
	h.spaces[space][c] = struct{}{}
	h.mu.Unlock()
	if c.ended() || !c.who().Can(access.ViewSpace, space) { // gone or lost in between
		h.cut(c, space)
		c.push(encode(Refused{Type: "refused", Space: space}))
		return
	}
	c.push(encode(Subscribed{Type: "subscribed", Space: space}))
	h.attendance.greet(space, func(p packet) { c.push(p) })
}

// watchRoom puts the socket into a room and sends what it missed, before what
// happens from now on.
func (h *Hub) watchRoom(c *conn, id ids.ID, after *int64) {
	if !c.waitCatchUp() { // one at a time, or a socket could ask for more than it reads
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if !c.remember(id, mostRooms) {
		c.push(encode(Refused{Type: "refused", Room: id}))
		return
	}
	r := h.join(c, id)
	seat, err := h.rooms.Open(ctx, c.account, id)
	if err != nil && !db.NoRows(err) {
		h.log.Warn("a room could not be opened", "room", id, "error", err)
		c.forgetRoom(id)
		h.leaveRoom(c, id)
		c.close(closeTryAgain, "try again")
		return
	}
	if err != nil || !h.sit(ctx, c, r, seat, after) {
		c.forgetRoom(id)
		h.leaveRoom(c, id)
		c.push(encode(Refused{Type: "refused", Room: id}))
	}
}

// join gives the room, opening it for this node if nobody watched it. The
// socket is in it before its seat is read, so that nothing falls between, and
// gets nothing before that.
func (h *Hub) join(c *conn, id ids.ID) *room {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.open[id]
	if r == nil {
		r = newRoom(id, h.rooms.Gone)
		h.open[id] = r
	}
	r.join(c)
	return r
}

// sit goes live in a room in which the socket's person has a seat, with what it
// missed first. It gives no when they lost it in between.
func (h *Hub) sit(ctx context.Context, c *conn, r *room, seat Seat, after *int64) bool {
	if !c.place(r.id, seat.Space, seat.Private) {
		return false
	}
	if r.started(seat.Head) {
		go h.fill(r)
	}
	upTo, in := r.begin(c, seat.From)
	return in && c.watches(r.id) && h.catchUp(ctx, c, r, seat.From, after, upTo)
}

// catchUp sends what a socket missed up to a number. It gives no when the
// socket is no longer in the room.
func (h *Hub) catchUp(ctx context.Context, c *conn, r *room, from int64, after *int64, upTo int64) bool {
	said := Subscribed{Type: "subscribed", Room: r.id, Head: upTo}
	var missed line
	if after != nil && *after < upTo {
		if said.Reload = upTo-*after > mostReplay; !said.Reload {
			changes, err := h.rooms.Changes(ctx, r.id, *after, mostReplay)
			if err != nil {
				h.log.Warn("missed changes could not be read", "room", r.id, "error", err)
				c.close(closeTryAgain, "try again")
				return true
			}
			c.replayed += len(changes)
			later := slices.IndexFunc(changes, func(c Change) bool { return c.Seq > upTo }) // they wait in the room
			if later >= 0 {
				changes = changes[:later]
			}
			missed = r.seen(changes, from)
		}
	}
	return r.caughtUp(c, said, missed)
}

func (h *Hub) typing(c *conn, id ids.ID) {
	h.mu.RLock()
	r := h.open[id]
	h.mu.RUnlock()
	who := c.who()
	if r == nil || !r.has(c) || !c.mayType(id, h.now()) {
		return
	}
	h.bus.Publish(Notice{Room: id, Frame: Raw(Typing{Type: "typing", Room: id, Person: who.ID, Name: who.Name})})
}

// ended says whether the connection is going down.
func (c *conn) ended() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.shut
}

// budget stops a client that floods us with frames.
type budget struct {
	left float64
	at   time.Time
}

func newBudget(now time.Time) *budget { return &budget{left: 10 * perSecond, at: now} }

// spend takes for something that cost more than a frame.
func (b *budget) spend(frames int) { b.left -= float64(frames) }

func (b *budget) take(now time.Time) bool {
	b.left = min(10*perSecond, b.left+now.Sub(b.at).Seconds()*perSecond)
	b.at = now
	b.left--
	return b.left >= 0
}
