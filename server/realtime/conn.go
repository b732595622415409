package realtime

import (
	"slices"
	"sync"
	"time"

	"github.com/fasthttp/websocket"

	"guildhall/server/access"
	"guildhall/server/ids"
)

// Close codes beyond those of RFC 6455; 4000 to 4999 are for applications.
const (
	closeRestart   = 1012
	closeTryAgain  = 1013
	closeSignedOut = 4001
	closeSlow      = 4008
	closeGone      = websocket.CloseAbnormalClosure // no goodbye: it is never sent (RFC 6455, 7.4.1)
)

const (
	mostFrames   = 256              // waiting for one socket; more is too slow
	mostBytes    = 1 << 20          // the same
	mostCatchUp  = 4 << 20          // bytes sent again on subscribing; more is a reload
	writeTimeout = 10 * time.Second // who takes nothing for so long is dead
	byeTimeout   = time.Second
	mostPerWrite = 64 << 10
)

// conn is one live connection. Packets wait in a bounded queue; a writer runs
// only while there are any, which keeps an idle socket small. All that waits
// goes out in one write.
type conn struct {
	hub     *Hub
	line    transport
	account ids.ID
	session ids.ID

	mu       sync.Mutex
	actor    access.Actor
	queue    []queued
	frames   int // of the queue, as far as they count
	bytes    int
	catching int // packets of a catch-up in the queue
	writing  bool
	shut     bool // nothing more is queued
	code     int
	reason   string
	changed  *sync.Cond // signalled when the writer ends, a catch-up is out, or the socket shuts
	rooms    map[ids.ID]ids.ID
	private  []ids.ID // of the rooms, with some that it left
	spaces   map[ids.ID]struct{}
	nextBeat time.Time

	refreshing bool // somebody loads the rights
	stale      bool // and must load them again before they count

	aliveAt   time.Time // the last sign of life that was passed on
	aliveAway bool

	typedAt time.Time // when it was last told that the person types, and where
	typedIn ids.ID

	replayed int // changes read for the last subscription; the reader's alone
}

func newConn(h *Hub, line transport, who access.Actor) *conn {
	c := &conn{
		hub: h, line: line, account: who.ID, session: who.SessionID, actor: who,
		rooms: map[ids.ID]ids.ID{}, spaces: map[ids.ID]struct{}{}, nextBeat: h.now().Add(heartbeatEvery),
	}
	c.changed = sync.NewCond(&c.mu)
	return c
}

// queued is a packet that waits. What did not make the socket slow does not
// count towards the limits: what came to an empty queue, however large, and
// what it asked to get again.
type queued struct {
	packet
	counts, again bool
}

// push queues packets and never blocks. A socket that already has too much
// waiting is closed: it never silently misses a frame.
func (c *conn) push(list ...packet) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shut {
		return
	}
	if c.frames > mostFrames || c.bytes > mostBytes {
		c.hub.counts.Slow.Inc()
		c.shutLocked(closeSlow, "too slow")
		return
	}
	counts := len(c.queue) > 0
	for _, p := range list {
		c.queue = append(c.queue, queued{packet: p, counts: counts})
		if counts {
			c.frames += p.frames
			c.bytes += len(p.bytes)
		}
	}
	c.startWriter()
}

// catchUp queues what a socket missed. Its size is bounded by the caller, and
// there is one at a time, for which the reader waits.
func (c *conn) catchUp(list []packet) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shut {
		return
	}
	for _, p := range list {
		c.queue = append(c.queue, queued{packet: p, again: true})
	}
	c.catching += len(list)
	c.startWriter()
}

// waitCatchUp returns when no catch-up waits in the queue, or with no when the
// socket is going.
func (c *conn) waitCatchUp() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.catching > 0 && !c.shut {
		c.changed.Wait()
	}
	return !c.shut
}

// startWriter needs the lock.
func (c *conn) startWriter() {
	if !c.writing && len(c.queue) > 0 {
		c.writing = true
		go c.write()
	}
}

// write sends what is queued until nothing is.
func (c *conn) write() {
	defer c.hub.recover("write to a socket", c)
	defer c.writerEnded()
	for {
		batch, frames := c.takeBatch()
		if len(batch) == 0 {
			return
		}
		if err := c.line.write(batch); err != nil {
			c.close(closeGone, "")
			return
		}
		c.hub.counts.Sent.Add(float64(frames))
	}
}

// takeBatch joins what waits, up to 64 KiB, or gives nothing and ends the
// writer. One packet alone is not copied.
func (c *conn) takeBatch() ([]byte, int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) == 0 || c.shut && c.code != closeRestart {
		return nil, 0
	}
	if !c.shut { // else the grace of its end holds, however much is to be said
		c.line.within(writeTimeout)
	}
	n, size, frames := 0, 0, 0
	for _, p := range c.queue {
		if n > 0 && size+len(p.bytes) > mostPerWrite {
			break
		}
		n++
		size += len(p.bytes)
		frames += p.frames
	}
	batch := c.queue[0].bytes
	if n > 1 {
		batch = make([]byte, 0, size)
	}
	for _, p := range c.queue[:n] {
		if n > 1 {
			batch = append(batch, p.bytes...)
		}
		if p.counts {
			c.frames -= p.frames
			c.bytes -= len(p.bytes)
		}
		if p.again {
			c.catching--
		}
	}
	clear(c.queue[:n])
	if c.queue = c.queue[n:]; len(c.queue) == 0 {
		c.queue = nil // lets go of the array: most sockets are idle most of the time
	}
	c.changed.Broadcast()
	return batch, frames
}

