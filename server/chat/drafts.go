package chat

import (
	"context"
	"fmt"
	"time"
	"unicode/utf8"

	"guildhall/server/access"
	"guildhall/server/db"
	"guildhall/server/events"
	"guildhall/server/ids"
	"guildhall/server/problem"
	"guildhall/server/text"
)

// draftsPerMinute is how often one person's drafts may be kept: what somebody
// types on two devices, each saving every second.
const draftsPerMinute = 240

// Draft is what a person is writing in a room or a thread, the same on all
// their devices. An empty one is none.
type Draft struct {
	RoomID    ids.ID    `json:"roomId" db:"room_id"`
	ThreadID  ids.ID    `json:"threadId,omitempty" db:"thread_id"`
	Body      string    `json:"body" db:"body"`
	Version   int64     `json:"version" db:"version" doc:"Grows with each change on any device"`
	UpdatedAt time.Time `json:"updatedAt" db:"updated_at"`
}

// DraftChanged tells a person's other devices what is being written.
type DraftChanged struct {
	Type   string `json:"type" enum:"draft"`
	Draft  Draft  `json:"draft"`
	Device string `json:"device" doc:"The one that wrote it, as it called itself"`
}

// Drafts lists all that the person is writing in rooms that they may see, the
// newest first, at most 200.
func (s *Service) Drafts(ctx context.Context, who access.Actor) ([]Draft, error) {
	list, err := listDrafts(ctx, s.db, who.ID)
	if err != nil {
		return nil, fmt.Errorf("list drafts: %w", err)
	}
	return list, nil
}

// NewDraft is a draft to keep. What was kept last counts; Device is a name that
// the device made up for itself, so that it knows its own changes again.
type NewDraft struct {
	Body     string `json:"body" maxLength:"8000"`
	ThreadID ids.ID `json:"threadId,omitempty"`
	Device   string `json:"device,omitempty" maxLength:"36"`
}

// KeepDraft keeps what the person is writing in a room, or forgets it when it
// is empty.
func (s *Service) KeepDraft(ctx context.Context, who access.Actor, room ids.ID, in NewDraft) (*Draft, error) {
	if _, err := s.seat(ctx, who, room, access.PostMessage); err != nil {
		return nil, err
	}
	if !text.Kept(in.Body) {
		return nil, problem.Invalid("body.body", "this text holds characters that cannot be stored")
	}
	if utf8.RuneCountInString(in.Body) > mostBody {
		return nil, problem.Invalid("body.body", fmt.Sprintf("a message has at most %d characters", mostBody))
	}
	if in.ThreadID != 0 {
		if at, err := s.find(ctx, who, in.ThreadID); err != nil || at.RoomID != room {
			return nil, problem.NotFound("message")
		}
	}
	if err := s.drafts.Take(s.now(), who.ID.String()); err != nil {
		return nil, err
	}
	d := Draft{RoomID: room, ThreadID: in.ThreadID, Body: in.Body, UpdatedAt: s.now().Truncate(time.Millisecond)}
	err := s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		if d.Version, err = upsertDraft(ctx, tx, who.ID, d); err != nil {
			return fmt.Errorf("keep draft: %w", err)
		}
		events.Emit(ctx, tx, events.DraftKept{AccountID: who.ID, Frame: rawDraft(d, in.Device)})
		return nil
	})
	return &d, err
}
