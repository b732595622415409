package soak_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"guildhall/server/ids"
)

// actor is somebody who says and does things, one after the other, on any
// node. What has no answer is asked again until it has one, as the outbox of
// the web app does; so what is known of it is exact.
type actor struct {
	m     *model
	p     *person
	nodes []*node
	rng   *rand.Rand
	rooms []ids.ID
	guest bool // comes and goes, and does nothing but talk and read
	mine  []spoken
	space ids.ID
}

// spoken is a message of the actor's own.
type spoken struct {
	room   ids.ID
	client string
	body   string
}

func newActor(m *model, p *person, nodes []*node, rooms []ids.ID, seed uint64) *actor {
	return &actor{m: m, p: p, nodes: nodes, rng: rand.New(rand.NewPCG(seed, uint64(p.id)*10)), rooms: rooms}
}

// run acts until ctx ends, and ends what it began.
func (a *actor) run(ctx context.Context) {
	for ctx.Err() == nil {
		a.act()
		time.Sleep(time.Duration(a.rng.IntN(20)) * time.Millisecond)
	}
}

func (a *actor) act() {
	room := a.rooms[a.rng.IntN(len(a.rooms))]
	switch n := a.rng.IntN(100); {
	case n < 45 || len(a.mine) == 0:
		s := spoken{room, ids.NewUUID(), fmt.Sprintf("%s says %d", a.p.name, len(a.mine)+1)}
		if a.post(s) {
			a.mine = append(a.mine, s)
		}
	case n < 53:
		a.m.count("sent again")
		a.post(a.mine[a.rng.IntN(len(a.mine))])
	case n < 67:
		a.readTo(room)
	case a.guest:
	case n < 80:
		a.edit(a.mine[a.rng.IntN(len(a.mine))])
	case n < 84:
		a.remove(a.mine[a.rng.IntN(len(a.mine))])
	default:
		a.react(room)
	}
}

// insist asks until there is an answer that means something; again says
// whether an attempt before it may have been obeyed.
func (a *actor) insist(method, path string, body any) (status int, data []byte, again bool) {
	for until := time.Now().Add(patience); time.Now().Before(until); {
		var err error
		status, data, err = a.p.ask(context.Background(), a.nodes[a.rng.IntN(len(a.nodes))], method, path, body)
		if err == nil && status < 500 && status != http.StatusTooManyRequests {
			return status, data, again
		}
		if again = true; err == nil && status == 500 {
			a.m.fault("%s: %s %s: %d %.200s", a.p.name, method, path, status, data)
		}
		a.m.count("asked again")
		time.Sleep(time.Duration(20+a.rng.IntN(60)) * time.Millisecond)
	}
	a.m.fault("%s: %s %s has no answer: %d %.200s", a.p.name, method, path, status, data)
	return status, data, again
}

// post sends a message, again perhaps, and says whether it is stored.
func (a *actor) post(s spoken) bool {
	began := time.Now()
	status, data, again := a.insist("POST", fmt.Sprintf("/rooms/%s/messages", s.room), map[string]string{"clientId": s.client, "body": s.body})
	answered := time.Now()
	var got message
	if status == http.StatusCreated && json.Unmarshal(data, &got) != nil {
		a.m.fault("no message: %.200s", data)
		return false
	}
	a.m.with(s.room, func(r *room) {
		first, known := r.said[s.client]
		switch {
		case status == http.StatusCreated && !r.mayAct(a.p.id, began, answered):
			a.m.fault("%s may post in room %s without being in it", a.p.name, s.room)
		case status == http.StatusCreated && known && (first.Seq != got.Seq || first.ID != got.ID):
			a.m.fault("%s: sent again message %d has number %d", s.client, first.Seq, got.Seq)
		case status == http.StatusCreated && !known:
			r.said[s.client] = &got
		case status == http.StatusNotFound || status == http.StatusForbidden:
			if _, in := r.now(a.p.id); in && !a.guest {
				a.m.fault("%s is in room %s and may not post: %d %.200s", a.p.name, s.room, status, data)
			}
			if again {
				r.unsure[s.client] = true
			}
		case status != http.StatusCreated:
			a.m.fault("post: %d %.200s", status, data)
		}
	})
	a.m.count("posts")
	return status == http.StatusCreated
}

func (a *actor) known(s spoken) (out message) {
	a.m.with(s.room, func(r *room) { out = *r.said[s.client] })
	return out
}

// edit changes one of the actor's own messages, which nobody else may.
func (a *actor) edit(s spoken) {
	was := a.known(s)
	body := fmt.Sprintf("%s, wording %d", s.body, was.Version+1)
	status, data, _ := a.insist("PATCH", fmt.Sprintf("/messages/%s", was.ID), map[string]any{"body": body, "version": was.Version})
	stored := status == http.StatusOK
	if stored == (was.DeletedAt != nil) {
		a.m.fault("edit message %d, deleted %t: %d %.200s", was.Seq, was.DeletedAt != nil, status, data)
	}
	if stored {
		a.m.with(s.room, func(r *room) { r.said[s.client].Body, r.said[s.client].Version = body, was.Version+1 })
		a.m.count("edits")
	}
}

