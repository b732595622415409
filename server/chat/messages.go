package chat

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"guildhall/server/access"
	"guildhall/server/audit"
	"guildhall/server/db"
	"guildhall/server/events"
	"guildhall/server/ids"
	"guildhall/server/markup"
	"guildhall/server/problem"
	"guildhall/server/text"
)

const (
	mostBody    = 8000 // characters of one message
	mostChanges = 500  // changes in one answer; further behind is a reload
)

// NewMessage is something to say. ClientID is the client's own UUID of it:
// sending it again gives the message that was stored the first time.
type NewMessage struct {
	ClientID    string   `json:"clientId" format:"uuid" doc:"The client's own name of this message: sent again, it is stored once"`
	Body        string   `json:"body" maxLength:"8000" doc:"Markdown; [@Name](/people/12) calls somebody, @room everybody. May be empty where a message is passed on or files come with it"`
	ForwardOf   ids.ID   `json:"forwardOf,omitempty" doc:"A message to pass on, which everybody in the room must be able to see where it stands"`
	ConfirmRoom bool     `json:"confirmRoom,omitempty" doc:"The author knows how many people @room calls"`
	Attachments []ids.ID `json:"attachments,omitempty" maxItems:"50" nullable:"false" doc:"Uploads of one's own to send with it"`
	ThreadID    ids.ID   `json:"threadId,omitempty" doc:"The message of the room that this answers in its thread"`
}

// Post says something in a room. When it returns, the message is on disk.
func (s *Service) Post(ctx context.Context, who access.Actor, room ids.ID, in NewMessage) (*Message, error) {
	at, author, err := getPlace(ctx, s.db, room, who.ID)
	if db.NoRows(err) {
		return nil, problem.NotFound("room")
	}
	if err != nil {
		return nil, fmt.Errorf("load room: %w", err)
	}
	if err := at.Role.Must(access.PostMessage, "room"); err != nil {
		return nil, err
	}
	if _, err := uuid.Parse(in.ClientID); err != nil || len(in.ClientID) != 36 {
		return nil, problem.Invalid("body.clientId", "this must be a UUID of 36 characters")
	}
	words, html, err := checkWords(in.Body, len(in.Attachments) > 0 || in.ForwardOf != 0)
	if err != nil {
		return nil, err
	}
	if err := s.checkFiles(in.Attachments); err != nil {
		return nil, err
	}
	if err := s.take(who); err != nil {
		return nil, err
	}
	p := &post{
		spaceID: at.SpaceID,
		message: Message{RoomID: room, ClientID: strings.ToLower(in.ClientID), Author: author, Body: words, HTML: html, Version: 1, ForwardOf: in.ForwardOf, ThreadID: in.ThreadID},
		calls:   callsOf(words), files: in.Attachments, confirmRoom: in.ConfirmRoom,
		done: make(chan error, 1),
	}
	if err := s.committers[int(room)%len(s.committers)].commit(ctx, p); err != nil {
		return nil, err
	}
	p.message.forReader(who, at.Role)
	return &p.message, nil
}

// take counts one piece of writing against the person's limit.
func (s *Service) take(who access.Actor) error {
	if who.Load {
		return nil
	}
	return s.rate.Take(s.now(), who.ID.String())
}

// checkWords is checkBody where files may stand for the words.
func checkWords(body string, files bool) (kept, html string, err error) {
	if files && !text.Seen(body) {
		return "", "", nil
	}
	html, err = checkBody(body)
	return body, html, err
}

var errNoWords = problem.Invalid("body.body", "write something first")

func checkBody(body string) (html string, err error) {
	switch {
	case !text.Seen(body):
		return "", errNoWords
	case !text.Kept(body):
		return "", problem.Invalid("body.body", "this text holds characters that cannot be stored")
	case utf8.RuneCountInString(body) > mostBody:
		return "", problem.Invalid("body.body", fmt.Sprintf("a message has at most %d characters", mostBody))
	}
	return markup.Chat(body)
}

// messageActions are what the reader may do with a message.
func messageActions(who access.Actor, role access.Role, m *Message) []access.Action {
	if m.DeletedAt != nil || m.Notice != nil {
		return []access.Action{}
	}
	return role.Over(m.Author.ID == who.ID, access.PostMessage)
}

// History is a stretch of a room's messages, without the replies in threads.
type History struct {
	Items     []Message `json:"items" nullable:"false"`
	Head      int64     `json:"head" doc:"The last number given in the room, changes included"`
	HasBefore bool      `json:"hasBefore"`
	HasAfter  bool      `json:"hasAfter"`
}

