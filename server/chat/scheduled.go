package chat

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"guildhall/server/access"
	"guildhall/server/accounts"
	"guildhall/server/db"
	"guildhall/server/events"
	"guildhall/server/ids"
	"guildhall/server/problem"
)

const (
	mostScheduled = 100                  // waiting messages of one person
	mostAhead     = 366 * 24 * time.Hour // of now
	tooLate       = 24 * time.Hour       // after its time a message is not sent any more without asking
)

// Scheduled is a message that is to be sent later. One that could not be sent
// stays, and says why.
type Scheduled struct {
	ID        ids.ID    `json:"id" db:"id"`
	RoomID    ids.ID    `json:"roomId" db:"room_id"`
	ThreadID  ids.ID    `json:"threadId,omitempty" db:"thread_id"`
	ClientID  string    `json:"clientId" db:"client_id" format:"uuid"`
	Body      string    `json:"body" db:"body"`
	SendAt    time.Time `json:"sendAt" db:"send_at"`
	Version   int       `json:"version" db:"version"`
	CreatedAt time.Time `json:"createdAt" db:"created_at"`
	Failed    string    `json:"failed" db:"failed" doc:"The type of the problem that kept it from being sent, such as /problems/room-archived; empty while it waits"`
}

// ScheduledChanged tells a person's devices that their list of messages to be
// sent later changed.
type ScheduledChanged struct {
	Type string `json:"type" enum:"scheduled"`
}

// NewScheduled is a message and when to send it.
type NewScheduled struct {
	NewMessage
	SendAt time.Time `json:"sendAt" format:"date-time" doc:"From now to a year ahead"`
}

// Schedule keeps a message that is sent at its time, as if the person sent it
// then: with the rights that they have by then. The same message again, for the
// same time, gives the one that is kept.
func (s *Service) Schedule(ctx context.Context, who access.Actor, room ids.ID, in NewScheduled) (*Scheduled, error) {
	if _, err := s.seat(ctx, who, room, access.PostMessage); err != nil {
		return nil, err
	}
	if _, err := uuid.Parse(in.ClientID); err != nil || len(in.ClientID) != 36 {
		return nil, problem.Invalid("body.clientId", "this must be a UUID of 36 characters")
	}
	if len(in.Attachments) > 0 || in.ForwardOf != 0 {
		return nil, problem.Conflict("words-only", "Only words can be sent later.")
	}
	if _, err := checkBody(in.Body); err != nil {
		return nil, err
	}
	if in.ThreadID != 0 {
		if at, err := s.find(ctx, who, in.ThreadID); err != nil || at.RoomID != room {
			return nil, problem.NotFound("message")
		}
	}
	if err := s.take(who); err != nil {
		return nil, err
	}
	m := Scheduled{
		RoomID: room, ThreadID: in.ThreadID, ClientID: strings.ToLower(in.ClientID), Body: in.Body,
		SendAt: in.SendAt.UTC().Truncate(time.Millisecond), CreatedAt: s.now().Truncate(time.Millisecond),
	}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := tx.Alone(ctx, "schedule of "+who.ID.String()); err != nil {
			return err
		}
		kept, err := findScheduled(ctx, tx, who.ID, m.ClientID)
		if db.NoRows(err) {
			return s.keepScheduled(ctx, tx, who.ID, &m, in.ConfirmRoom)
		}
		if err != nil {
			return fmt.Errorf("find message: %w", err)
		}
		if kept.RoomID != room || kept.ThreadID != m.ThreadID || kept.Body != m.Body || !kept.SendAt.Equal(m.SendAt) {
			return errReused
		}
		m = kept
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &m, nil
}

// keepScheduled keeps a message that was not kept before.
func (s *Service) keepScheduled(ctx context.Context, tx *db.Tx, author ids.ID, m *Scheduled, confirmed bool) error {
	if err := s.checkTime(m.SendAt); err != nil {
		return err
	}
	n, err := countScheduled(ctx, tx, author)
	if err != nil {
		return fmt.Errorf("count scheduled: %w", err)
	}
	if n >= mostScheduled {
		return problem.Conflict("too-many-scheduled", fmt.Sprintf("At most %d messages can wait to be sent.", mostScheduled))
	}
	if err := s.meant(ctx, tx, author, *m, confirmed); err != nil {
		return err
	}
	if *m, err = insertScheduled(ctx, tx, author, *m); err != nil {
		return fmt.Errorf("keep message: %w", err)
	}
	return s.planned(ctx, tx, author, *m)
}

// meant asks what Post asks of whoever calls a whole room. At the time when the
// message is sent nobody is there to be asked.
func (s *Service) meant(ctx context.Context, tx *db.Tx, author ids.ID, m Scheduled, confirmed bool) error {
	p := &post{message: Message{RoomID: m.RoomID, ClientID: m.ClientID, Author: accounts.Person{ID: author}}, calls: callsOf(m.Body)}
	if !p.calls.room {
		return nil
	}
	checks, err := checkPosts(ctx, tx, []*post{p}, s.now())
	if err != nil {
		return fmt.Errorf("count whom it calls: %w", err)
	}
	return p.calls.refusal(checks[0], confirmed)
}

func (s *Service) checkTime(at time.Time) error {
	if now := s.now(); at.Before(now) || at.After(now.Add(mostAhead)) {
		return problem.Invalid("body.sendAt", "choose a time from now to a year ahead")
	}
	return nil
}

// planned makes the job that sends a message at its time, and tells the
// person's devices. A job that comes when the message is no longer due does
// nothing.
func (s *Service) planned(ctx context.Context, tx *db.Tx, account ids.ID, m Scheduled) error {
	events.Emit(ctx, tx, events.ScheduledChanged{AccountID: account})
	return events.Later(ctx, tx, sendScheduled, dueMessage{ID: m.ID, Version: m.Version}, m.SendAt)
}

