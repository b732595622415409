package realtime

import (
	"slices"
	"sync"
	"time"

	"guildhall/server/access"
	"guildhall/server/ids"
)

// presenceLife is how long a sign of life counts; clients give one every half
// of it. What somebody does on one device stands for all of them.
const presenceLife = 60 * time.Second

// mostPresent is up to how many people in a space are told to each other:
// beyond it "who is here" is a crowd, and telling would cost its square.
const mostPresent = 200

// Here is whether somebody is there.
type Here struct {
	Person ids.ID `json:"person"`
	State  string `json:"state" enum:"here,away,gone"`
}

// Presence tells the members of a space who is there: what changed, or with
// Whole everybody, instead of what was told before. In a space where more than
// 200 people are there at once it is whole and empty.
type Presence struct {
	Type   string `json:"type" enum:"presence"`
	Space  ids.ID `json:"space"`
	Whole  bool   `json:"whole,omitempty"`
	People []Here `json:"people"`
}

// Alive is a sign of life, as it travels to all nodes.
type Alive struct {
	Away   bool          `json:"away,omitempty"`
	Spaces []ids.ID      `json:"spaces"`
	Ago    time.Duration `json:"ago,omitempty"` // since it was given
}

// present is somebody who gave a sign of life.
type present struct {
	here, seen time.Time // the last while active, and the last of any kind
	told       string
	spaces     []ids.ID
}

func (p *present) state(now time.Time) string {
	switch {
	case now.Sub(p.here) < presenceLife:
		return "here"
	case now.Sub(p.seen) < presenceLife:
		return "away"
	}
	return "gone"
}

// attendance is who is there, in every space. It says so through tell, under
// its lock, so that what is told last is what is true.
type attendance struct {
	tell func(space ids.ID, p packet)

	mu     sync.Mutex
	people map[ids.ID]*present
	spaces map[ids.ID]map[ids.ID]struct{}
}

func newAttendance(tell func(ids.ID, packet)) *attendance {
	return &attendance{tell: tell, people: map[ids.ID]*present{}, spaces: map[ids.ID]map[ids.ID]struct{}{}}
}

// hear takes in a sign of life.
func (a *attendance) hear(person ids.ID, s Alive, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.people[person]
	if p == nil {
		p = &present{}
		a.people[person] = p
	}
	given := now.Add(-s.Ago)
	if given.After(p.seen) {
		p.seen = given
	}
	if !s.Away && given.After(p.here) {
		p.here = given
	}
	for _, space := range p.spaces {
		if !slices.Contains(s.Spaces, space) {
			a.leave(person, space)
		}
	}
	state := p.state(now)
	for _, space := range s.Spaces {
		if a.spaces[space] == nil {
			a.spaces[space] = map[ids.ID]struct{}{}
		}
		_, known := a.spaces[space][person]
		a.spaces[space][person] = struct{}{}
		if !known || state != p.told {
			a.say(space, Here{person, state})
		}
	}
	p.spaces, p.told = s.Spaces, state
}

// lose takes somebody out of a space that they are no longer a member of.
func (a *attendance) lose(person, space ids.ID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if p := a.people[person]; p != nil && slices.Contains(p.spaces, space) {
		p.spaces = slices.DeleteFunc(slices.Clone(p.spaces), func(id ids.ID) bool { return id == space })
		a.leave(person, space)
	}
}

// sweep tells who has gone away or is gone by now.
func (a *attendance) sweep(now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for person, p := range a.people {
		state := p.state(now)
		if state == p.told {
			continue
		}
		p.told = state
		for _, space := range p.spaces {
			if state == "gone" {
				a.leave(person, space)
			} else {
				a.say(space, Here{person, state})
			}
		}
		if state == "gone" {
			delete(a.people, person)
		}
	}
}

// greet hands everybody who is in a space to somebody who has just come.
func (a *attendance) greet(space ids.ID, push func(packet)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	push(encode(a.whole(space)))
}

// The three below need the lock.

func (a *attendance) whole(space ids.ID) Presence {
	all := Presence{Type: "presence", Space: space, Whole: true, People: []Here{}}
	if len(a.spaces[space]) <= mostPresent {
		for person := range a.spaces[space] {
			all.People = append(all.People, Here{person, a.people[person].told})
		}
	}
	return all
}

func (a *attendance) leave(person, space ids.ID) {
	before := len(a.spaces[space])
	delete(a.spaces[space], person)
	if len(a.spaces[space]) == 0 {
		delete(a.spaces, space)
	}
	if before == mostPresent+1 { // no longer a crowd
		a.tell(space, encode(a.whole(space)))
		return
	}
	a.say(space, Here{person, "gone"})
}

func (a *attendance) say(space ids.ID, h Here) {
	switch n := len(a.spaces[space]); {
	case n == mostPresent+1:
		a.tell(space, encode(a.whole(space))) // a crowd from now on: empty
	case n <= mostPresent:
		a.tell(space, encode(Presence{Type: "presence", Space: space, People: []Here{h}}))
	}
}

// alive takes a sign of life from a socket and passes it on to all nodes, not
// more often than makes sense.
func (h *Hub) alive(c *conn, away bool) {
	if !c.mayTell(away, h.now()) {
		return
	}
	for spaces := c.sharedSpaces(); ; {
		h.bus.Publish(Notice{Account: c.account, Alive: &Alive{Away: away, Spaces: spaces}})
		// A space that was lost meanwhile may have heard it after the loss.
		now := c.sharedSpaces()
		if slices.Equal(now, spaces) {
			return
		}
		spaces = now
	}
}

// sharedSpaces are those whose members may know that the person is there.
func (c *conn) sharedSpaces() []ids.ID {
	spaces := []ids.ID{}
	for _, id := range c.who().In(access.ViewSpace) {
		spaces = append(spaces, ids.ID(id))
	}
	slices.Sort(spaces)
	return spaces
}

// mayTell says whether a sign of life is worth passing on: the first, one that
// says something new, or one after a third of the time for which it counts.
func (c *conn) mayTell(away bool, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if away == c.aliveAway && now.Sub(c.aliveAt) < presenceLife/3 || now.Sub(c.aliveAt) < time.Second {
		return false
	}
	c.aliveAway, c.aliveAt = away, now
	return true
}
