package soak_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"guildhall/server/ids"
)

// slack is what a busy machine may add to the second within which somebody who
// is removed gets nothing more.
const slack = time.Second

// message is one as it comes in answers and frames.
type message struct {
	ID        ids.ID
	Seq       int64
	ClientID  string
	Body      string
	DeletedAt *time.Time
	Version   int
	Author    struct{ ID ids.ID }
	Notice    json.RawMessage
	Reactions []struct {
		Name   string
		People []struct{ ID ids.ID }
	}
}

// state is all of a message that a screen shows, in words that can be compared.
func (m message) state() string {
	var feelings []string
	for _, r := range m.Reactions {
		for _, p := range r.People {
			feelings = append(feelings, fmt.Sprintf("%s by %s", r.Name, p.ID))
		}
	}
	slices.Sort(feelings)
	return fmt.Sprintf("message %s of %s, %q version %d, deleted %t, %s", m.ID, m.Author.ID, m.Body, m.Version, m.DeletedAt != nil, strings.Join(feelings, ", "))
}

// stay is a time in which somebody was in a room, widened by the time that the
// requests took: from is after which number they see, end is zero while it
// lasts.
type stay struct {
	from       int64
	begin, end time.Time
}

// room is what the model knows of a room.
type room struct {
	id     ids.ID
	kind   string
	stays  map[ids.ID][]stay
	said   map[string]*message  // acknowledged, by the client's name
	unsure map[string]bool      // refused after an attempt that may have been stored
	feels  map[ids.ID][]feeling // by message
	read   map[ids.ID]int64     // acknowledged marks
	lost   map[ids.ID]bool      // whose mark may be higher: the answer was lost, and then they were out
}

type feeling struct {
	name string
	who  ids.ID
}

// model keeps what was acknowledged, and finds fault with what contradicts it.
type model struct {
	t *testing.T

	mu    sync.Mutex
	rooms map[ids.ID]*room

	book   sync.Mutex
	faults int
	counts map[string]int
}

func (m *model) fault(format string, args ...any) {
	m.t.Helper()
	m.book.Lock()
	defer m.book.Unlock()
	if m.faults++; m.faults <= 20 {
		m.t.Errorf(format, args...)
	}
}

// faulty says whether any fault was found.
func (m *model) faulty() bool {
	m.book.Lock()
	defer m.book.Unlock()
	return m.faults > 0
}

// enough waits for so long, and on a busy machine for a while longer, until
// there was enough to prove something, and each of the troubles.
func (m *model) enough(lasts time.Duration, troubles []string) {
	time.Sleep(lasts)
	for began := time.Now(); time.Since(began) < patience; time.Sleep(100 * time.Millisecond) {
		m.book.Lock()
		done := m.faults > 0 || m.counts["posts"] >= 150 && m.counts["goings"] >= 2
		for _, what := range troubles {
			done = done && (m.faults > 0 || m.counts[what] > 0)
		}
		m.book.Unlock()
		if done {
			return
		}
	}
}

func (m *model) count(what string) {
	m.book.Lock()
	defer m.book.Unlock()
	m.counts[what]++
}

// with lets one at a time change what is known of a room.
func (m *model) with(id ids.ID, f func(*room)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f(m.rooms[id])
}

func (r *room) enter(who ids.ID, from int64, begin time.Time) {
	r.stays[who] = append(r.stays[who], stay{from: from, begin: begin})
}

func (r *room) leave(who ids.ID, end time.Time) {
	r.stays[who][len(r.stays[who])-1].end = end
}

// now is the stay of somebody who is in the room.
func (r *room) now(who ids.ID) (stay, bool) {
	if n := len(r.stays[who]); n > 0 && r.stays[who][n-1].end.IsZero() {
		return r.stays[who][n-1], true
	}
	return stay{}, false
}

// surely is the number after which somebody has been told of everything. Who
// comes back and may then see what they were not shown before loads it when
// they look for it.
func (r *room) surely(who ids.ID) (after int64) {
	for _, s := range r.stays[who] {
		after = max(after, s.from)
	}
	return after
}

// maySee says whether somebody may learn of a message at a moment.
func (m *model) maySee(room, who ids.ID, seq int64, at time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.ContainsFunc(m.rooms[room].stays[who], func(s stay) bool {
		return seq > s.from && at.After(s.begin) && (s.end.IsZero() || at.Before(s.end.Add(time.Second+slack)))
	})
}

// mayAct says whether a request of that time may be granted.
func (r *room) mayAct(who ids.ID, began, answered time.Time) bool {
	return slices.ContainsFunc(r.stays[who], func(s stay) bool {
		return answered.After(s.begin) && (s.end.IsZero() || began.Before(s.end))
	})
}

// feel notes an acknowledged reaction, or that it was taken back.
func (r *room) feel(message ids.ID, f feeling, on bool) {
	list := slices.DeleteFunc(r.feels[message], func(o feeling) bool { return o == f })
	if on {
		list = append(list, f)
	}
	r.feels[message] = list
}

// expected is every acknowledged message as it must be now, by number.
func (r *room) expected() map[int64]message {
	out := map[int64]message{}
	for _, said := range r.said {
		m := *said
		if m.DeletedAt == nil {
			byName := map[string][]struct{ ID ids.ID }{}
			for _, f := range r.feels[m.ID] {
				byName[f.name] = append(byName[f.name], struct{ ID ids.ID }{f.who})
			}
			for _, name := range slices.Sorted(maps.Keys(byName)) {
				m.Reactions = append(m.Reactions, struct {
					Name   string
					People []struct{ ID ids.ID }
				}{name, byName[name]})
			}
		} else {
			m.Body = ""
		}
		out[m.Seq] = m
	}
	return out
}

// unread is how many messages somebody has not read, of those that are there.
func (r *room) unread(who ids.ID, from int64, list []message) int {
	n := 0
	for _, m := range list {
		if m.Author.ID != who && m.DeletedAt == nil && len(m.Notice) == 0 && m.Seq > max(from, r.read[who]) {
			n++
		}
	}
	return min(n, 100)
}
