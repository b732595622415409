package chat

import (
	"context"
	"fmt"
	"time"

	"guildhall/server/access"
	"guildhall/server/db"
	"guildhall/server/ids"
	"guildhall/server/problem"
)

// mostPins bounds what a room keeps at hand.
const mostPins = 50

// Pins are the messages that a room keeps at hand, the last pinned first; at
// most 50.
type Pins struct {
	Items []Message `json:"items" nullable:"false"`
}

// Pin keeps a message at hand for everybody in the room, or lets it go. What is
// so already stays so.
func (s *Service) Pin(ctx context.Context, who access.Actor, id ids.ID, on bool) (*Message, error) {
	at, err := s.find(ctx, who, id)
	if err != nil {
		return nil, err
	}
	if err := at.Role.Must(access.PinMessage, "message"); err != nil {
		return nil, err
	}
	if err := s.take(who); err != nil {
		return nil, err
	}
	return s.change(ctx, who, at, id, "pinned", func(tx *db.Tx, m *Message) (bool, error) {
		if err := s.mayTouch(ctx, tx, who, m, access.PinMessage); err != nil {
			return false, err
		}
		if on == (m.PinnedAt != nil) {
			return false, nil
		}
		m.PinnedAt, m.PinnedBy = nil, nil
		if on {
			n, err := countPins(ctx, tx, at.RoomID)
			if err != nil {
				return false, fmt.Errorf("count pins: %w", err)
			}
			if n >= mostPins {
				return false, problem.Conflict("too-many-pins", "A room has at most 50 pinned messages. Unpin one first.")
			}
			now := s.now().Truncate(time.Millisecond)
			m.PinnedAt, m.PinnedBy = &now, &Named{who.ID, who.Name}
		}
		return true, setPin(ctx, tx, m)
	})
}

// Pins gives the pinned messages of a room that the person may see.
func (s *Service) Pins(ctx context.Context, who access.Actor, room ids.ID) (*Pins, error) {
	at, err := s.seat(ctx, who, room, access.ViewRoom)
	if err != nil {
		return nil, err
	}
	list, err := listPins(ctx, s.db, room, at.FromSeq)
	if err != nil {
		return nil, fmt.Errorf("list pins: %w", err)
	}
	for i := range list {
		list[i].forReader(who, at.Role)
	}
	return &Pins{list}, nil
}
