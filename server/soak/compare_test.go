package soak_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"guildhall/server/ids"
)

// catchUpTime is how long devices have to show everything once all is mended:
// nodes compare themselves with the database every five seconds, and a device
// whose line died in silence connects again. All of it takes seconds, and the
// rest is for a busy machine.
const catchUpTime = time.Minute

// compare looks, when nobody acts any more, whether the database, every node
// and every device agree with the model.
func compare(t *testing.T, m *model, d *database, c *cast, nodes []*node, devices []*device) {
	t.Helper()
	until := time.Now().Add(catchUpTime)
	for _, id := range c.rooms {
		r := m.rooms[id]
		head := numbers(t, m, d, id)
		seen, ok := c.people[0].history(t.Context(), nodes[0], id)
		if !ok {
			m.fault("room %s cannot be read", id)
			continue
		}
		truth(m, r, seen.Items)
		for _, dev := range devices {
			if _, in := r.now(dev.p.id); in {
				dev.shows(m, r, until, r.surely(dev.p.id), head, seen.Items)
			}
		}
		for i, p := range c.people {
			if m.faulty() { // what follows from it says nothing new, and takes long
				break
			}
			if now, in := r.now(p.id); in {
				unread(t, m, r, p, now.from, head, seen.Items, nodes, devices[2*i:2*i+2])
			}
		}
	}
}

// numbers wants every number of a room once, in the tables and in the feed, and
// gives the head.
func numbers(t *testing.T, m *model, d *database, id ids.ID) (head int64) {
	t.Helper()
	var all []int64
	if err := d.Select(&all, `select seq from messages where room_id = $1 union all select seq from message_changes where room_id = $1 order by 1`, id); err != nil {
		t.Fatal(err)
	}
	if err := d.Get(&head, `select last_seq from room_heads where room_id = $1`, id); err != nil {
		t.Fatal(err)
	}
	for i, seq := range all {
		if seq != int64(i)+1 {
			m.fault("number %d of room %s stands where %d should", seq, id, i+1)
			break
		}
	}
	if int64(len(all)) != head {
		m.fault("room %s has %d numbers and its head is %d", id, len(all), head)
	}
	return head
}

// truth wants every acknowledged message once, as it must be, and nothing else
// but what an answer was lost for.
func truth(m *model, r *room, items []message) {
	expected := r.expected()
	byClient := map[string]bool{}
	for _, got := range items {
		if len(got.Notice) > 0 {
			continue
		}
		if byClient[got.ClientID] {
			m.fault("stored twice in room %s: %s", r.id, got.Body)
		}
		byClient[got.ClientID] = true
		want, known := expected[got.Seq]
		switch {
		case !known && !r.unsure[got.ClientID]:
			m.fault("nobody was told of %s in room %s", got.state(), r.id)
		case known && (want.state() != got.state() || want.ClientID != got.ClientID):
			m.fault("message %d of room %s\n  is     %s\n  should %s", got.Seq, r.id, got.state(), want.state())
		}
		delete(expected, got.Seq)
	}
	for _, lost := range expected {
		m.fault("acknowledged and lost in room %s: %s", r.id, lost.state())
	}
}

// shows wants a device to show what its person may see, as it is, and soon.
func (d *device) shows(m *model, r *room, until time.Time, from, head int64, items []message) {
	for time.Now().Before(until) && !d.has(r.id, head) {
		time.Sleep(20 * time.Millisecond)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	mine := d.rooms[r.id]
	if mine.last != head || !mine.live {
		m.fault("%s has come to %d of %d in room %s (%s), live %t", d.name, mine.last, head, r.id, r.kind, mine.live)
		return
	}
	for _, want := range items {
		if got := mine.messages[want.Seq]; want.Seq > from && got.state() != want.state() {
			m.fault("%s shows number %d of room %s\n  as %s\n  is %s", d.name, want.Seq, r.id, got.state(), want.state())
		}
	}
}

// has says whether the device watches a room and has come to this number.
func (d *device) has(id ids.ID, head int64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rooms[id].live && d.rooms[id].last >= head
}

// unread wants every node to count what the model counts, and a new mark to
// reach every device of the person with the same count.
func unread(t *testing.T, m *model, r *room, p *person, from, head int64, items []message, nodes []*node, devices []*device) {
	t.Helper()
	type count struct {
		LastReadSeq int64
		Unread      int
	}
	ask := func(n *node, method, path string, body any) (out count) {
		status, data, err := p.ask(t.Context(), n, method, fmt.Sprintf("/rooms/%s%s", r.id, path), body)
		if err != nil || status != 200 || json.Unmarshal(data, &out) != nil {
			m.fault("%s %s: %v, %d %s", method, path, err, status, data)
		}
		return out
	}
	if r.lost[p.id] {
		return // how far they have read is known to nobody but the server
	}
	_, marked := r.read[p.id]
	r.read[p.id] = max(r.read[p.id], from) // what was before somebody came counts as read
	if !marked {                           // then what was said before they came counts as read, whether or not they may see it
		r.read[p.id] = max(r.read[p.id], ask(nodes[0], "GET", "", nil).LastReadSeq)
	}
	if marked {
		for i, n := range nodes {
			if got := ask(n, "GET", "", nil); got != (count{r.read[p.id], r.unread(p.id, from, items)}) {
				m.fault("node %d counts %+v for %s in room %s, the model %d after %d", i+1, got, p.name, r.id, r.unread(p.id, from, items), r.read[p.id])
			}
		}
	}
	up := max(r.read[p.id]+1, head-7)
	if up > head {
		return
	}
	r.read[p.id] = up
	want := count{up, r.unread(p.id, from, items)}
	if got := ask(nodes[0], "PUT", "/read", map[string]int64{"seq": up}); got != want {
		m.fault("marked as read %+v, should be %+v", got, want)
	}
	for _, d := range devices {
		told := count{}
		for began := time.Now(); time.Since(began) < 20*time.Second && told != want; time.Sleep(5 * time.Millisecond) {
			d.mu.Lock()
			told = count{d.rooms[r.id].read.LastReadSeq, d.rooms[r.id].read.Unread}
			d.mu.Unlock()
		}
		if told != want {
			m.fault("%s was told %+v of room %s, should be %+v", d.name, told, r.id, want)
		}
	}
}
