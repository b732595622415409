package chat

import (
	"context"
	"fmt"

	"guildhall/server/access"
	"guildhall/server/db"
	"guildhall/server/events"
	"guildhall/server/ids"
	"guildhall/server/problem"
)

// RoomSettings is how a person wants a room, on all their devices.
type RoomSettings struct {
	Notify string `json:"notify" enum:"all,mentions,nothing" doc:"Of what I want to be told"`
	Muted  bool   `json:"muted" doc:"Show no badge"`
	Hidden bool   `json:"hidden,omitempty" doc:"A conversation is not listed until something is said in it"`
}

// SetRoom keeps how the person wants a room.
func (s *Service) SetRoom(ctx context.Context, who access.Actor, room ids.ID, in RoomSettings) (*Room, error) {
	at, err := s.seat(ctx, who, room, access.ViewRoom)
	if err != nil {
		return nil, err
	}
	if in.Hidden && at.SpaceID != 0 {
		return nil, problem.Invalid("body.hidden", "only a conversation can be hidden; a room can be left")
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := upsertSettings(ctx, tx, who.ID, room, in); err != nil {
			return fmt.Errorf("store settings: %w", err)
		}
		events.Emit(ctx, tx, events.RoomChanged{RoomID: room, Accounts: []ids.ID{who.ID}})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.Room(ctx, who, room)
}