func (c *conn) writerEnded() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writing = false
	if !c.shut {
		c.startWriter() // for what was pushed after the last look
	}
	c.changed.Broadcast()
}

// close ends the connection with a code. The first call wins.
func (c *conn) close(code int, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shutLocked(code, reason)
}

func (c *conn) shutLocked(code int, reason string) {
	if c.shut {
		return
	}
	c.shut, c.code, c.reason = true, code, reason
	c.changed.Broadcast()
	// The reader is the one that tidies up: wake it. A write that hangs must
	// not hold it up for long.
	grace := time.Duration(0)
	if code == closeRestart {
		grace = byeTimeout
	}
	c.line.stop(grace)
}

// finish is the end of the handler: it joins the writer, so that nothing of
// this person's is ever written after the handler returned, says goodbye, and
// closes the network connection.
func (c *conn) finish() {
	c.mu.Lock()
	c.shut = true
	if c.writing {
		c.line.stop(byeTimeout)
	}
	for c.writing {
		c.changed.Wait()
	}
	code, reason := c.code, c.reason
	c.queue = nil
	c.mu.Unlock()
	c.line.bye(code, reason)
}

// heard gives the peer another stretch of silence, unless the socket is going.
func (c *conn) heard() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.shut {
		c.line.heard()
	}
}

// askRefresh says that the rights known here are old. It gives yes to one
// caller, who loads them until newRights takes them.
func (c *conn) askRefresh() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stale = c.refreshing
	c.refreshing = true
	return !c.stale
}

// newRights takes loaded rights, unless they changed again while they were
// read: an old answer must never undo a new one.
func (c *conn) newRights(who access.Actor) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stale {
		c.stale = false
		return false
	}
	c.refreshing = false
	c.actor = who
	return true
}

func (c *conn) who() access.Actor {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.actor
}

// remember notes a watched room whose space is not known yet, unless the socket
// is going; then it says no. Most bounds a socket's rooms.
func (c *conn) remember(room ids.ID, most int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.rooms[room]; c.shut || !known && len(c.rooms) >= most {
		return false
	}
	c.rooms[room] = 0
	return true
}

// place says of which space a watched room is, 0 for none, and whether it is
// private. If the person lost either in the meantime, it says no.
func (c *conn) place(room, space ids.ID, private bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, in := c.rooms[room]; !in || c.shut || space != 0 && !c.actor.Can(access.ViewSpace, space) {
		return false
	}
	c.rooms[room] = space
	if private {
		c.private = append(c.private, room)
	}
	return true
}

// privateRooms are those that the socket watches.
func (c *conn) privateRooms() []ids.ID {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.private = slices.DeleteFunc(c.private, func(room ids.ID) bool {
		_, in := c.rooms[room]
		return !in
	})
	slices.Sort(c.private)
	c.private = slices.Compact(c.private) // one may come and go
	return slices.Clone(c.private)
}

// watches says whether the room is still watched.
func (c *conn) watches(room ids.ID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, in := c.rooms[room]
	return in
}

func (c *conn) rememberSpace(space ids.ID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shut || !c.actor.Can(access.ViewSpace, space) {
		return false
	}
	c.spaces[space] = struct{}{}
	return true
}

func (c *conn) forgetRoom(room ids.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.rooms, room)
}

// forgetSpace gives the rooms that the socket watched in the space, and makes
// sure that none is watched again with the rights of before.
func (c *conn) forgetSpace(space ids.ID) []ids.ID {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []ids.ID
	for room, in := range c.rooms {
		if in == space {
			out = append(out, room)
			delete(c.rooms, room)
		}
	}
	delete(c.spaces, space)
	roles := map[ids.ID]access.Role{}
	for id, role := range c.actor.Roles {
		if id != space {
			roles[id] = role
		}
	}
	c.actor.Roles = roles
	return out
}

func (c *conn) forgetAll() (rooms, spaces []ids.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shut = true
	for id := range c.rooms {
		rooms = append(rooms, id)
	}
	for id := range c.spaces {
		spaces = append(spaces, id)
	}
	clear(c.rooms)
	clear(c.spaces)
	return rooms, spaces
}

func (c *conn) watchedRooms() []ids.ID {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]ids.ID, 0, len(c.rooms))
	for id := range c.rooms {
		out = append(out, id)
	}
	return out
}

func (c *conn) watchedSpaces() []ids.ID {
	c.mu.Lock()
	defer c.mu.Unlock()
	seen := map[ids.ID]struct{}{}
	for _, space := range c.rooms {
		if space != 0 {
			seen[space] = struct{}{}
		}
	}
	for space := range c.spaces {
		seen[space] = struct{}{}
	}
	out := make([]ids.ID, 0, len(seen))
	for id := range seen {
		out = append(out, id)
	}
	return out
}

// beatDue says whether it is time for a heartbeat, and sets the next.
func (c *conn) beatDue(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Before(c.nextBeat) {
		return false
	}
	c.nextBeat = now.Add(heartbeatEvery)
	return true
}

// mayType says whether this socket may tell again that its person types: every
// two seconds in one room, and nobody types in many.
func (c *conn) mayType(room ids.ID, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	since := now.Sub(c.typedAt)
	if since < typingEvery && (room == c.typedIn || since < typingEvery/2) {
		return false
	}
	c.typedAt, c.typedIn = now, room
	return true
}
