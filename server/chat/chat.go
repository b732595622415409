// Package chat keeps rooms and what is said in them. Its promise: a message
// that was acknowledged is stored, has the next number of its room, and
// reaches every screen once and in order, after any drop.
package chat

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"guildhall/server/access"
	"guildhall/server/accounts"
	"guildhall/server/clock"
	"guildhall/server/config"
	"guildhall/server/db"
	"guildhall/server/events"
	"guildhall/server/ids"
	"guildhall/server/limit"
	"guildhall/server/realtime"
)

// Room is a place in a space where people talk.
type Room struct {
	ID          ids.ID          `json:"id" db:"id"`
	SpaceID     ids.ID          `json:"spaceId" db:"space_id"`
	SpaceName   string          `json:"spaceName" db:"space_name"`
	Name        string          `json:"name" db:"name"`
	Topic       string          `json:"topic" db:"topic"`
	Head        int64           `json:"head" db:"head" doc:"The last number given in this room"`
	LastReadSeq int64           `json:"lastReadSeq" db:"last_read_seq"`
	Unread      int             `json:"unread" db:"unread" minimum:"0" maximum:"100" doc:"100 means 99 or more"`
	LastAt      *time.Time      `json:"lastAt" db:"last_at" doc:"When the last message was posted"`
	Archived    bool            `json:"archived" db:"archived"`
	Version     int             `json:"version" db:"version"`
	Can         []access.Action `json:"can" db:"-"`
}

// Message is one thing said in a room. A deleted one keeps its place and
// loses its words.
type Message struct {
	ID        ids.ID          `json:"id" db:"id"`
	RoomID    ids.ID          `json:"roomId" db:"room_id"`
	Seq       int64           `json:"seq" db:"seq"`
	ClientID  string          `json:"clientId" db:"client_id" format:"uuid"`
	Author    accounts.Person `json:"author" db:"author"`
	Body      string          `json:"body" db:"body" doc:"Markdown"`
	HTML      string          `json:"html" db:"html" doc:"The body, rendered and safe to show"`
	CreatedAt time.Time       `json:"createdAt" db:"created_at"`
	EditedAt  *time.Time      `json:"editedAt" db:"edited_at"`
	DeletedAt *time.Time      `json:"deletedAt" db:"deleted_at"`
	Version   int             `json:"version" db:"version"`
	Can       []access.Action `json:"can,omitempty" db:"-" doc:"What the reader may do with it; absent in live frames"`
}

// Change is one number of a room: a message, or what became of one. It comes
// down the live connection and from the change feed in the same form.
type Change struct {
	Type    string   `json:"type" enum:"message,edited,deleted,gone"`
	Room    ids.ID   `json:"room"`
	Seq     int64    `json:"seq"`
	Message *Message `json:"message,omitempty" doc:"The message as it is now; absent when gone"`
}

// ReadMark tells a person's other devices how far they have read.
type ReadMark struct {
	Type        string `json:"type" enum:"read"`
	Room        ids.ID `json:"room"`
	LastReadSeq int64  `json:"lastReadSeq"`
	Unread      int    `json:"unread"`
}

// SpaceChanged says that a space has a new room: load the list again.
type SpaceChanged struct {
	Type  string `json:"type" enum:"space"`
	Space ids.ID `json:"space"`
}

// Service is what one can do with rooms and messages.
type Service struct {
	db         *db.DB
	log        *slog.Logger
	now        clock.Clock
	bus        *realtime.Bus
	rate       *limit.Rate
	previews   *limit.Rate
	committers []*committer
}

// Deps is what the service stands on.
type Deps struct {
	DB      *db.DB
	Events  *events.Bus
	Log     *slog.Logger
	Now     clock.Clock
	Config  config.Config
	Bus     *realtime.Bus
	Hub     *realtime.Hub
	Rate    *limit.Rate
	Metrics prometheus.Registerer
}

// New makes the service, adds its listeners and starts its committers, which
// Close ends.
func New(d Deps) *Service {
	s := &Service{db: d.DB, log: d.Log, now: d.Now, bus: d.Bus, rate: d.Rate, previews: limit.NewRate(previewsPerMinute)}
	m := newCommitMetrics(d.Metrics)
	for range d.Config.Committers {
		s.committers = append(s.committers, startCommitter(s, m))
	}
	d.Hub.UseRooms(realtime.Rooms{Open: s.openLive, Changes: s.liveChanges, Heads: s.heads})
	s.listen(d.Events)
	return s
}

// Close takes no more messages and waits until those taken are stored. When
// ctx ends, the rest are answered "try later", which is the error.
func (s *Service) Close(ctx context.Context) error {
	for _, c := range s.committers {
		c.stop()
	}
	var err error
	for _, c := range s.committers {
		err = errors.Join(err, c.wait(ctx))
	}
	return err
}

// frame is the JSON of a change.
func frame(kind string, m Message, seq int64) json.RawMessage {
	m.Can = nil
	return realtime.Raw(Change{Type: kind, Room: m.RoomID, Seq: seq, Message: &m})
}
