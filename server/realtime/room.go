package realtime

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"guildhall/server/ids"
)

// room is one room that somebody on this node watches. It delivers in order
// of numbers: what comes early is held back, what is missing is read from the
// database, and nothing is skipped.
type room struct {
	id   ids.ID
	gone func(room ids.ID, seq int64) json.RawMessage

	mu      sync.Mutex
	last    int64 // last number delivered; -1 until the head is known
	held    map[int64]Change
	filling bool
	conns   map[*conn]*watch
}

// watch is one socket's place in a room. While it catches up, live frames wait
// here, so that old ones come first.
type watch struct {
	catching bool
	waiting  []packet
	from     int64 // of what was said up to it, only the numbers are told
}

// mostHeld bounds what waits for a gap to close; beyond it the rest is read
// from the database, which has it all.
const mostHeld = 1024

func newRoom(id ids.ID, gone func(ids.ID, int64) json.RawMessage) *room {
	return &room{id: id, gone: gone, last: -1, held: map[int64]Change{}, conns: map[*conn]*watch{}}
}

// offer takes changes in any order. It says whether a gap must be filled from
// the database.
func (r *room) offer(changes []Change) (gap bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range changes {
		if c.Seq > r.last && len(r.held) < mostHeld {
			r.held[c.Seq] = c
		}
	}
	return r.release()
}

// release delivers what now stands in line. The caller holds the lock.
func (r *room) release() (gap bool) {
	if r.last < 0 {
		return false
	}
	var next []Change
	for {
		c, ok := r.held[r.last+1]
		if !ok {
			break
		}
		delete(r.held, r.last+1)
		r.last++
		next = append(next, c)
	}
	r.deliver(next)
	if len(r.held) == 0 || r.filling {
		return false
	}
	for seq := range r.held {
		if seq <= r.last {
			delete(r.held, seq)
		}
	}
	r.filling = len(r.held) > 0
	return r.filling
}

// deliver gives changes to every socket in the room. The caller holds the
// lock, which fixes one order for all.
func (r *room) deliver(changes []Change) {
	if len(changes) == 0 {
		return
	}
	all := r.seen(changes, 0)
	oldest := slices.MinFunc(changes, func(a, b Change) int { return cmp.Compare(a.Of, b.Of) }).Of
	for c, w := range r.conns {
		mine := all // encoded once for all who may know all of it
		if oldest <= w.from && w.from > 0 {
			mine = r.seen(changes, w.from)
		}
		w.push(c, mine...)
	}
}

// seen is what somebody may know of changes who was let in after a number.
func (r *room) seen(changes []Change, from int64) line {
	var out line
	for _, c := range changes {
		if c.Of <= from && from > 0 {
			out.add(r.gone(r.id, c.Seq))
			continue
		}
		out.add(c.Frame)
	}
	return out
}

// send gives packets without a number to every socket in the room. The caller
// holds the lock.
func (r *room) send(list ...packet) {
	for c, w := range r.conns {
		w.push(c, list...)
	}
}

func (w *watch) push(c *conn, list ...packet) {
	if w.catching {
		w.waiting = append(w.waiting, list...)
		return
	}
	c.push(list...)
}

// filled takes what the database had after a number, and says whether to read
// on: there is a gap still, or as much came as is read at once, so that there
// is more. Nothing new since that number means that the numbers held were never
// committed there, which cannot be, or that reading failed, so the next notice
// or head check tries again.
func (r *room) filled(changes []Change, after int64) (more bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.filling = false
	for _, c := range changes {
		if c.Seq > r.last {
			r.held[c.Seq] = c
		}
	}
	gap := r.release()
	r.filling = (gap || len(changes) == mostReplay) && r.last > after // no progress: do not spin
	return r.filling
}

// started sets the head once it is known and delivers what came meanwhile.
func (r *room) started(head int64) (gap bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last < 0 {
		r.last = head
		for seq := range r.held {
			if seq <= head {
				delete(r.held, seq)
			}
		}
	}
	return r.release()
}

// head is the last number delivered, -1 when it is not known yet.
func (r *room) head() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last
}

// headFor is the last number that was delivered to a socket. One that has no
// seat here yet, and perhaps never will, is told none.
func (r *room) headFor(c *conn) (head int64, seated bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := r.conns[c]
	return r.last, w != nil && !w.catching && r.last >= 0
}

// behind says whether the database is ahead, and claims the filling if so.
func (r *room) behind(head int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last < 0 || r.filling || head <= r.last {
		return false
	}
	r.filling = true
	return true
}

// join adds a socket in the state of catching up. One that subscribed before
// starts again.
func (r *room) join(c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.conns[c] = &watch{catching: true}
}

// begin says up to which number a socket must catch up by itself; what comes
// later waits. A socket that is no longer in the room gets no.
func (r *room) begin(c *conn, from int64) (upTo int64, in bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := r.conns[c]
	if w == nil {
		return 0, false
	}
	w.waiting, w.from = nil, from
	return r.last, true
}

// caughtUp sends what a socket missed up to a number, then what waited, then
// goes live. If that is too much, the socket is told to read the room anew
// instead, and goes live from there. One that is no longer in the room gets no.
func (r *room) caughtUp(c *conn, said Subscribed, missed line) (in bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := r.conns[c]
	if w == nil {
		return false
	}
	frames, size := 0, 0
	for _, p := range slices.Concat(missed, w.waiting) {
		frames += p.frames
		size += len(p.bytes)
	}
	if said.Reload || frames > mostReplay || size > mostCatchUp {
		said.Head, said.Reload = r.last, true
		missed, w.waiting = nil, nil
	}
	c.catchUp(slices.Concat(line{encode(said)}, missed, w.waiting))
	w.catching, w.waiting = false, nil
	return true
}

// leave takes a socket out and says whether the room is now empty.
func (r *room) leave(c *conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.conns, c)
	return len(r.conns) == 0
}

// has says whether the socket watches the room.
func (r *room) has(c *conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.conns[c] != nil
}

// fill reads from the database until there is no gap.
func (h *Hub) fill(r *room) {
	defer h.recover("fill a gap", nil)
	for {
		after := r.head()
		changes, err := h.read(r, after)
		if err != nil {
			h.log.Warn("a gap in a room could not be filled; it is tried again", "room", r.id, "error", err)
		}
		h.counts.Filled.Add(float64(len(changes)))
		if !r.filled(changes, after) {
			return
		}
	}
}

// read gives what follows a number in a room. A panic is an error here: the room must
// not stay in the state of filling.
func (h *Hub) read(r *room, after int64) (changes []Change, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return h.rooms.Changes(ctx, r.id, after, mostReplay)
}
