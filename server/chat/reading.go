package chat

import (
	"context"
	"fmt"
	"time"

	"guildhall/server/access"
	"guildhall/server/db"
	"guildhall/server/events"
	"guildhall/server/ids"
)

// MarkUnread says that the person wants to read from seq on again. Unlike
// MarkRead it lowers the mark, and never raises it. It gives the state that all
// their devices show.
func (s *Service) MarkUnread(ctx context.Context, who access.Actor, id ids.ID, seq int64) (*ReadMark, error) {
	r, err := s.Room(ctx, who, id)
	if err != nil {
		return nil, err
	}
	out := ReadMark{Type: "read", Room: id, Lowered: true}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		if out.LastReadSeq, err = lowerRead(ctx, tx, who.ID, id, max(min(seq-1, r.LastReadSeq), r.FromSeq)); err != nil {
			return fmt.Errorf("mark unread: %w", err)
		}
		if out.Unread, err = countUnread(ctx, tx, who.ID, id, out.LastReadSeq); err != nil {
			return fmt.Errorf("count unread: %w", err)
		}
		if out.Mentions, err = countMentions(ctx, tx, who.ID, id, r.FromSeq, out.LastReadSeq); err != nil {
			return fmt.Errorf("count mentions: %w", err)
		}
		events.Emit(ctx, tx, events.RoomRead{RoomID: id, AccountID: who.ID, LastReadSeq: out.LastReadSeq, Unread: out.Unread, Mentions: out.Mentions, Lowered: true})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &out, nil
}

// at gives the number of the first message posted at a moment or after it;
// where there is none, the number that the next one will have at least.
func (s *Service) at(ctx context.Context, r seat, moment time.Time) (int64, error) {
	seq, err := firstSince(ctx, s.db, r.RoomID, moment)
	if db.NoRows(err) {
		return r.Head + 1, nil
	}
	if err != nil {
		return 0, fmt.Errorf("find the first message since: %w", err)
	}
	return seq, nil
}
