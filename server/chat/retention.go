package chat

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"guildhall/server/access"
	"guildhall/server/db"
	"guildhall/server/ids"
	"guildhall/server/problem"
)

const (
	retentionNotice = 7 * 24 * time.Hour // before a room's retention begins
	mostForgotten   = 500                // messages in one transaction
)

// Retention is what keeping a room's messages for so many days would mean now.
type Retention struct {
	Periods  []int      `json:"periods" nullable:"false" doc:"Days of which a room's facilitators may choose"`
	Days     int        `json:"days"`
	Messages int        `json:"messages" db:"messages" doc:"That are older and would be deleted"`
	Files    int        `json:"files" db:"files" doc:"Of these messages"`
	Oldest   *time.Time `json:"oldest" db:"oldest"`
	Begins   time.Time  `json:"begins" doc:"When deletion begins, if it is chosen now or is what was chosen"`
}

// TryRetention counts what would be deleted, and deletes nothing. To keep
// messages for 0 days is to keep them for ever.
func (s *Service) TryRetention(ctx context.Context, who access.Actor, room ids.ID, days int) (*Retention, error) {
	r, err := s.Room(ctx, who, room)
	if err != nil {
		return nil, err
	}
	if err := r.role.Must(access.SetRetention, "room"); err != nil {
		return nil, err
	}
	if days == 0 {
		return &Retention{Periods: s.config.Periods}, nil
	}
	if err := s.checkPeriod(&days); err != nil {
		return nil, err
	}
	now := s.now()
	out, err := countOlder(ctx, s.db, room, now.AddDate(0, 0, -days))
	if err != nil {
		return nil, fmt.Errorf("count older messages: %w", err)
	}
	out.Periods, out.Days, out.Begins = s.config.Periods, days, now.Add(retentionNotice)
	if r.RetentionSetAt != nil && r.RetentionDays != nil && *r.RetentionDays == days {
		out.Begins = r.RetentionSetAt.Add(retentionNotice)
	}
	return &out, nil
}

// checkPeriod says whether the site allows to keep messages for so long; nil is
// for ever.
func (s *Service) checkPeriod(days *int) error {
	if days == nil || slices.Contains(s.config.Periods, *days) {
		return nil
	}
	return problem.Invalid("body.retentionDays", fmt.Sprintf("choose one of %v days, or none", s.config.Periods))
}

// Retain deletes what rooms keep no longer: words, files, reactions and what
// the search knows. The numbers stay, so that no gap appears. It may run on
// several nodes at once and goes on where it was broken off. A room that fails
// keeps no other from its turn.
func (s *Service) Retain(ctx context.Context) error {
	now := s.now()
	rooms, err := listRetaining(ctx, s.db, now.Add(-retentionNotice), s.config.RetentionConversations > 0)
	if err != nil {
		return fmt.Errorf("list rooms with retention: %w", err)
	}
	var failed error
	for _, r := range rooms {
		days := s.config.RetentionConversations
		if r.Days != nil {
			days = *r.Days
		}
		for more := true; more; {
			more, err = s.forget(ctx, r.ID, now.AddDate(0, 0, -days))
			if err != nil {
				failed, more = errors.Join(failed, fmt.Errorf("room %s: %w", r.ID, err)), false
			}
		}
		if ctx.Err() != nil {
			break
		}
	}
	return failed
}

// forget deletes some of the messages that are older, the oldest first, and
// says whether there may be more. A message whose thread goes on stays with it.
func (s *Service) forget(ctx context.Context, room ids.ID, before time.Time) (more bool, err error) {
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		if _, err := lockHeads(ctx, tx, []int64{int64(room)}); err != nil {
			return fmt.Errorf("lock room: %w", err)
		}
		list, err := listOlder(ctx, tx, room, before, mostForgotten)
		if err != nil {
			return fmt.Errorf("list older messages: %w", err)
		}
		more = len(list) == mostForgotten
		if len(list) == 0 {
			return nil
		}
		if err := dropOf(ctx, tx, s.now(), list...); err != nil {
			return fmt.Errorf("delete files: %w", err)
		}
		authors, err := failAnswers(ctx, tx, list, errThreadGone.Type)
		if err != nil {
			return fmt.Errorf("give back answers: %w", err)
		}
		tellAuthors(ctx, tx, authors)
		if err := deleteMessages(ctx, tx, room, list, s.now()); err != nil {
			return fmt.Errorf("delete messages: %w", err)
		}
		return nil
	})
	return more, err
}
