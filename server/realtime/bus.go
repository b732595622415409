package realtime

import (
	"encoding/json"
	"sync"
	"sync/atomic"

	"guildhall/server/ids"
)

// Change is one numbered frame of a room. Numbers have no gaps. Of is the
// number of the message that it is about, its own for a new one: who was let
// into the room after that learns of the change nothing but its number.
type Change struct {
	Seq   int64           `json:"seq"`
	Of    int64           `json:"of,omitempty"`
	Frame json.RawMessage `json:"-"` // between nodes it follows the head of a letter
}

// Notice is what travels on the Bus: changes of one room, or a frame without
// a number for those who watch a room or a space, or for all sockets of one
// account. Nobody changes one, or what it points to, once it is published.
type Notice struct {
	Room    ids.ID          `json:"room,omitempty"`
	Space   ids.ID          `json:"space,omitempty"`
	Account ids.ID          `json:"account,omitempty"`
	Changes []Change        `json:"changes,omitempty"`
	Frame   json.RawMessage `json:"-"` // as that of a change
	// Head says that the room has come to this number, without the changes.
	Head int64 `json:"head,omitempty"`
	// Rights says that the account's rights changed; LeftSpace, that it is no
	// longer in this space; LeftRoom, in this room; Sessions, that these sessions
	// ended; Alive, that its person is there.
	Rights    bool     `json:"rights,omitempty"`
	LeftSpace ids.ID   `json:"leftSpace,omitempty"`
	LeftRoom  ids.ID   `json:"leftRoom,omitempty"`
	Sessions  []ids.ID `json:"sessions,omitempty"`
	Alive     *Alive   `json:"alive,omitempty"`
	// Who asks every node to say who is there.
	Who bool `json:"who,omitempty"`
	// Missed says that notices of other nodes may be missing. It does not travel.
	Missed bool `json:"-"`
}

// Bus carries every notice to all nodes. It may lose, double or swap notices:
// hubs put rooms in order by number and fill gaps from the database. The hubs
// of this process get them directly; Join adds other nodes.
type Bus struct {
	mu   sync.RWMutex
	hubs []func(Notice)
	link atomic.Pointer[link]
}

// NewBus makes a bus without listeners.
func NewBus() *Bus { return &Bus{} }

// Listen adds a hub. It is called at start.
func (b *Bus) Listen(f func(Notice)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.hubs = append(b.hubs, f)
}

// Publish hands a notice to every hub of this process, in the caller's
// goroutine, and to the other nodes, without waiting for them.
func (b *Bus) Publish(n Notice) {
	b.deliver(n)
	if l := b.link.Load(); l != nil {
		l.send(n)
	}
}

// deliver hands a notice to the hubs of this process.
func (b *Bus) deliver(n Notice) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for _, f := range b.hubs {
		f(n)
	}
}

// cutOff says whether other nodes may be saying what is not heard here.
func (b *Bus) cutOff() bool {
	l := b.link.Load()
	return l != nil && l.cutOff()
}
