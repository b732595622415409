package chat

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"guildhall/server/access"
	"guildhall/server/accounts"
	"guildhall/server/db"
	"guildhall/server/events"
	"guildhall/server/ids"
)

// Notice is something that happened in a room and stands among its messages:
// people were added (and see what the one who added them sees, or only what is
// new), somebody left or was removed, the conversation got a name. It never
// counts as unread.
type Notice struct {
	Kind      string            `json:"kind" enum:"added,left,named"`
	PeopleIDs []ids.ID          `json:"-"`
	People    []accounts.Person `json:"people,omitempty"`
	History   string            `json:"history,omitempty" enum:"new,all" doc:"What people who were added see: of what was said before, all that the one who added them sees, or nothing"`
	Name      string            `json:"name,omitempty"`
}

// keptNotice is a notice as it is stored: people by id, so that a name that is erased
// is gone from here too.
type keptNotice struct {
	Kind    string   `json:"kind"`
	People  []ids.ID `json:"people,omitempty"`
	History string   `json:"history,omitempty"`
	Name    string   `json:"name,omitempty"`
}

// say puts a notice into a room under its next number. The caller has nothing
// else to number in the transaction.
func (s *Service) say(ctx context.Context, tx *db.Tx, who access.Actor, room ids.ID, n Notice) error {
	heads, err := lockHeads(ctx, tx, []int64{int64(room)})
	if err != nil {
		return fmt.Errorf("lock room: %w", err)
	}
	kept := keptNotice{Kind: n.Kind, People: n.PeopleIDs, History: n.History, Name: n.Name}
	id, err := insertNotice(ctx, tx, room, heads[room]+1, who.ID, uuid.NewString(), kept, s.now().Truncate(time.Millisecond))
	if err != nil {
		return fmt.Errorf("store notice: %w", err)
	}
	m, err := getMessage(ctx, tx, id)
	if err != nil {
		return fmt.Errorf("load notice: %w", err)
	}
	events.Emit(ctx, tx, events.MessagePosted{RoomID: room, MessageID: id, Seq: m.Seq, Of: m.Seq, Frame: frame("message", m, m.Seq)})
	return nil
}
