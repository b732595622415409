package realtime

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"guildhall/server/access"
	"guildhall/server/ids"
)

const (
	lookEvery = 700 * time.Millisecond // so that what is lost is gone within a second
	headsLook = 7                      // every so many looks, the heads too
	tellOver  = 3 * time.Second        // screens that load again do so one after the other
)

// Watch looks into the database for what nobody told this node, until ctx
// ends: rights that were lost, several times in two seconds, and rooms that
// are ahead, every five seconds, or each time while other nodes are out of
// reach. When notices were missed, it looks at everything at once. Each node
// runs it once.
func (h *Hub) Watch(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for n := 1; ; n++ {
		missed := false
		select {
		case <-ctx.Done():
			return
		case <-h.missed:
			missed = true
		case <-tick.C:
		}
		h.checkRights(ctx) // first: what is told next is told to those who may see it
		h.checkPlaces(ctx)
		if missed || n%headsLook == 0 || h.bus.cutOff() {
			h.checkHeads(ctx)
		}
		if missed {
			h.counts.Resync.Inc()
			h.bus.Publish(Notice{Who: true})
			h.tellScreens(ctx)
		}
	}
}

// resync makes Watch look at everything now.
func (h *Hub) resync() {
	select {
	case h.missed <- struct{}{}:
	default: // it is about to
	}
}

// comeTo follows a room to a number whose changes did not come along.
func (h *Hub) comeTo(id ids.ID, head int64) {
	h.mu.RLock()
	r := h.open[id]
	h.mu.RUnlock()
	if r != nil && r.behind(head) {
		go h.fill(r)
	}
}

// checkRights renews the rights of sockets whose people are no longer what
// they were: signed out, run out, suspended, erased, removed, of another role.
// It asks by what these sockets hold and not by what happened lately: so it
// needs no clock that agrees with the database's, and misses no transaction
// that was long.
func (h *Hub) checkRights(ctx context.Context) {
	defer h.recover("check rights", nil)
	bySession := map[ids.ID][]*conn{}
	h.mu.RLock()
	for c := range h.conns {
		bySession[c.session] = append(bySession[c.session], c)
	}
	h.mu.RUnlock()
	if len(bySession) == 0 {
		return
	}
	held := make([]access.Actor, 0, len(bySession))
	for _, list := range bySession {
		for _, c := range list { // a newer socket of the session may know what an older one does not
			held = append(held, c.who())
		}
	}
	limited, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	stale, err := h.stale(limited, held)
	if err != nil {
		if ctx.Err() == nil {
			h.log.Warn("rights could not be checked; they are looked at again", "error", err)
		}
		return
	}
	for _, session := range stale {
		for _, c := range bySession[session] {
			if c.askRefresh() {
				go h.refresh(c)
			}
		}
	}
}

// checkPlaces takes people out of private rooms and conversations in which they
// are no longer.
func (h *Hub) checkPlaces(ctx context.Context) {
	defer h.recover("check places", nil)
	places := map[Place]struct{}{}
	h.mu.RLock()
	for c := range h.conns {
		for _, room := range c.privateRooms() {
			places[Place{c.account, room}] = struct{}{}
		}
	}
	h.mu.RUnlock()
	if len(places) == 0 {
		return
	}
	limited, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	lost, err := h.rooms.Lost(limited, slices.Collect(maps.Keys(places)))
	if err != nil {
		if ctx.Err() == nil {
			h.log.Warn("places in rooms could not be checked; they are looked at again", "error", err)
		}
		return
	}
	for _, p := range lost {
		h.takePersonal(Notice{Account: p.Account, LeftRoom: p.Room, Frame: Raw(Access{Type: "access"})})
	}
}

// checkHeads compares what was delivered with the database: a commit whose
// answer was lost has been told by nobody, and other nodes may not be heard.
func (h *Hub) checkHeads(ctx context.Context) {
	defer h.recover("check heads", nil)
	h.mu.RLock()
	list := make([]ids.ID, 0, len(h.open))
	for id := range h.open {
		list = append(list, id)
	}
	h.mu.RUnlock()
	if len(list) == 0 {
		return
	}
	limited, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	heads, err := h.rooms.Heads(limited, list)
	if err != nil {
		if ctx.Err() == nil {
			h.log.Warn("heads of rooms could not be read", "error", err)
		}
		return
	}
	for id, head := range heads {
		h.comeTo(id, head)
	}
}

// tellScreens makes every screen load again what has no number and may have
// been missed: lists, marks, topics.
func (h *Hub) tellScreens(ctx context.Context) {
	frame := encode(Access{Type: "access"})
	h.mu.RLock()
	defer h.mu.RUnlock()
	for c := range h.conns {
		time.AfterFunc(rand.N(tellOver), func() {
			if ctx.Err() == nil {
				c.push(frame)
			}
		})
	}
}

// tellWho tells other nodes who is there, by the last signs of life of the
// sockets here: signs come only every half minute, and a node that is new, or
// was out of reach, would take everybody for gone until then. Several that ask
// together get one answer.
func (h *Hub) tellWho() {
	if h.telling.Swap(true) {
		return
	}
	time.AfterFunc(100*time.Millisecond, func() {
		defer h.recover("tell who is there", nil)
		h.telling.Store(false)
		h.mu.RLock()
		all := make([]*conn, 0, len(h.conns))
		for c := range h.conns {
			all = append(all, c)
		}
		h.mu.RUnlock()
		for _, c := range all {
			if sign := c.lastSign(h.now()); sign != nil {
				h.bus.Publish(Notice{Account: c.account, Alive: sign})
			}
		}
	})
}

// lastSign is the socket's last sign of life, if it still counts.
func (c *conn) lastSign(now time.Time) *Alive {
	spaces := c.sharedSpaces()
	c.mu.Lock()
	defer c.mu.Unlock()
	ago := now.Sub(c.aliveAt)
	if ago >= presenceLife || c.shut {
		return nil
	}
	return &Alive{Away: c.aliveAway, Spaces: spaces, Ago: ago}
}