func (a *actor) remove(s spoken) {
	was := a.known(s)
	if status, data, _ := a.insist("DELETE", fmt.Sprintf("/messages/%s", was.ID), nil); status != http.StatusNoContent {
		a.m.fault("delete message %d: %d %.200s", was.Seq, status, data)
		return
	}
	now := time.Now()
	a.m.with(s.room, func(r *room) { r.said[s.client].DeletedAt = &now })
	a.m.count("deletions")
}

// react gives any message a reaction, or takes the actor's back.
func (a *actor) react(id ids.ID) {
	var on message
	a.m.with(id, func(r *room) {
		for _, m := range r.said { // any: the order of a map is none
			on = *m
			break
		}
	})
	if on.ID == 0 {
		return
	}
	f := feeling{[]string{"heart", "clap", "thanks"}[a.rng.IntN(3)], a.p.id}
	method := []string{"PUT", "PUT", "DELETE"}[a.rng.IntN(3)]
	status, data, _ := a.insist(method, fmt.Sprintf("/messages/%s/reactions/%s", on.ID, f.name), nil)
	switch status {
	case http.StatusOK:
		a.m.with(id, func(r *room) { r.feel(on.ID, f, method == "PUT") })
		a.m.count("reactions")
	case http.StatusConflict: // it was deleted
	default:
		a.m.fault("%s reaction: %d %.200s", method, status, data)
	}
}

// readTo marks a room read up to somewhere.
func (a *actor) readTo(id ids.ID) {
	most := int64(0)
	a.m.with(id, func(r *room) {
		for _, m := range r.said {
			most = max(most, m.Seq)
		}
	})
	seq := a.rng.Int64N(most + 1)
	status, data, again := a.insist("PUT", fmt.Sprintf("/rooms/%s/read", id), map[string]int64{"seq": seq})
	var got struct{ LastReadSeq int64 }
	switch {
	case status == http.StatusOK && json.Unmarshal(data, &got) == nil:
		a.m.with(id, func(r *room) {
			// Of a guest what was there before they came counts as read.
			if want := max(r.read[a.p.id], seq); got.LastReadSeq < want || got.LastReadSeq > want && !a.guest {
				a.m.fault("marked read up to %d, told %d", want, got.LastReadSeq)
			}
			r.read[a.p.id] = got.LastReadSeq
		})
		a.m.count("marks")
	case status != http.StatusNotFound || !a.guest:
		a.m.fault("mark read: %d %.200s", status, data)
	case again:
		a.m.with(id, func(r *room) { r.lost[a.p.id] = true })
	}
}

// host brings a room's guest in, or out.
func (a *actor) host(id ids.ID, guest *actor) {
	var in bool
	var kind string
	a.m.with(id, func(r *room) { _, in = r.now(guest.p.id); kind = r.kind })
	if in {
		a.bringOut(id, kind, guest)
		return
	}
	they := &actor{m: a.m, p: guest.p, nodes: a.nodes, rng: a.rng} // the guest's own goes on meanwhile
	began := time.Now()
	var from int64
	history := []string{"new", "all"}[a.rng.IntN(2)]
	path, body := fmt.Sprintf("/rooms/%s/people", id), any(map[string]any{"people": []ids.ID{guest.p.id}, "history": history})
	if kind == "open" {
		path, body = fmt.Sprintf("/spaces/%s/members", a.space), map[string]string{"email": guest.p.email}
	}
	// In the model before they are in the room: what they learn is theirs.
	a.m.with(id, func(r *room) { r.enter(guest.p.id, 0, began) })
	if status, data, again := a.insist("POST", path, body); status/100 != 2 && (!again || status != http.StatusConflict) {
		a.m.fault("bring in: %d %.200s", status, data)
	}
	if kind != "open" { // how far back they see is known by their own eyes
		status, data, _ := they.insist("GET", fmt.Sprintf("/rooms/%s", id), nil)
		var got struct{ FromSeq, Head int64 }
		if status != http.StatusOK || json.Unmarshal(data, &got) != nil || history == "all" && got.FromSeq != 0 {
			a.m.fault("brought in to see %s: %d %.200s", history, status, data)
		}
		from = got.FromSeq
	}
	a.m.with(id, func(r *room) { r.stays[guest.p.id][len(r.stays[guest.p.id])-1].from = from })
	a.m.count("comings")
}

// bringOut takes the guest out. From the answer on they may read nothing.
func (a *actor) bringOut(id ids.ID, kind string, guest *actor) {
	by, path := a, fmt.Sprintf("/rooms/%s/people/%s", id, guest.p.id)
	they := &actor{m: a.m, p: guest.p, nodes: a.nodes, rng: a.rng} // the guest's own goes on meanwhile
	switch kind {
	case "open":
		path = fmt.Sprintf("/spaces/%s/members/%s", a.space, guest.p.id)
	case "group": // only oneself
		by = they
	}
	if status, data, again := by.insist("DELETE", path, nil); status != http.StatusNoContent && (!again || status != http.StatusNotFound) {
		a.m.fault("bring out: %d %.200s", status, data)
		return
	}
	end := time.Now()
	a.m.with(id, func(r *room) { r.leave(guest.p.id, end) })
	for _, what := range []string{"", "/messages", "/changes?after=0"} {
		if status, data, _ := they.insist("GET", fmt.Sprintf("/rooms/%s%s", id, what), nil); status != http.StatusNotFound {
			a.m.fault("%s was brought out of room %s and reads %q: %d %.200s", guest.p.name, id, what, status, data)
		}
	}
	a.m.count("goings")
}
