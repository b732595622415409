// Package chat keeps rooms and what is said in them. Its promise: a message
// that was acknowledged is stored, has the next number of its room, and
// reaches every screen once and in order, after any drop.
//
// Who may see and do what is asked once at the door and, where it matters, once
// more at commit. At the door a method begins with one of these, which gives the
// person's seat in the room or a problem: seat, where a room is named; find,
// where a message is, which they must see; thread, where the thread of a message
// is; Room, where the whole room is needed with it; and Post alone getPlace,
// which brings the author too. At commit, behind the lock of the room's counter,
// it is checkPosts for posts, mayTouch for what changes a message, host for who
// comes in and goes, all by the one SQL function room_role. What they see of a
// room is spelled once, in visible, and by Message.of for what is told live.
// The readers in sql*.go that take no reader ask no rights: they are for what
// was asked for before.
package chat

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"guildhall/search"
	"guildhall/server/access"
	"guildhall/server/accounts"
	"guildhall/server/clock"
	"guildhall/server/config"
	"guildhall/server/db"
	"guildhall/server/events"
	"guildhall/server/files"
	"guildhall/server/ids"
	"guildhall/server/limit"
	"guildhall/server/realtime"
)

// Kind is who a room is for.
type Kind string

// The kinds. Open and private rooms belong to a space, conversations (direct
// between two people, or in a group) to those who are in them.
const (
	Open    Kind = "open"
	Private Kind = "private"
	Direct  Kind = "direct"
	Group   Kind = "group"
)

// Room is a place where people talk: a room of a space, or a conversation.
type Room struct {
	ID             ids.ID            `json:"id" db:"id"`
	Kind           Kind              `json:"kind" db:"kind" enum:"open,private,direct,group" doc:"Open to the whole space, private to its members, or a conversation"`
	SpaceID        ids.ID            `json:"spaceId,omitempty" db:"space_id" doc:"Absent for a conversation"`
	SpaceName      string            `json:"spaceName" db:"space_name" doc:"Empty for a conversation"`
	Name           string            `json:"name" db:"name" doc:"Empty for a conversation without a name: it goes by its people"`
	Topic          string            `json:"topic" db:"topic"`
	People         []accounts.Person `json:"people,omitempty" db:"-" doc:"Of a conversation, who is in it besides the reader"`
	Head           int64             `json:"head" db:"head" doc:"The last number given in this room"`
	LastReadSeq    int64             `json:"lastReadSeq" db:"last_read_seq"`
	FromSeq        int64             `json:"fromSeq" db:"from_seq" doc:"What was said up to this number is not for the reader, who came later"`
	Unread         int               `json:"unread" db:"unread" minimum:"0" maximum:"100" doc:"100 means 99 or more"`
	Mentions       int               `json:"mentions" db:"mentions" minimum:"0" maximum:"100" doc:"Unread messages that call the reader, in threads too"`
	LastAt         *time.Time        `json:"lastAt" db:"last_at" doc:"When the last message was posted"`
	Notify         string            `json:"notify" db:"notify" enum:"all,mentions,nothing" doc:"Of what the reader wants to be told"`
	Muted          bool              `json:"muted" db:"muted" doc:"By the reader: it shows no badge"`
	Left           bool              `json:"left" db:"left" doc:"An open room that is not in the reader's list, until they join again"`
	Hidden         bool              `json:"hidden" db:"hidden" doc:"A conversation that is not listed until something is said in it"`
	RetentionDays  *int              `json:"retentionDays" db:"retention_days" doc:"Days after which messages are deleted; null keeps them"`
	RetentionSetAt *time.Time        `json:"retentionSetAt" db:"retention_set_at" doc:"When that was chosen; deletion begins a week later"`
	Receipts       bool              `json:"receipts" db:"receipts" doc:"It is shown who has read a message: switched on for the space, and the room has at most 30 people"`
	Archived       bool              `json:"archived" db:"archived"`
	Version        int               `json:"version" db:"version"`
	Undisturbed    bool              `json:"undisturbed,omitempty" db:"-" doc:"Of a direct conversation that is asked for by itself: the other does not want to be disturbed now"`
	Can            []access.Action   `json:"can" db:"-"`

	role access.Role // the reader's
}

