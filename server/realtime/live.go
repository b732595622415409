package realtime

import (
	"context"
	"time"

	"github.com/gofiber/fiber/v2"

	"guildhall/server/access"
	"guildhall/server/api"
	"guildhall/server/limit"
	"guildhall/server/problem"
)

// Mount adds GET /api/live, a WebSocket, and GET /api/live/stream, an event
// stream; GET /api/live/poll is an operation like any other (Routes). Session,
// origin (by guard) and limits are checked before anything opens, so that a
// refusal is an ordinary problem.
func (h *Hub) Mount(app *fiber.App, guard fiber.Handler) {
	app.Use("/api/live", guard)
	app.Get("/api/live", h.openSocket())
	app.Get("/api/live/stream", h.openStream)
}

// ticket is what a connection gets to know of the request that opened it, and
// must not use any more.
type ticket struct {
	actor   access.Actor
	account string // key in the gauge, empty when exempt
	address string
	inbox   *inbox // nil for a WebSocket, which hears by itself
}

// admit checks who asks, and gives one of the places that a person and an
// address have. The caller gives it back by release.
func (h *Hub) admit(ctx context.Context) (*ticket, error) {
	who, r := api.ActorFrom(ctx), api.RequestFrom(ctx)
	if !who.SignedIn() {
		return nil, problem.SignIn()
	}
	t := &ticket{actor: who}
	if !r.Exempt {
		t.address = limit.Address(r.Peer)
		if !h.addresses.Open(t.address) {
			return nil, problem.TooMany(10 * time.Second)
		}
	}
	if !who.Load {
		if !h.accounts.Open(who.ID.String()) {
			h.release(t)
			return nil, problem.TooMany(10 * time.Second)
		}
		t.account = who.ID.String()
	}
	return t, nil
}

func (h *Hub) release(t *ticket) {
	if t.address != "" {
		h.addresses.Close(t.address)
	}
	if t.account != "" {
		h.accounts.Close(t.account)
	}
}

// run is one live connection from beginning to end; listen returns when it is
// over. The order at the end matters: out of the hub first, then join the
// writer, then close; a writer that outlived its handler could write into
// somebody else's socket.
func (h *Hub) run(t *ticket, line transport, listen func(*conn)) {
	defer h.release(t)
	c := newConn(h, line, t.actor)
	if !h.add(c) {
		c.code, c.reason = closeRestart, "the server restarts"
		c.finish()
		return
	}
	defer c.finish()
	defer h.remove(c)
	defer h.recover("live connection", c)
	hello := Hello{Type: "hello", Session: c.session, Heartbeat: int(heartbeatEvery.Seconds()), Silence: int(silence.Seconds())}
	if t.inbox != nil {
		defer h.openInbox(t.inbox, c)()
		hello.Connection = t.inbox.id
	}
	// What changed since the request was told to nobody here.
	if c.askRefresh() && !h.renew(c) {
		return
	}
	c.push(encode(hello))
	listen(c)
}