// ListScheduled gives the person's messages that wait or could not be sent, the
// next one first.
func (s *Service) ListScheduled(ctx context.Context, who access.Actor) ([]Scheduled, error) {
	list, err := listScheduled(ctx, s.db, who.ID)
	if err != nil {
		return nil, fmt.Errorf("list scheduled: %w", err)
	}
	return list, nil
}

// ScheduledEdit is a waiting message as it should be.
type ScheduledEdit struct {
	Body        string    `json:"body" minLength:"1" maxLength:"8000"`
	SendAt      time.Time `json:"sendAt" format:"date-time"`
	ConfirmRoom bool      `json:"confirmRoom,omitempty" doc:"The author knows how many people @room calls"`
	Version     int       `json:"version" minimum:"1" maximum:"2147483647"`
}

// EditScheduled changes the words or the time of a message that waits, or
// gives one that could not be sent another try.
func (s *Service) EditScheduled(ctx context.Context, who access.Actor, id ids.ID, in ScheduledEdit) (*Scheduled, error) {
	if _, err := checkBody(in.Body); err != nil {
		return nil, err
	}
	var out Scheduled
	stale := false
	err := s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		if out, err = lockScheduled(ctx, tx, who.ID, id); err != nil {
			return foundScheduled(err)
		}
		if stale = out.Version != in.Version; stale {
			return nil
		}
		if !in.SendAt.Equal(out.SendAt) {
			if err := s.checkTime(in.SendAt); err != nil {
				return err
			}
		}
		out.Body, out.SendAt, out.Failed, out.Version = in.Body, in.SendAt.UTC().Truncate(time.Millisecond), "", out.Version+1
		if err := s.meant(ctx, tx, who.ID, out, in.ConfirmRoom); err != nil {
			return err
		}
		if err := updateScheduled(ctx, tx, out); err != nil {
			return fmt.Errorf("change message: %w", err)
		}
		return s.planned(ctx, tx, who.ID, out)
	})
	if err == nil && stale {
		err = problem.Stale(out)
	}
	if err != nil {
		return nil, err
	}
	return &out, nil
}

// DropScheduled takes a message back that waits or could not be sent.
func (s *Service) DropScheduled(ctx context.Context, who access.Actor, id ids.ID) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		m, err := lockScheduled(ctx, tx, who.ID, id)
		if err != nil {
			return foundScheduled(err)
		}
		events.Emit(ctx, tx, events.ScheduledChanged{AccountID: who.ID})
		return deleteScheduled(ctx, tx, id, m.Version)
	})
}

func foundScheduled(err error) error {
	if db.NoRows(err) {
		return problem.NotFound("message")
	}
	return fmt.Errorf("find message: %w", err)
}

var (
	errTooLate    = problem.Conflict("too-late", "This could not be sent at its time, which is long over.")
	errThreadGone = problem.Conflict("thread-gone", "The message that this was to answer is kept no longer.")
)

// sweepScheduled gives up messages whose time is long over. The job that was to
// send one has ended without, or it would have said so itself.
func (s *Service) sweepScheduled(ctx context.Context) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		authors, err := failOverdue(ctx, tx, s.now().Add(-tooLate), errTooLate.Type)
		if err != nil {
			return fmt.Errorf("give up messages that were to be sent: %w", err)
		}
		tellAuthors(ctx, tx, authors)
		return nil
	})
}

func tellAuthors(ctx context.Context, tx *db.Tx, authors []ids.ID) {
	for _, author := range authors {
		events.Emit(ctx, tx, events.ScheduledChanged{AccountID: author})
	}
}

// sendScheduled is the kind of job that sends a message at its time.
const sendScheduled = "chat-send-scheduled"

type dueMessage struct {
	ID      ids.ID `json:"id"`
	Version int    `json:"version"`
}

// sendDue sends a message whose time has come, with the rights that its author
// has now. Sent twice it is stored once, by its client id. What its author must
// see to is kept with the message; anything else is tried again.
func (s *Service) sendDue(ctx context.Context, due dueMessage) error {
	account, m, err := getScheduled(ctx, s.db, due.ID)
	if db.NoRows(err) {
		return nil // sent or taken back
	}
	if err != nil {
		return fmt.Errorf("find scheduled message: %w", err)
	}
	if m.Failed != "" || m.Version != due.Version {
		return nil // changed: another job comes
	}
	if m.SendAt.After(s.now()) { // the database's clock, by which jobs run, is ahead of ours
		return errors.New("a message to be sent later is not due yet")
	}
	who, err := s.actorOf(ctx, account)
	if err != nil {
		return err
	}
	switch {
	case !who.SignedIn(): // suspended or erased
		err = problem.NotFound("room")
	case s.now().Sub(m.SendAt) > tooLate:
		err = errTooLate
	default:
		// Whom @room calls was asked when the time was chosen.
		_, err = s.Post(ctx, who, m.RoomID, NewMessage{ClientID: m.ClientID, Body: m.Body, ThreadID: m.ThreadID, ConfirmRoom: true})
	}
	var refused *problem.Error
	if err != nil && (!errors.As(err, &refused) || refused.Status == 429 || refused.Status >= 500) {
		return fmt.Errorf("send scheduled message: %w", err)
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		events.Emit(ctx, tx, events.ScheduledChanged{AccountID: account})
		if refused != nil {
			return failScheduled(ctx, tx, m.ID, m.Version, refused.Type)
		}
		return deleteScheduled(ctx, tx, m.ID, m.Version)
	})
}
