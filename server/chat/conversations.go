package chat

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"guildhall/server/access"
	"guildhall/server/api"
	"guildhall/server/db"
	"guildhall/server/ids"
	"guildhall/server/problem"
	"guildhall/server/text"
)

// Conversations lists the conversations that the person is in, the last spoken
// in first. Those they hid come back when something is said, or with hidden.
func (s *Service) Conversations(ctx context.Context, who access.Actor, hidden bool, cursor string, limit int) (*api.Page[Room], error) {
	before := conversationPlace{At: farOff, ID: 1 << 62}
	if err := api.ReadCursor(cursor, &before.At, &before.ID); err != nil {
		return nil, err
	}
	list, err := listConversations(ctx, s.db, who.ID, hidden, before, limit+1)
	if err != nil {
		return nil, fmt.Errorf("list conversations: %w", err)
	}
	page := api.Cut(list, limit, func(r roomRow) string { return api.Cursor(r.SpokeAt, r.ID) })
	return api.Map(page, func(r roomRow) Room { return decorate(r.room()) }), nil
}

// conversationPlace is the sort key of the list of conversations.
type conversationPlace struct {
	At time.Time
	ID ids.ID
}

// farOff is later than anything is said.
var farOff = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// NewConversation is whom to talk to: one person, or up to eleven. ClientID is
// the client's own UUID of a group: asking again gives the one that was made.
type NewConversation struct {
	ClientID string   `json:"clientId,omitempty" format:"uuid" doc:"Of a group, the client's own name of it: asked for again, with the same people, it is made once"`
	People   []ids.ID `json:"people" minItems:"1" maxItems:"11" nullable:"false"`
	Name     string   `json:"name,omitempty" maxLength:"80" doc:"Of a group; without one it goes by its people"`
}

// pairOf names the one conversation of two people.
func pairOf(one, other ids.ID) string {
	return fmt.Sprintf("%d:%d", min(one, other), max(one, other))
}

// Converse gives the conversation with one other person, which exists once for
// the two, or makes one between several, once for each client id.
func (s *Service) Converse(ctx context.Context, who access.Actor, in NewConversation) (*Room, error) {
	others := slices.Compact(slices.Sorted(slices.Values(in.People)))
	others = slices.DeleteFunc(others, func(id ids.ID) bool { return id == who.ID })
	in.Name = strings.TrimSpace(in.Name)
	switch {
	case len(others) == 0:
		return nil, problem.Invalid("body.people", "name somebody besides yourself")
	case in.Name != "" && !text.OneLine(in.Name):
		return nil, problem.Invalid("body.name", "write the name on one line")
	case in.Name != "" && len(others) == 1:
		return nil, problem.Invalid("body.name", "a conversation of two people has no name")
	}
	if _, err := uuid.Parse(in.ClientID); len(others) > 1 && (err != nil || len(in.ClientID) != 36) {
		return nil, problem.Invalid("body.clientId", "this must be a UUID of 36 characters")
	}
	if err := s.take(who); err != nil {
		return nil, err
	}
	room := newRoom{Kind: Group, Name: in.Name, By: who.ID, ClientID: strings.ToLower(in.ClientID), With: others}
	if len(others) == 1 {
		room = newRoom{Kind: Direct, Pair: pairOf(who.ID, others[0]), By: who.ID}
	}
	var id ids.ID
	err := s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		if id, err = begun(ctx, tx, room); err == nil || !db.NoRows(err) {
			return err
		}
		if id, err = insertRoom(ctx, tx, room); err != nil {
			return fmt.Errorf("store conversation: %w", err)
		}
		_, err = s.join(ctx, tx, who, seat{RoomID: id, Kind: room.Kind}, append(others, who.ID), 0)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.Room(ctx, who, id)
}

// begun gives the conversation that was begun before, no row if none was. Who
// starts it at the same moment waits, and then finds it.
func begun(ctx context.Context, tx *db.Tx, room newRoom) (ids.ID, error) {
	if room.Kind == Direct {
		if err := tx.Alone(ctx, "converse "+room.Pair); err != nil {
			return 0, err
		}
		return getPair(ctx, tx, room.Pair)
	}
	if err := tx.Alone(ctx, "converse "+room.By.String()+" "+room.ClientID); err != nil {
		return 0, err
	}
	id, same, err := getBegun(ctx, tx, room)
	if err == nil && !same {
		err = errReused
	}
	return id, err
}
