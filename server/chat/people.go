package chat

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"guildhall/server/access"
	"guildhall/server/accounts"
	"guildhall/server/api"
	"guildhall/server/audit"
	"guildhall/server/db"
	"guildhall/server/events"
	"guildhall/server/ids"
	"guildhall/server/problem"
)

// mostInGroup bounds a conversation. More people are a room of a space.
const mostInGroup = 12

// RoomPerson is somebody who is in a room.
type RoomPerson struct {
	Person accounts.Person `json:"person" db:"person"`
	Role   access.Role     `json:"role" db:"role" enum:"member,facilitator,moderator,editor,participant"`
}

// People lists who may see a room, by name; of an open room these are the
// members of its space. Query finds those with a name of which a word begins
// so.
func (s *Service) People(ctx context.Context, who access.Actor, room ids.ID, query, cursor string, limit int) (*api.Page[RoomPerson], error) {
	if _, err := s.seat(ctx, who, room, access.ViewRoom); err != nil {
		return nil, err
	}
	var after personPlace
	if err := api.ReadCursor(cursor, &after.Name, &after.ID); err != nil {
		return nil, err
	}
	list, err := listPeople(ctx, s.db, room, query, after, limit+1)
	if err != nil {
		return nil, fmt.Errorf("list people: %w", err)
	}
	page := api.Cut(list, limit, func(p personRow) string { return api.Cursor(p.Key, p.Person.ID) })
	return api.Map(page, func(p personRow) RoomPerson { return p.RoomPerson }), nil
}

// Invited is whom to bring into a private room or a group. What they see of
// what was said before is told to everybody in the room.
type Invited struct {
	People  []ids.ID `json:"people" minItems:"1" maxItems:"100" nullable:"false"`
	History string   `json:"history" enum:"new,all" doc:"What they see: all that the one who brings them in sees, or what is said from now on"`
}

// Invite brings people into a private room or a group conversation. Those who
// are in it already stay as they are.
func (s *Service) Invite(ctx context.Context, who access.Actor, room ids.ID, in Invited) (*Room, error) {
	at, err := s.seat(ctx, who, room, access.InviteToRoom)
	if err != nil {
		return nil, err
	}
	switch at.Kind {
	case Open:
		return nil, problem.Conflict("open-room", "Everybody in the space is in this room already.")
	case Direct:
		return nil, problem.Conflict("direct-conversation", "A conversation of two people stays between them. Start a group instead.")
	case Private, Group:
	}
	if err := s.take(who); err != nil {
		return nil, err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		head, now, err := s.host(ctx, tx, who, room)
		if err != nil {
			return err
		}
		from := now.FromSeq // nobody lets others see what they do not see themselves
		if in.History == "new" {
			from = head
		}
		fresh, err := s.join(ctx, tx, who, at, in.People, from)
		if err != nil || len(fresh) == 0 {
			return err
		}
		return s.say(ctx, tx, who, room, Notice{Kind: "added", PeopleIDs: fresh, History: in.History})
	})
	if err != nil {
		return nil, err
	}
	return s.Room(ctx, who, room)
}

// host locks a room for who brings people into it or takes them out, and checks
// that they may do so by now: they have the role, and the room is open.
func (s *Service) host(ctx context.Context, tx *db.Tx, who access.Actor, room ids.ID) (head int64, now check, err error) {
	heads, err := lockHeads(ctx, tx, []int64{int64(room)})
	if err != nil {
		return 0, check{}, fmt.Errorf("lock room: %w", err)
	}
	if now, err = checkActor(ctx, tx, room, who.ID, access.InviteToRoom, s.now()); err != nil {
		return 0, check{}, fmt.Errorf("check actor: %w", err)
	}
	if err = now.outside("room"); err == nil && now.Archived {
		err = errArchived
	}
	return heads[room], now, err
}

// join gives people a seat and tells them; it gives those who had none. All of
// them must be people whom the inviter may see: of the space, or for a
// conversation, of one that they share.
func (s *Service) join(ctx context.Context, tx *db.Tx, who access.Actor, at seat, people []ids.ID, from int64) ([]ids.ID, error) {
	people = slices.Compact(slices.Sorted(slices.Values(people)))
	spaces := []int64{int64(at.SpaceID)}
	if at.SpaceID == 0 {
		spaces = who.In(access.ViewSpace)
	}
	known, err := countKnown(ctx, tx, people, spaces)
	if err != nil {
		return nil, fmt.Errorf("find people: %w", err)
	}
	if known != len(people) {
		return nil, problem.Invalid("body.people", "one of these is nobody whom you may bring in")
	}
	fresh, err := insertSeats(ctx, tx, at.RoomID, people, who.ID, from, s.now())
	if err != nil {
		return nil, fmt.Errorf("add people: %w", err)
	}
	if at.Kind == Group {
		n, err := countSeats(ctx, tx, at.RoomID)
		if err != nil {
			return nil, fmt.Errorf("count people: %w", err)
		}
		if n > mostInGroup {
			return nil, problem.Invalid("body.people", "a conversation is between at most "+strconv.Itoa(mostInGroup)+" people")
		}
	}
	if at.SpaceID != 0 && len(fresh) > 0 {
		for _, person := range fresh {
			if err := audit.Record(ctx, tx, who, audit.Act{Action: "room-invited", Space: at.SpaceID, Kind: "account", Subject: person, Detail: map[string]any{"room": at.RoomID}}); err != nil {
				return nil, err
			}
		}
	}
	return fresh, s.tellRoom(ctx, tx, at.SpaceID, at.RoomID, at.Kind)
}

