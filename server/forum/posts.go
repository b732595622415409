package forum

import (
	"context"
	"fmt"

	"guildhall/server/access"
	"guildhall/server/api"
	"guildhall/server/audit"
	"guildhall/server/db"
	"guildhall/server/events"
	"guildhall/server/ids"
	"guildhall/server/markup"
	"guildhall/server/problem"
)

// postActions are what the reader may do with a post.
func postActions(who access.Actor, space ids.ID, p *Post) []access.Action {
	if p.DeletedAt != nil {
		return []access.Action{}
	}
	return who.Over(p.Author.ID, space, access.PostTopic)
}

// PostHistory is a stretch of a topic's posts, deleted ones included.
type PostHistory struct {
	Items      []Post `json:"items" nullable:"false"`
	LastNumber int64  `json:"lastNumber" doc:"The last number given in the topic"`
	HasBefore  bool   `json:"hasBefore"`
	HasAfter   bool   `json:"hasAfter"`
}

// Span says which stretch: before or after a number, or around one. At most
// one of the three is set; 0 is unset, and with none the topic is read from
// its start.
type Span struct {
	Before, After, Around int64
	Limit                 int
}

// Posts reads posts in order of their numbers. Reading by number costs the
// same at any depth.
func (s *Service) Posts(ctx context.Context, who access.Actor, topic ids.ID, span Span) (*PostHistory, error) {
	t, err := s.Topic(ctx, who, topic)
	if err != nil {
		return nil, err
	}
	// Numbers have no gaps, so the stretch is known before it is read.
	size := int64(span.Limit)
	first := min(span.After, t.LastNumber) + 1
	switch {
	case span.Around > 0:
		first = min(span.Around, t.LastNumber) - size/2
	case span.Before > 0:
		first = min(span.Before, t.LastNumber+1) - size
	}
	last := min(first+size-1, t.LastNumber)
	if span.Around > 0 { // near an end the other side fills up
		last = min(max(first, 1)+size-1, t.LastNumber)
		first = last - size + 1
	}
	first = max(first, 1)
	out := &PostHistory{LastNumber: t.LastNumber, HasBefore: first > 1, HasAfter: last < t.LastNumber}
	if out.Items, err = listPosts(ctx, s.db, topic, first, last); err != nil {
		return nil, fmt.Errorf("list posts: %w", err)
	}
	for i := range out.Items {
		out.Items[i].Can = postActions(who, t.SpaceID, &out.Items[i])
	}
	return out, nil
}

// Reply adds a post to a topic. Sent again with the same client id and body
// it gives the post that was stored the first time, even if the topic was
// closed since.
func (s *Service) Reply(ctx context.Context, who access.Actor, topic ids.ID, clientID, body string) (*Post, error) {
	t, err := s.Topic(ctx, who, topic)
	if err != nil {
		return nil, err
	}
	if err := who.Must(access.PostTopic, t.SpaceID, "topic"); err != nil {
		return nil, err
	}
	if clientID, err = checkClientID(clientID); err != nil {
		return nil, err
	}
	html, err := checkBody(body)
	if err != nil {
		return nil, err
	}
	if err := s.take(who); err != nil {
		return nil, err
	}
	row := postRow{TopicID: topic, AuthorID: who.ID, ClientID: clientID, Body: body, HTML: html}
	id, err := s.replied(ctx, row)
	if err == nil && id == 0 {
		id, err = s.reply(ctx, who, row)
		if db.Breaks(err, "posts_client_key") { // the same one came twice at once
			id, err = s.replied(ctx, row)
		}
	}
	if err != nil {
		return nil, err
	}
	p, err := getPost(ctx, s.db, id)
	if err != nil {
		return nil, fmt.Errorf("load post: %w", err)
	}
	p.Can = postActions(who, t.SpaceID, &p)
	return &p, nil
}

