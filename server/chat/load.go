package chat

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"guildhall/server/accounts"
	"guildhall/server/db"
	"guildhall/server/ids"
)

// batch is how many messages or marks are written by one statement.
const batch = 5000

// Row is one room to load, with what was said in it, oldest first. Key names
// the room for ever. With People it is private to them, or without a space
// their conversation.
type Row struct {
	Key, Name, Topic string
	SpaceID          ids.ID
	People           []ids.ID
	CreatedAt        time.Time
	Messages         []Said
	Read             map[ids.ID]int64 // how far these people have read
}

// kind tells what the row is, and the pair of a direct conversation.
func (r Row) kind() (Kind, string) {
	switch {
	case r.SpaceID != 0 && len(r.People) == 0:
		return Open, ""
	case r.SpaceID != 0:
		return Private, ""
	case len(r.People) == 2:
		return Direct, pairOf(r.People[0], r.People[1])
	}
	return Group, ""
}

// Said is one message to load.
type Said struct {
	Author ids.ID
	At     time.Time
	Body   string
}

// Load makes the rooms that are not there yet, with their messages and marks.
// A room that is there already, or has its name, stays as it is. Nobody is
// told.
func Load(ctx context.Context, tx *db.Tx, rows []Row) error {
	for _, r := range rows {
		if err := loadRoom(ctx, tx, r); err != nil {
			return fmt.Errorf("load room %s: %w", r.Key, err)
		}
	}
	return nil
}

func loadRoom(ctx context.Context, tx *db.Tx, r Row) error {
	id, err := insertRow(ctx, tx, r)
	if db.NoRows(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := insertSeats(ctx, tx, id, r.People, 0, 0, r.CreatedAt); err != nil {
		return fmt.Errorf("people: %w", err)
	}
	for first := 0; first < len(r.Messages); first += batch {
		if err := loadMessages(ctx, tx, id, r, first, min(first+batch, len(r.Messages))); err != nil {
			return err
		}
	}
	if err := insertReads(ctx, tx, id, r.Read); err != nil {
		return fmt.Errorf("marks: %w", err)
	}
	return nil
}

// loadMessages stores some of the row's messages under the numbers of their
// places. Their client ids come from the row's key, so that they are the same
// each time.
func loadMessages(ctx context.Context, tx *db.Tx, room ids.ID, r Row, first, end int) error {
	list := make([]Message, end-first)
	for i, said := range r.Messages[first:end] {
		html, err := checkBody(said.Body)
		if err != nil {
			return fmt.Errorf("message %d: %w", first+i+1, err)
		}
		seq := int64(first + i + 1)
		list[i] = Message{
			RoomID: room, Seq: seq, ClientID: uuid.NewSHA1(uuid.NameSpaceURL, fmt.Appendf(nil, "%s/%d", r.Key, seq)).String(),
			Author: accounts.Person{ID: said.Author}, Body: said.Body, HTML: html, CreatedAt: said.At.UTC().Truncate(time.Millisecond),
		}
	}
	return insertLoaded(ctx, tx, list)
}
