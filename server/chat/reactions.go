package chat

import (
	"context"
	"fmt"
	"slices"

	"guildhall/server/access"
	"guildhall/server/accounts"
	"guildhall/server/db"
	"guildhall/server/ids"
	"guildhall/server/problem"
)

// mostReactors is how many people are named with a reaction.
const mostReactors = 30

// Reaction is what some people feel about a message.
type Reaction struct {
	Name   string  `json:"name" enum:"thumbs-up,heart,celebrate,clap,smile,thinking,thanks,check"`
	Count  int     `json:"count" minimum:"1"`
	Mine   *bool   `json:"mine,omitempty" doc:"Whether the reader is one of them; absent in live frames"`
	People []Named `json:"people" nullable:"false" doc:"The first 30 of them"`
	who    []ids.ID
}

// Named is somebody by the name that they have now.
type Named struct {
	ID   ids.ID `json:"id"`
	Name string `json:"name"`
}

// keptReaction is a reaction as it stands in its message's row: people by id,
// in the order in which they came.
type keptReaction struct {
	Name   string   `json:"name"`
	People []ids.ID `json:"people"`
}

// React gives a message one of the eight reactions, or takes one's own back.
// What is so already stays so. It is never unread.
func (s *Service) React(ctx context.Context, who access.Actor, id ids.ID, reaction string, on bool) (*Message, error) {
	at, err := s.find(ctx, who, id)
	if err != nil {
		return nil, err
	}
	if err := at.Role.Must(access.PostMessage, "message"); err != nil {
		return nil, err
	}
	if err := s.take(who); err != nil {
		return nil, err
	}
	return s.change(ctx, who, at, id, "reacted", func(tx *db.Tx, m *Message) (bool, error) {
		if err := s.mayTouch(ctx, tx, who, m, access.PostMessage); err != nil {
			return false, err
		}
		changed, err := setReaction(ctx, tx, id, who.ID, reaction, on, s.now())
		if err != nil || !changed {
			return false, err
		}
		if err := keepReactions(ctx, tx, id); err != nil {
			return false, fmt.Errorf("keep reactions: %w", err)
		}
		*m, err = getMessage(ctx, tx, id)
		return true, err
	})
}

// mayTouch checks, in the transaction that changes a message or something about
// it, that the person may do so by now: that they have the role, the room is
// open, they are not muted, and the message is one that was said and not
// deleted.
func (s *Service) mayTouch(ctx context.Context, tx *db.Tx, who access.Actor, m *Message, action access.Action) error {
	now, err := checkActor(ctx, tx, m.RoomID, who.ID, action, s.now())
	if err != nil {
		return fmt.Errorf("check actor: %w", err)
	}
	switch refused := now.refusal("message"); {
	case refused != nil:
		return refused
	case m.Notice != nil:
		return problem.Forbidden()
	case m.DeletedAt != nil:
		return problem.Conflict("message-deleted", "This message was deleted.")
	}
	return nil
}

// reaction gives a kept one as it is read; its people are named by nameReactors,
// and whether it is the reader's is said by forReader.
func (k keptReaction) reaction() Reaction {
	return Reaction{Name: k.Name, Count: len(k.People), People: []Named{}, who: k.People}
}

// first are those of the people who are named.
func (r Reaction) first() []ids.ID { return r.who[:min(len(r.who), mostReactors)] }

// forReader says what the reader may do with a message, and which reactions
// are theirs.
func (m *Message) forReader(who access.Actor, role access.Role) {
	m.Can = messageActions(who, role, m)
	for i := range m.Reactions {
		mine := slices.Contains(m.Reactions[i].who, who.ID)
		m.Reactions[i].Mine = &mine
	}
}

// nameReactors gives the people of reactions and pins their names.
func (m *Message) nameReactors(people map[ids.ID]accounts.Person) {
	for i := range m.Reactions {
		for _, id := range m.Reactions[i].first() {
			m.Reactions[i].People = append(m.Reactions[i].People, Named{id, people[id].Name})
		}
	}
	if m.PinnedBy != nil {
		m.PinnedBy.Name = people[m.PinnedBy.ID].Name
	}
}
