package forum

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"guildhall/server/db"
	"guildhall/server/ids"
	"guildhall/server/markup"
)

// Row is a topic to load. SourceKey names it for ever.
type Row struct {
	SourceKey      string
	SpaceID        ids.ID
	Title          string
	Pinned, Closed bool
	Posts          []RowPost
	Read           map[ids.ID]int64 // up to which number these people have read
}

// RowPost is one post of a Row, in the order in which they were written.
type RowPost struct {
	AuthorID ids.ID
	At       time.Time
	Body     string
}

// Load stores topics with their posts and marks, to be found at once. A topic
// that is there already stays as it is, so that loading again neither doubles
// nor undoes anything. Nobody is told.
func Load(ctx context.Context, tx *db.Tx, rows []Row) error {
	var fresh []ids.ID
	for _, row := range rows {
		id, err := load(ctx, tx, row)
		if db.NoRows(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("load topic %s: %w", row.SourceKey, err)
		}
		fresh = append(fresh, id)
	}
	return put(ctx, tx, fresh...)
}

// load gives no row for a topic that is there already.
func load(ctx context.Context, tx *db.Tx, row Row) (ids.ID, error) {
	if row.SourceKey == "" || len(row.Posts) == 0 {
		return 0, fmt.Errorf("a topic needs a source key and a post")
	}
	title, err := checkTitle(row.Title)
	if err != nil {
		return 0, err
	}
	first, last := row.Posts[0], row.Posts[len(row.Posts)-1]
	topic, err := insertTopic(ctx, tx, topicRow{
		SpaceID: row.SpaceID, AuthorID: first.AuthorID, Title: title, Excerpt: markup.Plain(first.Body, mostExcerpt), SourceKey: row.SourceKey,
		LastNumber: int64(len(row.Posts)), CreatedAt: moment(first.At), LastPostAt: moment(last.At), LastPostBy: last.AuthorID,
		Pinned: row.Pinned, Closed: row.Closed,
	})
	if err != nil {
		return 0, err
	}
	posts, err := row.posts(topic)
	if err != nil {
		return 0, err
	}
	if err := insertPosts(ctx, tx, posts); err != nil {
		return 0, fmt.Errorf("posts: %w", err)
	}
	if err := insertReads(ctx, tx, topic, row.Read); err != nil {
		return 0, fmt.Errorf("marks: %w", err)
	}
	return topic, nil
}

// posts gives the posts as they are stored. Their client ids come from the
// row's key, so that they are the same each time.
func (row Row) posts(topic ids.ID) ([]postRow, error) {
	posts := make([]postRow, len(row.Posts))
	for i, p := range row.Posts {
		at := moment(p.At)
		if i > 0 && at.Before(posts[i-1].CreatedAt) {
			return nil, fmt.Errorf("post %d is older than the one before it", i+1)
		}
		html, err := checkBody(p.Body)
		if err != nil {
			return nil, fmt.Errorf("post %d: %w", i+1, err)
		}
		client := uuid.NewSHA1(uuid.NameSpaceURL, fmt.Appendf(nil, "%s/%d", row.SourceKey, i+1)).String()
		posts[i] = postRow{TopicID: topic, Number: int64(i + 1), AuthorID: p.AuthorID, ClientID: client, Body: p.Body, HTML: html, CreatedAt: at}
	}
	return posts, nil
}

func moment(at time.Time) time.Time { return at.UTC().Truncate(time.Millisecond) }
