package forum

import (
	"context"
	"fmt"
	"math"
	"time"

	"guildhall/server/access"
	"guildhall/server/api"
	"guildhall/server/audit"
	"guildhall/server/db"
	"guildhall/server/events"
	"guildhall/server/ids"
	"guildhall/server/markup"
	"guildhall/server/problem"
)

// place is the sort key of a list of topics, which goes down from the highest.
type place struct {
	Pinned bool
	At     time.Time
	ID     ids.ID
}

// top stands above every topic.
var top = place{Pinned: true, At: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), ID: math.MaxInt64}

// Newest lists the topics of all the person's spaces, the one with the newest
// post first; with unread, only those with unread posts.
func (s *Service) Newest(ctx context.Context, who access.Actor, unread bool, cursor string, limit int) (*api.Page[Topic], error) {
	from := top
	if err := api.ReadCursor(cursor, &from.At, &from.ID); err != nil {
		return nil, err
	}
	list, err := listNewest(ctx, s.db, who.ID, who.In(access.ViewSpace), unread, from, limit+1)
	if err != nil {
		return nil, fmt.Errorf("list newest topics: %w", err)
	}
	decorate(who, list)
	return api.Cut(list, limit, func(t Topic) string { return api.Cursor(t.LastPostAt, t.ID) }), nil
}

// Topics lists the topics of one space: pinned ones first, then the one with
// the newest post.
func (s *Service) Topics(ctx context.Context, who access.Actor, space ids.ID, cursor string, limit int) (*api.Page[Topic], error) {
	if err := who.Must(access.ViewSpace, space, "space"); err != nil {
		return nil, err
	}
	from := top
	if err := api.ReadCursor(cursor, &from.Pinned, &from.At, &from.ID); err != nil {
		return nil, err
	}
	list, err := listTopics(ctx, s.db, who.ID, space, from, limit+1)
	if err != nil {
		return nil, fmt.Errorf("list topics: %w", err)
	}
	decorate(who, list)
	return api.Cut(list, limit, func(t Topic) string { return api.Cursor(t.Pinned, t.LastPostAt, t.ID) }), nil
}

// decorate says what the reader may do with each topic. Nobody may reply in a
// closed one.
func decorate(who access.Actor, list []Topic) {
	for i := range list {
		t := &list[i]
		t.Can = []access.Action{}
		if !t.Closed {
			t.Can = who.List(t.SpaceID, access.PostTopic)
		}
		if mayRename(who, t) == nil {
			t.Can = append(t.Can, "edit")
		}
		t.Can = append(t.Can, who.List(t.SpaceID, access.PinTopic, access.CloseTopic, access.RemoveContent)...)
	}
}

// mayRename lets the author of a topic and those who look after others' words
// change its title.
func mayRename(who access.Actor, t *Topic) error {
	if t.Author.ID == who.ID {
		return who.Must(access.PostTopic, t.SpaceID, "topic")
	}
	return who.Must(access.RemoveContent, t.SpaceID, "topic")
}

// Topic gives one topic.
func (s *Service) Topic(ctx context.Context, who access.Actor, id ids.ID) (*Topic, error) {
	t, err := getTopic(ctx, s.db, who.ID, id)
	if db.NoRows(err) {
		return nil, problem.NotFound("topic")
	}
	if err != nil {
		return nil, fmt.Errorf("load topic: %w", err)
	}
	if err := who.Must(access.ViewSpace, t.SpaceID, "topic"); err != nil {
		return nil, err
	}
	one := []Topic{t}
	decorate(who, one)
	return &one[0], nil
}

// NewTopic is what opens a topic. ClientID is the client's own UUID of it:
// sent again, it is stored once.
type NewTopic struct {
	ClientID string
	Title    string
	Body     string
}

