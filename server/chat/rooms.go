package chat

import (
	"context"
	"fmt"
	"strings"

	"guildhall/server/access"
	"guildhall/server/api"
	"guildhall/server/audit"
	"guildhall/server/db"
	"guildhall/server/events"
	"guildhall/server/ids"
	"guildhall/server/problem"
	"guildhall/server/text"
)

// Rooms lists the open rooms of one space, by name, with what is unread.
func (s *Service) Rooms(ctx context.Context, who access.Actor, space ids.ID, cursor string, limit int) (*api.Page[Room], error) {
	if err := who.Must(access.ViewSpace, space, "space"); err != nil {
		return nil, err
	}
	return s.list(ctx, who, []int64{int64(space)}, cursor, limit)
}

// MyRooms lists the open rooms of all the person's spaces, space by space.
func (s *Service) MyRooms(ctx context.Context, who access.Actor, cursor string, limit int) (*api.Page[Room], error) {
	return s.list(ctx, who, who.In(access.ViewSpace), cursor, limit)
}

func (s *Service) list(ctx context.Context, who access.Actor, spaces []int64, cursor string, limit int) (*api.Page[Room], error) {
	after := roomPlace{}
	if err := api.ReadCursor(cursor, &after.Space, &after.Room, &after.ID); err != nil {
		return nil, err
	}
	list, err := listRooms(ctx, s.db, who.ID, spaces, after, limit+1)
	if err != nil {
		return nil, fmt.Errorf("list rooms: %w", err)
	}
	for i := range list {
		decorate(who, &list[i].Room)
	}
	page := api.Cut(list, limit, func(l listedRoom) string { return api.Cursor(l.SpaceKey, l.Key, l.ID) })
	return api.Map(page, func(l listedRoom) Room { return l.Room }), nil
}

// roomPlace is the sort key of a list of rooms, with the values that the SQL sorts
// by.
type roomPlace struct {
	Space, Room string
	ID          ids.ID
}

func decorate(who access.Actor, r *Room) {
	r.Can = who.List(r.SpaceID, access.PostMessage, access.MakeRoom, access.RemoveContent)
	if r.Archived {
		r.Can = []access.Action{}
	}
}

// Room gives one room.
func (s *Service) Room(ctx context.Context, who access.Actor, id ids.ID) (*Room, error) {
	r, err := getRoom(ctx, s.db, who.ID, id)
	if db.NoRows(err) {
		return nil, problem.NotFound("room")
	}
	if err != nil {
		return nil, fmt.Errorf("load room: %w", err)
	}
	if err := who.Must(access.ViewSpace, r.SpaceID, "room"); err != nil {
		return nil, err
	}
	decorate(who, &r)
	return &r, nil
}

// MakeRoom opens a room in a space.
func (s *Service) MakeRoom(ctx context.Context, who access.Actor, space ids.ID, name, topic string) (*Room, error) {
	if err := who.Must(access.MakeRoom, space, "space"); err != nil {
		return nil, err
	}
	if name = strings.TrimSpace(name); !text.OneLine(name) {
		return nil, problem.Invalid("body.name", "give the room a name, on one line")
	}
	if !text.Kept(topic) {
		return nil, problem.Invalid("body.topic", "this text holds characters that cannot be stored")
	}
	var id ids.ID
	err := s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		id, err = insertRoom(ctx, tx, space, name, strings.TrimSpace(topic), who.ID)
		if db.Breaks(err, "rooms_name_key") {
			return problem.Conflict("name-taken", "There is a room of this name in the space already.")
		}
		if err != nil {
			return fmt.Errorf("make room: %w", err)
		}
		events.Emit(ctx, tx, events.RoomMade{RoomID: id, SpaceID: space})
		return audit.Record(ctx, tx, who, audit.Act{Action: "room-made", Space: space, Kind: "room", Subject: id})
	})
	if err != nil {
		return nil, err
	}
	return s.Room(ctx, who, id)
}

// MarkRead says that the person has read up to seq; a lower number than
// before changes nothing. It gives the state that all their devices show.
func (s *Service) MarkRead(ctx context.Context, who access.Actor, id ids.ID, seq int64) (*ReadMark, error) {
	r, err := s.Room(ctx, who, id)
	if err != nil {
		return nil, err
	}
	out := ReadMark{Type: "read", Room: id}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		if out.LastReadSeq, err = upsertRead(ctx, tx, who.ID, id, min(seq, r.Head)); err != nil {
			return fmt.Errorf("mark read: %w", err)
		}
		if out.Unread, err = countUnread(ctx, tx, who.ID, id, out.LastReadSeq); err != nil {
			return fmt.Errorf("count unread: %w", err)
		}
		if out.LastReadSeq > r.LastReadSeq {
			events.Emit(ctx, tx, events.RoomRead{RoomID: id, AccountID: who.ID, LastReadSeq: out.LastReadSeq, Unread: out.Unread})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &out, nil
}
