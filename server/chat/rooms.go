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

// roomActions are those that a screen shows or hides by.
var roomActions = []access.Action{
	access.PostMessage, access.PinMessage, access.CallRoom, access.EditRoom, access.InviteToRoom, access.ArchiveRoom, access.SetRetention, access.RemoveContent,
}

// Rooms lists the rooms of one space that the person may see, by name, with
// what is unread: the open ones, those that they left too, or the archived.
func (s *Service) Rooms(ctx context.Context, who access.Actor, space ids.ID, archived bool, cursor string, limit int) (*api.Page[Room], error) {
	if err := who.Must(access.ViewSpace, space, "space"); err != nil {
		return nil, err
	}
	return s.list(cursor, limit, func(after roomPlace) ([]roomRow, error) {
		if archived {
			return listArchived(ctx, s.db, who.ID, space, after, limit+1)
		}
		return listRooms(ctx, s.db, who.ID, []int64{int64(space)}, true, after, limit+1)
	})
}

// MyRooms lists the rooms of all the person's spaces, space by space, without
// those that they left.
func (s *Service) MyRooms(ctx context.Context, who access.Actor, cursor string, limit int) (*api.Page[Room], error) {
	return s.list(cursor, limit, func(after roomPlace) ([]roomRow, error) {
		return listRooms(ctx, s.db, who.ID, who.In(access.ViewSpace), false, after, limit+1)
	})
}

func (s *Service) list(cursor string, limit int, read func(roomPlace) ([]roomRow, error)) (*api.Page[Room], error) {
	after := roomPlace{}
	if err := api.ReadCursor(cursor, &after.Space, &after.Room, &after.ID); err != nil {
		return nil, err
	}
	list, err := read(after)
	if err != nil {
		return nil, fmt.Errorf("list rooms: %w", err)
	}
	page := api.Cut(list, limit, func(r roomRow) string { return api.Cursor(r.SpaceKey, r.Key, r.ID) })
	return api.Map(page, func(r roomRow) Room { return decorate(r.room()) }), nil
}

// roomPlace is the sort key of a list of rooms, with the values that the SQL sorts
// by.
type roomPlace struct {
	Space, Room string
	ID          ids.ID
}

// decorate says what the reader may do. An archived room is for reading; those
// who archived it may open it again.
func decorate(r Room) Room {
	r.Can = r.role.List(roomActions...)
	if r.Archived {
		r.Can = r.role.List(access.ArchiveRoom)
	}
	if r.Kind == Direct { // two people, for good
		r.Can = r.role.List(access.PostMessage, access.PinMessage)
	}
	return r
}

// Room gives one room that the person may see.
func (s *Service) Room(ctx context.Context, who access.Actor, id ids.ID) (*Room, error) {
	r, err := getRoom(ctx, s.db, who.ID, id)
	if db.NoRows(err) {
		return nil, problem.NotFound("room")
	}
	if err != nil {
		return nil, fmt.Errorf("load room: %w", err)
	}
	if err := r.role.Must(access.ViewRoom, "room"); err != nil {
		return nil, err
	}
	r = decorate(r)
	if r.Kind == Direct && len(r.People) == 1 {
		other := r.People[0].ID
		list, err := s.preferences(ctx, []ids.ID{other})
		if err != nil {
			return nil, err
		}
		r.Undisturbed = list[other].Now
	}
	return &r, nil
}

// seat gives what the person is in a room, which is the check of every method
// that needs no more of it.
func (s *Service) seat(ctx context.Context, who access.Actor, room ids.ID, action access.Action) (seat, error) {
	at, err := getSeat(ctx, s.db, who.ID, room)
	if db.NoRows(err) {
		return seat{}, problem.NotFound("room")
	}
	if err != nil {
		return seat{}, fmt.Errorf("load room: %w", err)
	}
	return at, at.Role.Must(action, "room")
}

// NewRoom is a room to make. A private one begins with its maker and the
// people named, who must be in the space.
type NewRoom struct {
	Name    string   `json:"name" minLength:"1" maxLength:"80"`
	Topic   string   `json:"topic,omitempty" maxLength:"250"`
	Private bool     `json:"private,omitempty" doc:"Only for people who are invited"`
	People  []ids.ID `json:"people,omitempty" maxItems:"100" doc:"Of a private room, besides its maker"`
}

// MakeRoom opens a room in a space.
func (s *Service) MakeRoom(ctx context.Context, who access.Actor, space ids.ID, in NewRoom) (*Room, error) {
	if err := who.Must(access.MakeRoom, space, "space"); err != nil {
		return nil, err
	}
	if err := checkRoomWords(&in.Name, &in.Topic); err != nil {
		return nil, err
	}
	if len(in.People) > 0 && !in.Private {
		return nil, problem.Invalid("body.people", "an open room is for everybody in the space: name people for a private one only")
	}
	room := newRoom{Kind: Open, SpaceID: space, Name: in.Name, Topic: in.Topic, By: who.ID}
	if in.Private {
		room.Kind = Private
	}
	var id ids.ID
	err := s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		id, err = insertRoom(ctx, tx, room)
		if err != nil {
			return nameTaken(err)
		}
		if in.Private {
			people := append([]ids.ID{who.ID}, in.People...)
			if _, err := s.join(ctx, tx, who, seat{RoomID: id, SpaceID: space, Kind: Private}, people, 0); err != nil {
				return err
			}
		} else {
			events.Emit(ctx, tx, events.RoomMade{RoomID: id, SpaceID: space})
		}
		return audit.Record(ctx, tx, who, audit.Act{Action: "room-made", Space: space, Kind: "room", Subject: id, Detail: map[string]any{"private": in.Private}})
	})
	if err != nil {
		return nil, err
	}
	return s.Room(ctx, who, id)
}