// replied finds the reply that this client id made before; 0 if none.
func (s *Service) replied(ctx context.Context, row postRow) (ids.ID, error) {
	was, err := getStored(ctx, s.db, row.AuthorID, row.ClientID)
	switch {
	case db.NoRows(err):
		return 0, nil
	case err != nil:
		return 0, fmt.Errorf("look for post: %w", err)
	case was.Number == 1 || was.TopicID != row.TopicID || was.Body != row.Body:
		return 0, clientIDReused()
	}
	return was.PostID, nil
}

func (s *Service) reply(ctx context.Context, who access.Actor, row postRow) (id ids.ID, err error) {
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		t, err := lockTopic(ctx, tx, row.TopicID)
		if db.NoRows(err) {
			return problem.NotFound("topic")
		}
		if err != nil {
			return fmt.Errorf("lock topic: %w", err)
		}
		row.Number, row.CreatedAt = t.LastNumber+1, s.moment()
		if err := mayWrite(ctx, tx, who, t.SpaceID, row.CreatedAt); err != nil {
			return err
		}
		if t.Closed {
			return problem.Conflict("topic-closed", "This topic is closed.")
		}
		if id, err = insertPost(ctx, tx, row); err != nil {
			return fmt.Errorf("store post: %w", err)
		}
		if err := raiseTopic(ctx, tx, row); err != nil {
			return fmt.Errorf("raise topic: %w", err)
		}
		if err := readOwn(ctx, tx, row); err != nil {
			return fmt.Errorf("mark own post read: %w", err)
		}
		posts, err := countPosts(ctx, tx, row.TopicID)
		if err != nil {
			return fmt.Errorf("count posts: %w", err)
		}
		events.Emit(ctx, tx, events.PostAdded{TopicID: row.TopicID, SpaceID: t.SpaceID, PostID: id, AuthorID: who.ID, Number: row.Number, Posts: posts})
		return put(ctx, tx, row.TopicID)
	})
	return id, err
}

// EditPost replaces the words of one's own post and keeps the old ones. The
// same words again change nothing.
func (s *Service) EditPost(ctx context.Context, who access.Actor, id ids.ID, body string, version int) (*Post, error) {
	topic, err := s.findPost(ctx, who, id)
	if err != nil {
		return nil, err
	}
	html, err := checkBody(body)
	if err != nil {
		return nil, err
	}
	if err := s.take(who); err != nil {
		return nil, err
	}
	return s.change(ctx, who, topic, id, func(tx *db.Tx, t heldTopic, p *Post) (bool, error) {
		if p.Author.ID != who.ID {
			return false, problem.Forbidden()
		}
		if err := who.Must(access.PostTopic, t.SpaceID, "post"); err != nil {
			return false, err
		}
		if p.DeletedAt != nil {
			return false, problem.Conflict("post-deleted", "This post was deleted.")
		}
		if p.Version != version {
			p.Can = postActions(who, t.SpaceID, p)
			return false, problem.Stale(p)
		}
		if p.Body == body {
			return false, nil
		}
		now := s.moment()
		if err := mayWrite(ctx, tx, who, t.SpaceID, now); err != nil {
			return false, err
		}
		if err := keepVersion(ctx, tx, p.ID, now); err != nil {
			return false, fmt.Errorf("keep version: %w", err)
		}
		p.Body, p.HTML, p.EditedAt, p.Version = body, html, &now, p.Version+1
		if p.Number == 1 {
			if err := setExcerpt(ctx, tx, t.ID, markup.Plain(body, mostExcerpt)); err != nil {
				return false, fmt.Errorf("store excerpt: %w", err)
			}
		}
		return true, updatePost(ctx, tx, p)
	})
}