// Start opens a topic with its first post. Sent again with the same client id
// and the same words it gives the topic that was stored the first time.
func (s *Service) Start(ctx context.Context, who access.Actor, space ids.ID, in NewTopic) (*Topic, error) {
	if err := who.Must(access.PostTopic, space, "space"); err != nil {
		return nil, err
	}
	var err error
	if in.ClientID, err = checkClientID(in.ClientID); err != nil {
		return nil, err
	}
	if in.Title, err = checkTitle(in.Title); err != nil {
		return nil, err
	}
	html, err := checkBody(in.Body)
	if err != nil {
		return nil, err
	}
	if err := s.take(who); err != nil {
		return nil, err
	}
	id, err := s.started(ctx, who, space, in)
	if err != nil {
		return nil, err
	}
	if id == 0 {
		id, err = s.start(ctx, who, space, in, html)
		if db.Breaks(err, "posts_client_key") { // the same one came twice at once
			id, err = s.started(ctx, who, space, in)
		}
		if err != nil {
			return nil, err
		}
	}
	return s.Topic(ctx, who, id)
}

// started finds the topic that this client id opened before; 0 if none.
func (s *Service) started(ctx context.Context, who access.Actor, space ids.ID, in NewTopic) (ids.ID, error) {
	was, err := getStored(ctx, s.db, who.ID, in.ClientID)
	switch {
	case db.NoRows(err):
		return 0, nil
	case err != nil:
		return 0, fmt.Errorf("look for topic: %w", err)
	case was.Number != 1 || was.SpaceID != space || was.Body != in.Body || was.TopicVersion == 1 && was.Title != in.Title:
		return 0, clientIDReused()
	case was.TopicDeleted:
		return 0, problem.Conflict("topic-deleted", "This topic was deleted.")
	}
	return was.TopicID, nil
}

func clientIDReused() error {
	return problem.Conflict("client-id-reused", "This client id already belongs to another post.")
}

func (s *Service) start(ctx context.Context, who access.Actor, space ids.ID, in NewTopic, html string) (topic ids.ID, err error) {
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		now := s.moment()
		if err := mayWrite(ctx, tx, who, space, now); err != nil {
			return err
		}
		t := topicRow{SpaceID: space, AuthorID: who.ID, Title: in.Title, Excerpt: markup.Plain(in.Body, mostExcerpt), LastNumber: 1, CreatedAt: now, LastPostAt: now, LastPostBy: who.ID}
		if topic, err = insertTopic(ctx, tx, t); err != nil {
			return fmt.Errorf("start topic: %w", err)
		}
		post, err := insertPost(ctx, tx, postRow{TopicID: topic, Number: 1, AuthorID: who.ID, ClientID: in.ClientID, Body: in.Body, HTML: html, CreatedAt: now})
		if err != nil {
			return fmt.Errorf("store opening post: %w", err)
		}
		if _, err := upsertRead(ctx, tx, who.ID, topic, 1); err != nil {
			return fmt.Errorf("mark own topic read: %w", err)
		}
		events.Emit(ctx, tx, events.TopicStarted{TopicID: topic, SpaceID: space, PostID: post, AuthorID: who.ID})
		return put(ctx, tx, topic)
	})
	return topic, err
}

// mayWrite checks again, in the transaction that stores the words, that the
// author is still in the space and is not muted.
func mayWrite(ctx context.Context, tx *db.Tx, who access.Actor, space ids.ID, now time.Time) error {
	w, err := getWriter(ctx, tx, space, who.ID, now)
	switch {
	case db.NoRows(err):
		return problem.NotFound("space")
	case err != nil:
		return fmt.Errorf("check author: %w", err)
	case !w.Allowed:
		return problem.Forbidden()
	case w.Muted:
		return problem.New(403, "muted", "You are muted", "A moderator has muted you here for a while.")
	}
	return nil
}

// TopicEdit is what to change in a topic; nil leaves a thing as it is.
type TopicEdit struct {
	Title   *string
	Pinned  *bool
	Closed  *bool
	Version int
}