func checkRoomWords(name, topic *string) error {
	*name, *topic = strings.TrimSpace(*name), strings.TrimSpace(*topic)
	if !text.OneLine(*name) {
		return problem.Invalid("body.name", "give the room a name, on one line")
	}
	if !text.Kept(*topic) {
		return problem.Invalid("body.topic", "this text holds characters that cannot be stored")
	}
	return nil
}

func nameTaken(err error) error {
	if db.Breaks(err, "rooms_name_key") {
		return problem.Conflict("name-taken", "There is a room of this name in the space already.")
	}
	return fmt.Errorf("store room: %w", err)
}

// RoomEdit is a room as it should be. Whoever may edit it sets name and topic;
// archiving and retention are rights of their own.
type RoomEdit struct {
	Name          string `json:"name" maxLength:"80" doc:"May be empty for a conversation"`
	Topic         string `json:"topic" maxLength:"250"`
	Archived      bool   `json:"archived"`
	RetentionDays *int   `json:"retentionDays" nullable:"true" minimum:"1" maximum:"36500"`
	Version       int    `json:"version" minimum:"1" maximum:"2147483647"`
}

// EditRoom names a room, says what it is about, archives it or opens it again.
func (s *Service) EditRoom(ctx context.Context, who access.Actor, id ids.ID, in RoomEdit) (*Room, error) {
	r, err := s.Room(ctx, who, id)
	if err != nil {
		return nil, err
	}
	if err := mayEdit(r, in); err != nil {
		return nil, err
	}
	if !in.sameRetention(r) { // one that the site allows no more stays where it is
		if err := s.checkPeriod(in.RetentionDays); err != nil {
			return nil, err
		}
	}
	if r.SpaceID != 0 || strings.TrimSpace(in.Name) != "" {
		if err := checkRoomWords(&in.Name, &in.Topic); err != nil {
			return nil, err
		}
	} else {
		in.Name = ""
	}
	if err := s.take(who); err != nil {
		return nil, err
	}
	stale := false
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		done, err := updateRoom(ctx, tx, id, in, s.now())
		if err != nil {
			return nameTaken(err)
		}
		if stale = !done; stale {
			return nil
		}
		if err := s.tellRoom(ctx, tx, r.SpaceID, id, r.Kind); err != nil {
			return err
		}
		if r.SpaceID == 0 {
			if in.Name == r.Name {
				return nil
			}
			return s.say(ctx, tx, who, id, Notice{Kind: "named", Name: in.Name})
		}
		return audit.Record(ctx, tx, who, audit.Act{Action: "room-edited", Space: r.SpaceID, Kind: "room", Subject: id, Detail: map[string]any{"archived": in.Archived, "retentionDays": in.RetentionDays}})
	})
	if err != nil {
		return nil, err
	}
	r, err = s.Room(ctx, who, id)
	if err == nil && stale {
		return nil, problem.Stale(r)
	}
	return r, err
}

// mayEdit says whether the reader may make these changes to the room.
func mayEdit(r *Room, in RoomEdit) error {
	action := access.EditRoom
	switch {
	case r.Kind == Direct:
		return problem.Conflict("direct-conversation", "A conversation of two people has no name and nobody comes in. Start a group instead.")
	case in.Archived != r.Archived:
		action = access.ArchiveRoom
	case r.Archived:
		return errArchived
	}
	if err := r.role.Must(action, "room"); err != nil {
		return err
	}
	if !in.sameRetention(r) {
		return r.role.Must(access.SetRetention, "room")
	}
	return nil
}

// sameRetention says whether messages are to be kept for as long as before.
func (in RoomEdit) sameRetention(r *Room) bool {
	if in.RetentionDays == nil || r.RetentionDays == nil {
		return in.RetentionDays == r.RetentionDays
	}
	return *in.RetentionDays == *r.RetentionDays
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
		if out.LastReadSeq, err = upsertRead(ctx, tx, who.ID, id, max(min(seq, r.Head), r.LastReadSeq)); err != nil {
			return fmt.Errorf("mark read: %w", err)
		}
		if out.Unread, err = countUnread(ctx, tx, who.ID, id, max(out.LastReadSeq, r.FromSeq)); err != nil {
			return fmt.Errorf("count unread: %w", err)
		}
		if out.Mentions, err = countMentions(ctx, tx, who.ID, id, r.FromSeq, out.LastReadSeq); err != nil {
			return fmt.Errorf("count mentions: %w", err)
		}
		if out.LastReadSeq > r.LastReadSeq {
			events.Emit(ctx, tx, events.RoomRead{RoomID: id, AccountID: who.ID, LastReadSeq: out.LastReadSeq, Unread: out.Unread, Mentions: out.Mentions})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &out, nil
}
