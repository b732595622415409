package realtime

import (
	"context"
	"net/http"
	"time"

	"github.com/fasthttp/websocket"

	"guildhall/server/access"
	"guildhall/server/clock"
	"guildhall/server/ids"
	"guildhall/server/problem"
)

// inbox is where a client without a WebSocket says things: by requests that
// name its connection.
type inbox struct {
	id     string // nobody can guess it
	conn   *conn
	poll   *poll // nil for an event stream
	now    clock.Clock
	turn   chan struct{} // one request at a time
	budget *budget
}

func newInbox(now clock.Clock) *inbox {
	return &inbox{id: ids.Token(18), now: now, turn: make(chan struct{}, 1), budget: newBudget(now())}
}

// openInbox makes an inbox known for as long as its connection is there; what
// it gives ends that.
func (h *Hub) openInbox(b *inbox, c *conn) (shut func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	b.conn = c
	h.inbox[b.id] = b
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.inbox, b.id)
	}
}

// find gives the inbox of one's own connection. Somebody else's is like one
// that never was, and like one of another node: over, so begin anew.
func (h *Hub) find(who access.Actor, connection string) (*inbox, error) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	b := h.inbox[connection]
	if b == nil || b.conn.account != who.ID || b.conn.session != who.SessionID {
		return nil, errOver()
	}
	return b, nil
}

func errOver() error {
	return problem.New(http.StatusGone, "live-over", "This connection is over", "Open a new one: nothing is lost by it.")
}

// hear obeys what a client says, in the order in which it was said.
func (h *Hub) hear(ctx context.Context, b *inbox, frames []Incoming) error {
	select {
	case b.turn <- struct{}{}:
		defer func() { <-b.turn }()
	case <-ctx.Done():
		return problem.Unavailable(time.Second).Because(ctx.Err())
	}
	b.conn.heard()
	h.obeyAll(b, frames)
	if b.conn.ended() {
		return errOver()
	}
	return nil
}

func (h *Hub) obeyAll(b *inbox, frames []Incoming) {
	defer h.recover("obey a request", b.conn)
	for _, f := range frames {
		if !b.budget.take(b.now()) {
			b.conn.close(websocket.ClosePolicyViolation, "too many frames")
		}
		if b.conn.ended() {
			return
		}
		h.obey(b.conn, f)
		b.budget.spend(b.conn.replayed / 5) // as for sockets
		b.conn.replayed = 0
	}
}
