package soak_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"guildhall/server/ids"
)

// device is a screen of somebody's: it connects, loses its line, comes back by
// another way or to another node, and keeps what it learns by the rules that
// are written down for clients. Of each line it demands that the numbers of a
// room follow each other from where it subscribed.
type device struct {
	m     *model
	p     *person
	nodes []*node
	rng   *rand.Rand
	name  string

	// slow to load again what it is told has changed, so that nothing but the
	// server keeps from it what is no longer for its person.
	slow bool
	due  time.Time // when it does, if it is to

	mu    sync.Mutex
	rooms map[ids.ID]*replica
	empty time.Time // when nothing waited in the line last: what is read was sent after it, or hardly before
}

// slowness is longer than anything may come after a removal.
const slowness = 4 * time.Second

// replica is a room as one device shows it.
type replica struct {
	last     int64 // of the room, known here
	messages map[int64]message
	read     frame // the last mark that was told

	// Of the present line:
	asked []int64 // after which numbers, by subscriptions not answered yet
	live  bool
	due   int64 // the number that came last
}

func newDevice(m *model, p *person, nodes []*node, rooms []ids.ID, n int, seed uint64) *device {
	d := &device{m: m, p: p, nodes: nodes, rng: rand.New(rand.NewPCG(seed, uint64(p.id)*10+uint64(n))), name: fmt.Sprintf("%s's device %d", p.name, n), slow: n == 2, rooms: map[ids.ID]*replica{}}
	for _, id := range rooms {
		d.rooms[id] = &replica{messages: map[int64]message{}}
	}
	return d
}

// run lives until ctx ends; unrest says whether it loses its line by itself.
func (d *device) run(ctx context.Context, unrest func() bool) {
	for ctx.Err() == nil {
		kind := transports[d.rng.IntN(len(transports))]
		l, err := open(ctx, d.p, d.nodes[d.rng.IntN(len(d.nodes))], kind)
		if err != nil {
			time.Sleep(time.Duration(50+d.rng.IntN(150)) * time.Millisecond)
			continue
		}
		d.m.count(kind + "s")
		d.listen(ctx, l, unrest)
		l.cut()
		for range l.frames { // what is read no more
		}
	}
}

func (d *device) listen(ctx context.Context, l *line, unrest func() bool) {
	d.mu.Lock()
	for _, r := range d.rooms {
		r.asked, r.live = nil, false
	}
	d.mu.Unlock()
	tick := time.NewTicker(300 * time.Millisecond)
	defer tick.Stop()
	for {
		if len(l.frames) == 0 {
			d.empty = time.Now()
		}
		select {
		case <-ctx.Done():
			return
		case data, open := <-l.frames:
			if !open {
				return
			}
			var f frame
			if err := json.Unmarshal(data, &f); err != nil {
				d.m.fault("%s: %v: %s", d.name, err, data)
				return
			}
			if !d.take(ctx, l, f) {
				return
			}
		case <-tick.C:
			if unrest() {
				switch d.rng.IntN(40) {
				case 0, 1: // drops its line
					return
				case 2: // reads nothing for a while
					time.Sleep(time.Duration(300+d.rng.IntN(1200)) * time.Millisecond)
				}
			}
			if !d.due.IsZero() && time.Now().After(d.due) {
				d.due = time.Time{}
				d.subscribe(l, func(r *replica) bool { return len(r.asked) == 0 })
			}
			if l.id != "" || l.ws != nil {
				d.subscribe(l, func(r *replica) bool { return !r.live && len(r.asked) == 0 })
			}
		}
	}
}

// subscribe asks for the rooms that which names, after what is known of them.
func (d *device) subscribe(l *line, which func(*replica) bool) {
	type want struct {
		room  ids.ID
		after int64
	}
	var wanted []want
	d.mu.Lock()
	for id, r := range d.rooms {
		if which(r) {
			r.asked = append(r.asked, r.last)
			wanted = append(wanted, want{id, r.last})
		}
	}
	d.mu.Unlock()
	for _, w := range wanted {
		if !l.say(map[string]any{"type": "subscribe", "room": w.room, "after": w.after}) {
			l.cut() // whether it was heard is not known: begin anew
			return
		}
	}
}