// Span says which stretch: the newest, before or after a number, or around
// one or a moment. At most one of the four is set; After is -1 when it is not,
// since 0 is the start of the room.
type Span struct {
	Before, After, Around int64
	At                    time.Time
	Limit                 int
}

// History reads messages in order of their numbers. Reading by number costs
// the same at any depth.
func (s *Service) History(ctx context.Context, who access.Actor, room ids.ID, span Span) (*History, error) {
	r, err := s.seat(ctx, who, room, access.ViewRoom)
	if err != nil {
		return nil, err
	}
	if !span.At.IsZero() {
		if span.Around, err = s.at(ctx, r, span.At); err != nil {
			return nil, err
		}
	}
	return s.stretch(who, r, source{
		before: func(seq int64, limit int) ([]Message, error) {
			return listBefore(ctx, s.db, room, r.FromSeq, seq, limit)
		},
		after: func(seq int64, limit int) ([]Message, error) {
			return listAfter(ctx, s.db, room, r.FromSeq, seq, limit)
		},
	}, span)
}

// source is where a stretch comes from: a room or a thread. Both give messages
// in the order of their numbers, the nearest ones.
type source struct {
	before, after func(seq int64, limit int) ([]Message, error)
}

func (s *Service) stretch(who access.Actor, at seat, from source, span Span) (*History, error) {
	out := History{Head: at.Head}
	var err error
	switch {
	case span.After >= 0:
		out.Items, out.HasAfter, err = from.newer(span.After, span.Limit)
		out.HasBefore = span.After > at.FromSeq
	case span.Around > 0:
		older, more, err := from.older(span.Around, span.Limit/2)
		if err != nil {
			return nil, err
		}
		newer, rest, err := from.newer(span.Around-1, span.Limit-span.Limit/2)
		if err != nil {
			return nil, err
		}
		out.Items, out.HasBefore, out.HasAfter = slices.Concat(older, newer), more, rest
	default:
		before := span.Before
		if before <= 0 {
			before = at.Head + 1
		}
		out.Items, out.HasBefore, err = from.older(before, span.Limit)
		out.HasAfter = before <= at.Head
	}
	if err != nil {
		return nil, err
	}
	for i := range out.Items {
		out.Items[i].forReader(who, at.Role)
	}
	return &out, nil
}

func (f source) older(seq int64, limit int) ([]Message, bool, error) {
	list, err := f.before(seq, limit+1)
	if err != nil {
		return nil, false, fmt.Errorf("read history: %w", err)
	}
	if len(list) > limit {
		return list[1:], true, nil // ascending: the extra one is the oldest
	}
	return list, false, nil
}

func (f source) newer(seq int64, limit int) ([]Message, bool, error) {
	list, err := f.after(seq, limit+1)
	if err != nil {
		return nil, false, fmt.Errorf("read history: %w", err)
	}
	if len(list) > limit {
		return list[:limit], true, nil
	}
	return list, false, nil
}

// Feed is what happened in a room after a number.
type Feed struct {
	Items  []Change `json:"items" nullable:"false"`
	Head   int64    `json:"head"`
	Reload bool     `json:"reload" doc:"The gap is longer than 500: read the room anew"`
}

// Changes gives everything after a number, each number once. A gap longer
// than 500 asks for a reload instead.
func (s *Service) Changes(ctx context.Context, who access.Actor, room ids.ID, after int64) (*Feed, error) {
	r, err := s.seat(ctx, who, room, access.ViewRoom)
	if err != nil {
		return nil, err
	}
	if r.Head-after > mostChanges {
		return &Feed{Items: []Change{}, Head: r.Head, Reload: true}, nil
	}
	items, err := listChanges(ctx, s.db, room, after, mostChanges)
	if err != nil {
		return nil, fmt.Errorf("read changes: %w", err)
	}
	for i := range items {
		if m := items[i].Message; m != nil && m.of() <= r.FromSeq {
			items[i].Type, items[i].Message = "gone", nil
		}
	}
	head := r.Head
	if n := len(items); n > 0 {
		head = max(head, items[n-1].Seq)
	}
	return &Feed{Items: items, Head: head}, nil
}