// Message is one thing said in a room. A deleted one keeps its place and
// loses its words.
type Message struct {
	ID          ids.ID          `json:"id" db:"id"`
	RoomID      ids.ID          `json:"roomId" db:"room_id"`
	Seq         int64           `json:"seq" db:"seq"`
	ClientID    string          `json:"clientId" db:"client_id" format:"uuid"`
	Author      accounts.Person `json:"author" db:"author"`
	Body        string          `json:"body" db:"body" doc:"Markdown"`
	HTML        string          `json:"html" db:"html" doc:"The body, rendered and safe to show"`
	CreatedAt   time.Time       `json:"createdAt" db:"created_at"`
	EditedAt    *time.Time      `json:"editedAt" db:"edited_at"`
	DeletedAt   *time.Time      `json:"deletedAt" db:"deleted_at"`
	Version     int             `json:"version" db:"version"`
	Reactions   []Reaction      `json:"reactions,omitempty" db:"-"`
	PinnedAt    *time.Time      `json:"pinnedAt,omitempty" db:"pinned_at"`
	PinnedBy    *Named          `json:"pinnedBy,omitempty" db:"-"`
	ForwardOf   ids.ID          `json:"forwardOf,omitempty" db:"forward_of" doc:"The message that this one passes on: its card is shown to whoever may see it"`
	ThreadID    ids.ID          `json:"threadId,omitempty" db:"thread_id" doc:"Of a reply: the message that it answers"`
	Thread      *Thread         `json:"thread,omitempty" db:"-" doc:"What hangs on it, if anything; in live frames, changes and the answer to a reply: what hangs on the message that it answers"`
	Notice      *Notice         `json:"notice,omitempty" db:"notice" doc:"What happened in the room, instead of words"`
	Attachments []Attachment    `json:"attachments,omitempty" db:"-" doc:"In the order of their sender"`
	Can         []access.Action `json:"can,omitempty" db:"-" doc:"What the reader may do with it; absent in live frames"`

	replies int
}

// Change is one number of a room: a message, or what became of one. It comes
// down the live connection and from the change feed in the same form.
type Change struct {
	Type    string   `json:"type" enum:"message,edited,deleted,reacted,pinned,gone"`
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
	Mentions    int    `json:"mentions"`
	Lowered     bool   `json:"lowered,omitempty" doc:"Marked as unread by intent: an open room is not to mark it read again by itself"`
}

// SpaceChanged says that the rooms of a space changed: load the list again.
type SpaceChanged struct {
	Type  string `json:"type" enum:"space"`
	Space ids.ID `json:"space"`
}

// RoomChanged says that a private room or a conversation changed, or that the
// reader came into it or is no longer in it: load it and the list again.
type RoomChanged struct {
	Type string `json:"type" enum:"room"`
	Room ids.ID `json:"room"`
}

// Service is what one can do with rooms and messages.
type Service struct {
	db         *db.DB
	log        *slog.Logger
	now        clock.Clock
	bus        *realtime.Bus
	rate       *limit.Rate
	previews   *limit.Rate
	files      *files.Store
	config     config.Config
	drafts     *limit.Rate
	zone       *time.Location // of the network
	actorOf    func(context.Context, ids.ID) (access.Actor, error)
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
	Files   *files.Store
	Search  *search.Service
	Metrics prometheus.Registerer
	// ActorOf gives an account's rights as they are now.
	ActorOf func(context.Context, ids.ID) (access.Actor, error)
}

// New makes the service, adds its listeners and starts its committers, which
// Close ends.
func New(d Deps) *Service {
	s := &Service{
		db: d.DB, log: d.Log, now: d.Now, bus: d.Bus, rate: d.Rate,
		previews: limit.NewRate(previewsPerMinute), drafts: limit.NewRate(draftsPerMinute), zone: d.Config.Zone, actorOf: d.ActorOf,
		files: d.Files, config: d.Config,
	}
	m := newCommitMetrics(d.Metrics)
	for range d.Config.Committers {
		s.committers = append(s.committers, startCommitter(s, m))
	}
	d.Hub.UseRooms(realtime.Rooms{Open: s.openLive, Changes: s.liveChanges, Heads: s.heads, Lost: s.lost, Gone: gone})
	s.listen(d.Events)
	d.Search.Show(search.Source{Kind: CardKind, Hydrate: s.hydrate})
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

func rawDraft(d Draft, device string) json.RawMessage {
	return realtime.Raw(DraftChanged{Type: "draft", Draft: d, Device: device})
}

// gone is the frame of a number of which there is no more to tell.
func gone(room ids.ID, seq int64) json.RawMessage {
	return realtime.Raw(Change{Type: "gone", Room: room, Seq: seq})
}

// frame is the JSON of a change.
func frame(kind string, m Message, seq int64) json.RawMessage {
	m.Can = nil
	return realtime.Raw(Change{Type: kind, Room: m.RoomID, Seq: seq, Message: &m})
}
