package chat

import (
	"context"
	"fmt"
	"time"

	"guildhall/server/accounts"
	"guildhall/server/db"
	"guildhall/server/ids"
)

// Row is one room to load, with what was said in it, oldest first.
type Row struct {
	Key, Name, Topic string
	SpaceID          ids.ID
	Messages         []Said
	// Unread is how many of the last messages these people have not read; all
	// others in Read have read everything.
	Unread map[ids.ID]int
	Read   []ids.ID
}

// Said is one message to load.
type Said struct {
	Author ids.ID
	At     time.Time
	Body   string
}

// Load makes the rooms that are not there yet, with their messages. Loading
// again changes nothing.
func Load(ctx context.Context, tx *db.Tx, rows []Row) error {
	for _, r := range rows {
		if _, err := getRoomBySource(ctx, tx, r.Key); err == nil {
			continue
		} else if !db.NoRows(err) {
			return fmt.Errorf("look for room %s: %w", r.Key, err)
		}
		if err := loadRoom(ctx, tx, r); err != nil {
			return fmt.Errorf("load room %s: %w", r.Key, err)
		}
	}
	return nil
}

func loadRoom(ctx context.Context, tx *db.Tx, r Row) error {
	id, err := insertRoom(ctx, tx, r.SpaceID, r.Name, r.Topic, 0, r.Key)
	if err != nil {
		return err
	}
	for i, said := range r.Messages {
		html, err := checkBody(said.Body)
		if err != nil {
			return fmt.Errorf("message %d: %w", i+1, err)
		}
		seq := int64(i + 1)
		p := &post{message: Message{
			RoomID: id, Seq: seq, ClientID: ids.NewUUID(), Author: accounts.Person{ID: said.Author}, Body: said.Body, HTML: html, CreatedAt: said.At,
		}}
		if err := insertMessages(ctx, tx, []*post{p}, map[ids.ID]int64{id: seq}); err != nil {
			return err
		}
	}
	head := int64(len(r.Messages))
	for _, reader := range r.Read {
		if _, err := upsertRead(ctx, tx, reader, id, max(0, head-int64(r.Unread[reader]))); err != nil {
			return err
		}
	}
	return nil
}