// DeletePost takes the words of a post away: one's own, or anybody's for a
// moderator, which the audit log keeps. A topic whose last post goes is gone
// itself; one that has replies stays without its opening words.
func (s *Service) DeletePost(ctx context.Context, who access.Actor, id ids.ID) error {
	topic, err := s.findPost(ctx, who, id)
	if err != nil {
		return err
	}
	_, err = s.change(ctx, who, topic, id, func(tx *db.Tx, t heldTopic, p *Post) (bool, error) {
		if p.Author.ID != who.ID {
			if err := who.Must(access.RemoveContent, t.SpaceID, "post"); err != nil {
				return false, err
			}
		}
		if p.DeletedAt != nil {
			return false, nil
		}
		if p.Author.ID != who.ID {
			detail := map[string]any{"topic": t.ID, "number": p.Number}
			if err := audit.Record(ctx, tx, who, audit.Act{Action: "post-deleted", Space: t.SpaceID, Kind: "post", Subject: id, Detail: detail}); err != nil {
				return false, err
			}
		}
		return true, s.erase(ctx, tx, who, t, p)
	})
	return err
}

func (s *Service) erase(ctx context.Context, tx *db.Tx, who access.Actor, t heldTopic, p *Post) error {
	now := s.moment()
	if err := deletePost(ctx, tx, p.ID, who.ID, now); err != nil {
		return fmt.Errorf("delete post: %w", err)
	}
	p.Body, p.HTML, p.DeletedAt = "", "", &now
	if p.Number == 1 {
		if err := setExcerpt(ctx, tx, t.ID, ""); err != nil {
			return fmt.Errorf("clear excerpt: %w", err)
		}
	}
	left, err := lowerTopic(ctx, tx, t.ID)
	if err == nil && !left {
		err = deleteTopic(ctx, tx, t.ID, who.ID, now)
	}
	if err != nil {
		return fmt.Errorf("lower topic: %w", err)
	}
	return nil
}

// change is what edits and deletions share: lock the topic, alter the post,
// tell if it altered.
func (s *Service) change(ctx context.Context, who access.Actor, topic, id ids.ID, alter func(*db.Tx, heldTopic, *Post) (bool, error)) (*Post, error) {
	var p Post
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		t, err := lockTopic(ctx, tx, topic)
		if db.NoRows(err) {
			return problem.NotFound("post")
		}
		if err != nil {
			return fmt.Errorf("lock topic: %w", err)
		}
		if p, err = getPost(ctx, tx, id); err != nil {
			return fmt.Errorf("load post: %w", err)
		}
		changed, err := alter(tx, t, &p)
		if err == nil {
			p.Can = postActions(who, t.SpaceID, &p)
		}
		if err != nil || !changed {
			return err
		}
		posts, err := countPosts(ctx, tx, topic)
		if err != nil {
			return fmt.Errorf("count posts: %w", err)
		}
		events.Emit(ctx, tx, events.TopicChanged{TopicID: topic, SpaceID: t.SpaceID, PostID: id, Number: p.Number, Posts: posts, ByID: who.ID})
		return put(ctx, tx, topic)
	})
	if err != nil {
		return nil, err
	}
	return &p, nil
}

// findPost gives the topic of a post that the person may see.
func (s *Service) findPost(ctx context.Context, who access.Actor, id ids.ID) (ids.ID, error) {
	topic, space, err := findPost(ctx, s.db, id)
	if db.NoRows(err) {
		return 0, problem.NotFound("post")
	}
	if err != nil {
		return 0, fmt.Errorf("find post: %w", err)
	}
	return topic, who.Must(access.ViewSpace, space, "post")
}

// Versions gives every wording of a post, the oldest first and the present
// one last; none of a deleted post. All who see the post see them.
func (s *Service) Versions(ctx context.Context, who access.Actor, id ids.ID, cursor string, limit int) (*api.Page[PostVersion], error) {
	if _, err := s.findPost(ctx, who, id); err != nil {
		return nil, err
	}
	after := int32(0)
	if err := api.ReadCursor(cursor, &after); err != nil {
		return nil, err
	}
	list, err := listVersions(ctx, s.db, id, after, limit+1)
	if err != nil {
		return nil, fmt.Errorf("list versions: %w", err)
	}
	return api.Cut(list, limit, func(v PostVersion) string { return api.Cursor(v.Version) }), nil
}