// take obeys one frame. It gives no when the line is of no more use.
func (d *device) take(ctx context.Context, l *line, f frame) bool {
	r := d.rooms[f.Room]
	switch f.Type {
	case "hello":
		l.id = f.Connection
		d.subscribe(l, func(*replica) bool { return true })
	case "bye", "reconnect":
		return f.Type != "bye"
	case "access":
		if d.slow {
			d.due = time.Now().Add(slowness)
		} else {
			d.subscribe(l, func(r *replica) bool { return len(r.asked) == 0 })
		}
	case "room":
		switch {
		case d.slow:
			d.due = time.Now().Add(slowness)
		case r != nil:
			d.subscribe(l, func(o *replica) bool { return o == r && len(r.asked) == 0 })
		}
	case "heartbeat":
		l.say(map[string]any{"type": "pong"})
		for id, head := range f.Heads {
			if r := d.rooms[id]; r != nil && head > r.last {
				d.catchUp(ctx, l, id, r)
			}
		}
	case "refused", "subscribed", "message", "edited", "deleted", "reacted", "pinned", "gone", "read":
		if r != nil {
			return d.takeRoom(ctx, l, r, f)
		}
	}
	return true
}

func (d *device) takeRoom(ctx context.Context, l *line, r *replica, f frame) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch f.Type {
	case "read":
		r.read = f
		return true
	case "refused", "subscribed":
		if len(r.asked) == 0 {
			d.m.fault("%s: %s without having asked", d.name, f.Type)
			return false
		}
		after := r.asked[0]
		r.asked = r.asked[1:]
		if r.live = f.Type == "subscribed"; !r.live {
			return true
		}
		// A node that is cut off may be behind what the device has from another:
		// it goes on from its own head, and says so.
		if r.due = min(after, f.Head); !f.Reload {
			return true
		}
		d.m.count("reloads")
		r.due = f.Head
		return d.reload(ctx, l, f.Room, r)
	}
	if !r.live {
		d.m.fault("%s: number %d of a room that it does not watch", d.name, f.Seq)
	}
	if f.Seq != r.due+1 {
		d.m.fault("%s: number %d of room %s after %d", d.name, f.Seq, f.Room, r.due)
	}
	r.due = f.Seq
	d.keep(r, f)
	return true
}

// keep notes a number that is new. The caller holds the lock.
func (d *device) keep(r *replica, f frame) {
	if f.Message != nil {
		d.m.count("frames")
		// Judged by when it came, which is not when a device that is busy reads it.
		if !d.m.maySee(f.Room, d.p.id, f.Message.Seq, d.empty) {
			d.m.fault("%s: learns after %s of message %d in room %s, which is not for them", d.name, d.empty.Format("05.000"), f.Message.Seq, f.Room)
		}
	}
	if f.Seq <= r.last {
		return
	}
	r.last = f.Seq
	if f.Message != nil {
		r.messages[f.Message.Seq] = *f.Message
	}
}

// catchUp reads the changes after what is known, as a client does whose
// heartbeat tells that it is behind.
func (d *device) catchUp(ctx context.Context, l *line, id ids.ID, r *replica) {
	d.m.count("catch-ups")
	d.mu.Lock()
	defer d.mu.Unlock()
	status, data, err := d.p.ask(ctx, l.n, "GET", fmt.Sprintf("/rooms/%s/changes?after=%d", id, r.last), nil)
	var feed struct {
		Items  []frame
		Reload bool
	}
	if err != nil || status != 200 || json.Unmarshal(data, &feed) != nil {
		return // the next heartbeat says it again
	}
	if feed.Reload {
		d.reload(ctx, l, id, r)
	}
	for _, f := range feed.Items {
		d.keep(r, f)
	}
}

// reload reads a room anew. The caller holds the lock.
func (d *device) reload(ctx context.Context, l *line, id ids.ID, r *replica) bool {
	asked := time.Now()
	page, ok := d.p.history(ctx, l.n, id)
	for _, m := range page.Items {
		r.messages[m.Seq] = m
		if !d.m.maySee(id, d.p.id, m.Seq, asked) {
			d.m.fault("%s: reads message %d in room %s, which is not for them", d.name, m.Seq, id)
		}
	}
	if ok {
		r.last = max(r.last, page.Head)
	}
	return ok
}

type history struct {
	Items    []message
	Head     int64
	HasAfter bool
}

// history reads a whole room. Head is that of the first page: what changed on
// later pages is told again.
func (p *person) history(ctx context.Context, n *node, id ids.ID) (history, bool) {
	all := history{Head: -1}
	for after := int64(0); ; after = all.Items[len(all.Items)-1].Seq {
		status, data, err := p.ask(ctx, n, "GET", fmt.Sprintf("/rooms/%s/messages?after=%d&limit=200", id, after), nil)
		var page history
		if err != nil || status != 200 || json.Unmarshal(data, &page) != nil {
			return all, false
		}
		if all.Head < 0 {
			all.Head = page.Head
		}
		all.Items = append(all.Items, page.Items...)
		if !page.HasAfter {
			return all, true
		}
	}
}
