package chat

import (
	"context"
	"fmt"

	"guildhall/server/db"
	"guildhall/server/ids"
	"guildhall/server/markup"
	"guildhall/server/problem"
)

const (
	fewPeople  = 6  // from so many in a room on, @room must be meant
	manyPeople = 50 // beyond so many, @room is for those with access.CallRoom
)

// calls is whom a message calls.
type calls struct {
	people []ids.ID
	room   bool // everybody
}

func callsOf(body string) calls {
	people, room := markup.Mentions(body)
	return calls{people, room}
}

// mention is one call: of a person, or of everybody, which is person 0.
type mention struct {
	message *Message
	person  ids.ID
}

// of gives the calls of a message one by one.
func (c calls) of(m *Message) []mention {
	var list []mention
	for _, person := range c.people {
		list = append(list, mention{m, person})
	}
	if c.room {
		list = append(list, mention{m, 0})
	}
	return list
}

// refusal says why the author may not call everybody, nil if they may or do
// not. Confirmed is their word that they mean it.
func (c calls) refusal(in check, confirmed bool) error {
	switch {
	case !c.room || in.People < fewPeople:
		return nil
	case in.People > manyPeople && !in.MayCall:
		return problem.New(403, "call-not-allowed", "Not allowed", fmt.Sprintf("In a room of more than %d people only facilitators and moderators may call everybody with @room.", manyPeople))
	case !confirmed:
		return problem.Confirm("confirm-room", fmt.Sprintf("@room calls everybody in the room, %d people.", in.People), in.People)
	}
	return nil
}

// storeCalls keeps whom new messages call.
func storeCalls(ctx context.Context, tx *db.Tx, fresh []*post) error {
	var list []mention
	for _, p := range fresh {
		list = append(list, p.calls.of(&p.message)...)
	}
	if len(list) == 0 {
		return nil
	}
	if err := insertMentions(ctx, tx, list, false); err != nil {
		return fmt.Errorf("store mentions: %w", err)
	}
	return nil
}

// changeCalls makes what is kept follow an edit. Whoever is named no more is
// called no more; whoever is named now was not called, and has nothing unread
// of it.
func changeCalls(ctx context.Context, tx *db.Tx, m *Message) error {
	now := callsOf(m.Body)
	if err := deleteMentions(ctx, tx, m.ID, now); err != nil {
		return fmt.Errorf("forget mentions: %w", err)
	}
	if err := insertMentions(ctx, tx, now.of(m), true); err != nil {
		return fmt.Errorf("store mentions: %w", err)
	}
	return nil
}