// Edit replaces the words of one's own message and keeps the old ones. The
// same words again change nothing.
func (s *Service) Edit(ctx context.Context, who access.Actor, id ids.ID, body string, version int) (*Message, error) {
	at, err := s.find(ctx, who, id)
	if err != nil {
		return nil, err
	}
	body, html, err := checkWords(body, true)
	if err != nil {
		return nil, err
	}
	if err := s.take(who); err != nil {
		return nil, err
	}
	return s.change(ctx, who, at, id, "edited", func(tx *db.Tx, m *Message) (bool, error) {
		if m.Author.ID != who.ID || m.Notice != nil {
			return false, problem.Forbidden()
		}
		if err := at.Role.Must(access.PostMessage, "message"); err != nil {
			return false, err
		}
		if m.DeletedAt != nil {
			return false, problem.Conflict("message-deleted", "This message was deleted.")
		}
		if m.Version == version+1 && m.Body == body {
			return false, nil // sent again after an answer that was lost
		}
		if m.Version != version {
			m.forReader(who, at.Role)
			return false, problem.Stale(m)
		}
		if m.Body == body {
			return false, nil
		}
		if body == "" && len(m.Attachments) == 0 && m.ForwardOf == 0 {
			return false, errNoWords
		}
		// Asked again, in the transaction that stores the words.
		if err := s.mayTouch(ctx, tx, who, m, access.PostMessage); err != nil {
			return false, err
		}
		now := s.now().Truncate(time.Millisecond)
		if err := insertVersion(ctx, tx, m, now); err != nil {
			return false, fmt.Errorf("keep version: %w", err)
		}
		m.Body, m.HTML, m.EditedAt, m.Version = body, html, &now, m.Version+1
		if err := changeCalls(ctx, tx, m); err != nil {
			return false, err
		}
		return true, updateMessage(ctx, tx, m)
	})
}

// Delete takes the words of a message away, for good and with those of every
// wording before: one's own, or anybody's for a moderator, which the audit log
// keeps. A closed room or a mute keeps nobody from it.
func (s *Service) Delete(ctx context.Context, who access.Actor, id ids.ID) error {
	at, err := s.find(ctx, who, id)
	if err != nil {
		return err
	}
	_, err = s.change(ctx, who, at, id, "deleted", func(tx *db.Tx, m *Message) (bool, error) {
		others, action := m.Author.ID != who.ID, access.ViewRoom
		if others {
			action = access.RemoveContent
		}
		now, err := checkActor(ctx, tx, m.RoomID, who.ID, action, s.now())
		if err != nil {
			return false, fmt.Errorf("check actor: %w", err)
		}
		switch outside := now.outside("message"); {
		case outside != nil:
			return false, outside
		case m.Notice != nil:
			return false, problem.Forbidden()
		case m.DeletedAt != nil:
			return false, nil
		}
		if others {
			if err := audit.Record(ctx, tx, who, audit.Act{Action: "message-deleted", Space: at.SpaceID, Kind: "message", Subject: id}); err != nil {
				return false, err
			}
		}
		when := s.now().Truncate(time.Millisecond)
		m.Body, m.HTML, m.DeletedAt, m.ForwardOf, m.Reactions, m.PinnedAt, m.PinnedBy = "", "", &when, 0, nil, nil, nil
		m.Attachments = nil
		if err := dropOf(ctx, tx, when, id); err != nil {
			return false, err
		}
		if err := deleteMessage(ctx, tx, id, who.ID, when); err != nil || m.ThreadID == 0 {
			return true, err
		}
		return true, s.leaveThread(ctx, tx, m)
	})
	return err
}

// find gives the person's seat in the room of a message that they may see.
func (s *Service) find(ctx context.Context, who access.Actor, id ids.ID) (seat, error) {
	at, err := findMessage(ctx, s.db, who.ID, id)
	if db.NoRows(err) {
		return seat{}, problem.NotFound("message")
	}
	if err != nil {
		return seat{}, fmt.Errorf("find message: %w", err)
	}
	return at, at.Role.Must(access.ViewRoom, "message")
}

// change is what edits, deletions, reactions and pins share: lock the room's counter, alter the
// message, and if it altered take the next number and tell.
func (s *Service) change(ctx context.Context, who access.Actor, at seat, id ids.ID, kind string, alter func(*db.Tx, *Message) (bool, error)) (*Message, error) {
	var m Message
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		heads, err := lockHeads(ctx, tx, []int64{int64(at.RoomID)})
		if err != nil {
			return fmt.Errorf("lock room: %w", err)
		}
		if m, err = getMessage(ctx, tx, id); err != nil {
			return fmt.Errorf("load message: %w", err)
		}
		changed, err := alter(tx, &m)
		if err != nil || !changed {
			return err
		}
		seq := heads[at.RoomID] + 1
		if err := insertChange(ctx, tx, at.RoomID, seq, kind, id, who.ID, s.now().Truncate(time.Millisecond)); err != nil {
			return fmt.Errorf("store change: %w", err)
		}
		events.Emit(ctx, tx, events.MessageChanged{RoomID: at.RoomID, SpaceID: at.SpaceID, MessageID: id, Seq: seq, Of: m.of(), Frame: frame(kind, m, seq)})
		return nil
	})
	if err != nil {
		return nil, err
	}
	m.forReader(who, at.Role)
	return &m, nil
}