// Leave takes a person out of a private room or a group: oneself, or in a room
// of a space somebody whom its hosts remove. The last who may run a private room
// does not leave others behind in it. An open room is left by oneself only, and
// is then in no list until one joins again.
func (s *Service) Leave(ctx context.Context, who access.Actor, room, person ids.ID) error {
	action := access.ViewRoom
	if person != who.ID {
		action = access.InviteToRoom
	}
	at, err := s.seat(ctx, who, room, action)
	if err != nil {
		return err
	}
	switch {
	case at.Kind == Direct:
		return problem.Conflict("direct-conversation", "A conversation of two people cannot be left. Hide or mute it instead.")
	case person != who.ID && at.Kind == Group:
		return problem.Forbidden()
	case at.Kind == Open && person != who.ID:
		return problem.Conflict("open-room", "Everybody in the space is in this room.")
	case at.Kind == Open:
		return s.db.Tx(ctx, func(tx *db.Tx) error { return s.setLeft(ctx, tx, who, room, true) })
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := s.mayEnd(ctx, tx, who, at, person); err != nil {
			return err
		}
		gone, err := endSeat(ctx, tx, room, person, s.now())
		if err != nil {
			return fmt.Errorf("leave room: %w", err)
		}
		if !gone {
			if person == who.ID {
				return nil
			}
			return problem.NotFound("person")
		}
		events.Emit(ctx, tx, events.RoomLeft{RoomID: room, AccountID: person})
		if err := s.tellRoom(ctx, tx, at.SpaceID, room, at.Kind); err != nil {
			return err
		}
		if person != who.ID {
			if err := audit.Record(ctx, tx, who, audit.Act{Action: "room-removed", Space: at.SpaceID, Kind: "account", Subject: person, Detail: map[string]any{"room": room}}); err != nil {
				return err
			}
		}
		return s.say(ctx, tx, who, room, Notice{Kind: "left", PeopleIDs: []ids.ID{person}})
	})
}

// mayEnd locks a private room or a group and checks that a person may be taken
// out of it.
func (s *Service) mayEnd(ctx context.Context, tx *db.Tx, who access.Actor, at seat, person ids.ID) error {
	if person != who.ID {
		_, _, err := s.host(ctx, tx, who, at.RoomID)
		return err
	}
	if _, err := lockHeads(ctx, tx, []int64{int64(at.RoomID)}); err != nil {
		return fmt.Errorf("lock room: %w", err)
	}
	if at.Kind != Private || !at.Role.May(access.InviteToRoom) {
		return nil
	}
	others, hosts, err := countOthers(ctx, tx, at.RoomID, person)
	if err != nil {
		return fmt.Errorf("count people: %w", err)
	}
	if others > 0 && hosts == 0 {
		return problem.Conflict("last-host", "You are the last facilitator or moderator in this room. Bring another one in, or remove the others, before you leave.")
	}
	return nil
}

// Join brings an open room that one left back into the lists.
func (s *Service) Join(ctx context.Context, who access.Actor, room ids.ID) (*Room, error) {
	if _, err := s.seat(ctx, who, room, access.ViewRoom); err != nil {
		return nil, err
	}
	if err := s.db.Tx(ctx, func(tx *db.Tx) error { return s.setLeft(ctx, tx, who, room, false) }); err != nil {
		return nil, err
	}
	return s.Room(ctx, who, room)
}

func (s *Service) setLeft(ctx context.Context, tx *db.Tx, who access.Actor, room ids.ID, left bool) error {
	if err := upsertLeft(ctx, tx, who.ID, room, left, s.now()); err != nil {
		return fmt.Errorf("leave or join a room: %w", err)
	}
	events.Emit(ctx, tx, events.RoomChanged{RoomID: room, Accounts: []ids.ID{who.ID}})
	return nil
}

// tellRoom lets the screens know that a room changed: of all in the space, or
// of those who are in it.
func (s *Service) tellRoom(ctx context.Context, tx *db.Tx, space, room ids.ID, kind Kind) error {
	if kind == Open {
		events.Emit(ctx, tx, events.RoomChanged{RoomID: room, SpaceID: space})
		return nil
	}
	people, err := listSeated(ctx, tx, room)
	if err != nil {
		return fmt.Errorf("list people: %w", err)
	}
	events.Emit(ctx, tx, events.RoomChanged{RoomID: room, Accounts: people})
	return nil
}
