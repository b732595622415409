// Package forum keeps the topics of each space and the posts in them. Its
// promise: a post that was acknowledged is stored once, has the next number of
// its topic, keeps every earlier wording, and loses its words but never its
// place when it is deleted.
package forum

import (
	"log/slog"
	"time"

	"guildhall/search"
	"guildhall/server/access"
	"guildhall/server/accounts"
	"guildhall/server/clock"
	"guildhall/server/db"
	"guildhall/server/events"
	"guildhall/server/ids"
	"guildhall/server/limit"
	"guildhall/server/realtime"
)

// Topic is a thread of a forum. The post with number 1 opens it.
type Topic struct {
	ID             ids.ID          `json:"id" db:"id"`
	SpaceID        ids.ID          `json:"spaceId" db:"space_id"`
	SpaceName      string          `json:"spaceName" db:"space_name"`
	Title          string          `json:"title" db:"title"`
	Excerpt        string          `json:"excerpt" db:"excerpt" doc:"The first words of the opening post, without markup"`
	Author         accounts.Person `json:"author" db:"author"`
	CreatedAt      time.Time       `json:"createdAt" db:"created_at"`
	LastPostAt     time.Time       `json:"lastPostAt" db:"last_post_at" doc:"When the last post that is not deleted was written"`
	LastPostBy     accounts.Person `json:"lastPostBy" db:"last_post_by"`
	Posts          int             `json:"posts" db:"posts" doc:"How many there are, with the opening one and without deleted ones"`
	LastNumber     int64           `json:"lastNumber" db:"last_number" doc:"The last number given in this topic"`
	LastReadNumber int64           `json:"lastReadNumber" db:"last_read_number" doc:"0 until the reader opens the topic"`
	Unread         int             `json:"unread" db:"unread" minimum:"0" maximum:"100" doc:"Others' posts after the last one read, or since the reader joined the space; 100 means 99 or more"`
	Pinned         bool            `json:"pinned" db:"pinned"`
	Closed         bool            `json:"closed" db:"closed"`
	Version        int             `json:"version" db:"version"`
	Can            []access.Action `json:"can" db:"-"`
}

// Post is one thing said in a topic. A deleted one keeps its number and loses
// its words.
type Post struct {
	ID        ids.ID          `json:"id" db:"id"`
	TopicID   ids.ID          `json:"topicId" db:"topic_id"`
	Number    int64           `json:"number" db:"number" doc:"Its place in the topic, from 1 without gaps"`
	Author    accounts.Person `json:"author" db:"author"`
	Body      string          `json:"body" db:"body" doc:"Markdown"`
	HTML      string          `json:"html" db:"html" doc:"The body, rendered and safe to show"`
	CreatedAt time.Time       `json:"createdAt" db:"created_at"`
	EditedAt  *time.Time      `json:"editedAt" db:"edited_at"`
	DeletedAt *time.Time      `json:"deletedAt" db:"deleted_at"`
	Version   int             `json:"version" db:"version"`
	Can       []access.Action `json:"can" db:"-"`
}

// PostVersion is one wording of a post.
type PostVersion struct {
	Version  int       `json:"version" db:"version"`
	Body     string    `json:"body" db:"body" doc:"Markdown"`
	HTML     string    `json:"html" db:"html"`
	EditedAt time.Time `json:"editedAt" db:"edited_at" doc:"When these words were written"`
}

// Frame tells those who watch a space that a topic of it is new, has another
// post, or changed. It holds ids and numbers only; screens read the rest.
type Frame struct {
	Type   string `json:"type" enum:"topic"`
	Kind   string `json:"kind" enum:"started,post,changed"`
	Space  ids.ID `json:"space"`
	Topic  ids.ID `json:"topic"`
	Number int64  `json:"number" doc:"Of the post that is new or changed; 0 when the topic itself changed"`
	Posts  int    `json:"posts" doc:"How many there are now; with 0 the topic is gone"`
	Author ids.ID `json:"author" doc:"Who wrote or changed it"`
}

// TopicRead tells a person's other devices how far they have read in a topic.
type TopicRead struct {
	Type           string `json:"type" enum:"topic-read"`
	Space          ids.ID `json:"space"`
	Topic          ids.ID `json:"topic"`
	LastReadNumber int64  `json:"lastReadNumber"`
	Unread         int    `json:"unread" minimum:"0" maximum:"100"`
}

// Service is what one can do with topics and posts.
type Service struct {
	db   *db.DB
	log  *slog.Logger
	now  clock.Clock
	bus  *realtime.Bus
	rate *limit.Rate
}

// Deps is what the service stands on. Rate is shared with the other places
// where people write.
type Deps struct {
	DB     *db.DB
	Events *events.Bus
	Log    *slog.Logger
	Now    clock.Clock
	Bus    *realtime.Bus
	Rate   *limit.Rate
	Search *search.Service
}

// New makes the service, adds its listeners and plugs it into search.
func New(d Deps) *Service {
	s := &Service{db: d.DB, log: d.Log, now: d.Now, bus: d.Bus, rate: d.Rate}
	d.Search.Add(search.Source{Kind: Kind, Hydrate: s.hydrate})
	s.listen(d.Events)
	return s
}

// moment is the present as it is stored: in milliseconds, as clients see it.
func (s *Service) moment() time.Time { return s.now().Truncate(time.Millisecond) }

// take counts one piece of writing against the person's limit.
func (s *Service) take(who access.Actor) error {
	if who.Load {
		return nil
	}
	return s.rate.Take(s.now(), who.ID.String())
}
