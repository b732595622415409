package realtime

import (
	"encoding/json"
	"sync"

	"guildhall/server/ids"
)

// Change is one numbered frame of a room. Numbers have no gaps. Of is the
// number of the message that it is about, its own for a new one: who was let
// into the room after that learns of the change nothing but its number.
type Change struct {
	Seq, Of int64
	Frame   json.RawMessage
}

// Notice is what travels on the Bus: changes of one room, or a frame without
// a number for those who watch a room or a space, or for all sockets of one
// account.
type Notice struct {
	Room    ids.ID
	Space   ids.ID
	Account ids.ID
	Changes []Change
	Frame   json.RawMessage
	// Rights says that the account's rights changed; LeftSpace, that it is no
	// longer in this space; LeftRoom, in this room; Sessions, that these sessions
	// ended; Alive, that its person is there.
	Rights    bool
	LeftSpace ids.ID
	LeftRoom  ids.ID
	Sessions  []ids.ID
	Alive     *Alive
}

// Bus carries every frame to all nodes. It may lose, double or swap notices:
// hubs put rooms in order by number and fill gaps from the database. This one
// reaches the hubs of one process.
type Bus struct {
	mu   sync.RWMutex
	hubs []func(Notice)
}

// NewBus makes a bus without listeners.
func NewBus() *Bus { return &Bus{} }

// Listen adds a hub. It is called at start.
func (b *Bus) Listen(f func(Notice)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.hubs = append(b.hubs, f)
}

// Publish hands a notice to every hub, in the caller's goroutine.
func (b *Bus) Publish(n Notice) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for _, f := range b.hubs {
		f(n)
	}
}
