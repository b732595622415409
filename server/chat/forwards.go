package chat

import (
	"context"
	"fmt"

	"guildhall/search"
	"guildhall/server/access"
	"guildhall/server/db"
	"guildhall/server/ids"
	"guildhall/server/markup"
	"guildhall/server/problem"
)

// CardKind is what cards of messages are asked for by.
const CardKind = "message"

// mostOnCard is how much of a message a card shows.
const mostOnCard = 400

// forward is what a message that passes another one on is checked against.
type forward struct {
	Source *ids.ID `db:"source"` // what is passed on; null when it is not there for the author
	Blind  int     `db:"blind"`  // people of the room who do not see it where it stands
}

// refusal says why it may not be passed on, nil if it may.
func (f forward) refusal() error {
	switch {
	case f.Source == nil:
		return problem.NotFound("message")
	case f.Blind > 0:
		return problem.Confirm("not-for-everybody", fmt.Sprintf("%d of the people here could not see that message.", f.Blind), f.Blind)
	}
	return nil
}

// checkForwards gives one check for each post, none where nothing is passed
// on: then it costs nothing. It runs in the transaction that stores them.
func checkForwards(ctx context.Context, tx *db.Tx, batch []*post) ([]forward, error) {
	out := make([]forward, len(batch))
	for i, p := range batch {
		if p.message.ForwardOf == 0 {
			continue
		}
		f, err := getForward(ctx, tx, p.message.RoomID, p.message.Author.ID, p.message.ForwardOf)
		if err != nil {
			return nil, fmt.Errorf("check forward: %w", err)
		}
		out[i] = f
	}
	return out, nil
}

// storeForwards keeps what new messages pass on.
func storeForwards(ctx context.Context, tx *db.Tx, fresh []*post) error {
	for _, p := range fresh {
		if p.message.ForwardOf == 0 {
			continue
		}
		if err := setForward(ctx, tx, p.message.ID, p.message.ForwardOf); err != nil {
			return fmt.Errorf("store forward: %w", err)
		}
	}
	return nil
}

// hydrate reads messages for cards, under the same rights as everywhere else.
func (s *Service) hydrate(ctx context.Context, who access.Actor, list []ids.ID) (map[ids.ID]search.Row, error) {
	rows, err := listCards(ctx, s.db, who.ID, list)
	if err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	out := make(map[ids.ID]search.Row, len(rows))
	for _, r := range rows {
		out[r.ID] = search.Row{
			Title: r.Author, Text: markup.Plain(r.Body, mostOnCard), Where: r.Room, At: r.At,
			Path: fmt.Sprintf("/rooms/%s?at=%d#m%s", r.RoomID, r.Seq, r.ID),
		}
	}
	return out, nil
}
