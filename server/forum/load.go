package forum

import (
	"context"
	"fmt"
	"time"

	"guildhall/server/db"
	"guildhall/server/ids"
	"guildhall/server/markup"
)

// Row is a topic of the demonstration. SourceKey names it for ever.
type Row struct {
	SourceKey      string
	SpaceID        ids.ID
	Title          string
	Pinned, Closed bool
	Posts          []RowPost
}

// RowPost is one post of a Row, in the order in which they were written.
type RowPost struct {
	AuthorID ids.ID
	At       time.Time
	Body     string
}

// Load stores topics with their posts. A topic that is there already stays as
// it is, so that loading again neither doubles nor undoes anything.
func Load(ctx context.Context, tx *db.Tx, rows []Row) error {
	for _, row := range rows {
		if err := load(ctx, tx, row); err != nil {
			return fmt.Errorf("load topic %s: %w", row.SourceKey, err)
		}
	}
	return nil
}

func load(ctx context.Context, tx *db.Tx, row Row) error {
	if row.SourceKey == "" || len(row.Posts) == 0 {
		return fmt.Errorf("a topic needs a source key and a post")
	}
	title, err := checkTitle(row.Title)
	if err != nil {
		return err
	}
	posts := make([]postRow, len(row.Posts))
	for i, p := range row.Posts {
		at := p.At.UTC().Truncate(time.Millisecond)
		if i > 0 && at.Before(posts[i-1].CreatedAt) {
			return fmt.Errorf("post %d is older than the one before it", i+1)
		}
		html, err := checkBody(p.Body)
		if err != nil {
			return fmt.Errorf("post %d: %w", i+1, err)
		}
		posts[i] = postRow{Number: int64(i + 1), AuthorID: p.AuthorID, ClientID: ids.NewUUID(), Body: p.Body, HTML: html, CreatedAt: at}
	}
	first, last := posts[0], posts[len(posts)-1]
	topic, err := insertTopic(ctx, tx, topicRow{
		SpaceID: row.SpaceID, AuthorID: first.AuthorID, Title: title, Excerpt: markup.Plain(first.Body, mostExcerpt), SourceKey: row.SourceKey,
		LastNumber: last.Number, CreatedAt: first.CreatedAt, LastPostAt: last.CreatedAt, LastPostBy: last.AuthorID, Pinned: row.Pinned, Closed: row.Closed,
	})
	if db.NoRows(err) {
		return nil
	}
	if err != nil {
		return err
	}
	for i := range posts {
		posts[i].TopicID = topic
	}
	return insertPosts(ctx, tx, posts)
}