// EditTopic changes the title (the author, or a moderator), pins or closes a
// topic. What is done with the role of a host goes into the audit log.
func (s *Service) EditTopic(ctx context.Context, who access.Actor, id ids.ID, in TopicEdit) (*Topic, error) {
	t, err := s.Topic(ctx, who, id)
	if err != nil {
		return nil, err
	}
	if err := mayEdit(who, t, in); err != nil {
		return nil, err
	}
	if in.Title != nil {
		title, err := checkTitle(*in.Title)
		if err != nil {
			return nil, err
		}
		in.Title = &title
		if err := s.take(who); err != nil {
			return nil, err
		}
	}
	stale := false
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		held, err := lockTopic(ctx, tx, id)
		if db.NoRows(err) {
			return problem.NotFound("topic")
		}
		if err != nil {
			return fmt.Errorf("lock topic: %w", err)
		}
		if stale = held.Version != in.Version; stale {
			return nil
		}
		if in.Title != nil && *in.Title != held.Title {
			if err := mayWrite(ctx, tx, who, held.SpaceID, s.moment()); err != nil {
				return err
			}
		}
		return applyEdit(ctx, tx, who, held, in)
	})
	if err != nil {
		return nil, err
	}
	t, err = s.Topic(ctx, who, id)
	if err == nil && stale {
		return nil, problem.Stale(t)
	}
	return t, err
}

func mayEdit(who access.Actor, t *Topic, in TopicEdit) error {
	if in.Title != nil {
		if err := mayRename(who, t); err != nil {
			return err
		}
	}
	if in.Pinned != nil {
		if err := who.Must(access.PinTopic, t.SpaceID, "topic"); err != nil {
			return err
		}
	}
	if in.Closed != nil {
		return who.Must(access.CloseTopic, t.SpaceID, "topic")
	}
	return nil
}

// applyEdit writes what differs and records what a host did.
func applyEdit(ctx context.Context, tx *db.Tx, who access.Actor, t heldTopic, in TopicEdit) error {
	next, acts := t, []string{}
	if in.Title != nil && *in.Title != t.Title {
		next.Title = *in.Title
		if t.AuthorID != who.ID {
			acts = append(acts, "topic-renamed")
		}
	}
	if in.Pinned != nil && *in.Pinned != t.Pinned {
		next.Pinned = *in.Pinned
		acts = append(acts, map[bool]string{true: "topic-pinned", false: "topic-unpinned"}[next.Pinned])
	}
	if in.Closed != nil && *in.Closed != t.Closed {
		next.Closed = *in.Closed
		acts = append(acts, map[bool]string{true: "topic-closed", false: "topic-reopened"}[next.Closed])
	}
	if next == t {
		return nil
	}
	if err := updateTopic(ctx, tx, next); err != nil {
		return fmt.Errorf("store topic: %w", err)
	}
	for _, act := range acts {
		if err := audit.Record(ctx, tx, who, audit.Act{Action: act, Space: t.SpaceID, Kind: "topic", Subject: t.ID}); err != nil {
			return err
		}
	}
	posts, err := countPosts(ctx, tx, t.ID)
	if err != nil {
		return fmt.Errorf("count posts: %w", err)
	}
	events.Emit(ctx, tx, events.TopicChanged{TopicID: t.ID, SpaceID: t.SpaceID, Posts: posts, ByID: who.ID})
	if next.Title == t.Title {
		return nil
	}
	return put(ctx, tx, t.ID)
}

// MarkRead says that the person has read up to a number; a lower one than
// before changes nothing. It gives the state that all their devices show.
func (s *Service) MarkRead(ctx context.Context, who access.Actor, id ids.ID, number int64) (*TopicRead, error) {
	t, err := s.Topic(ctx, who, id)
	if err != nil {
		return nil, err
	}
	out := &TopicRead{Type: "topic-read", Space: t.SpaceID, Topic: id, LastReadNumber: t.LastReadNumber, Unread: t.Unread}
	number = min(number, t.LastNumber)
	if number <= t.LastReadNumber {
		return out, nil
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		if out.LastReadNumber, err = upsertRead(ctx, tx, who.ID, id, number); err != nil {
			return fmt.Errorf("mark read: %w", err)
		}
		if out.Unread, err = countUnread(ctx, tx, who.ID, id, out.LastReadNumber); err != nil {
			return fmt.Errorf("count unread: %w", err)
		}
		events.Emit(ctx, tx, events.TopicRead{TopicID: id, SpaceID: t.SpaceID, AccountID: who.ID, LastReadNumber: out.LastReadNumber, Unread: out.Unread})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
