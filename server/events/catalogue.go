package events

import (
	"encoding/json"
	"time"

	"guildhall/server/ids"
)

// MessagePosted says that a message was stored in a room. Of is its number, or
// of a reply that of the message which it answers. Frame is what screens get; it
// is not kept.
type MessagePosted struct {
	RoomID    ids.ID          `json:"roomId"`
	SpaceID   ids.ID          `json:"spaceId"`
	MessageID ids.ID          `json:"messageId"`
	Seq       int64           `json:"seq"`
	Of        int64           `json:"of"`
	Frame     json.RawMessage `json:"-"`
}

// MessageChanged says that a message was edited, deleted, reacted to or
// pinned; the change has a number of its own in the room. Of is as it was
// when the message was posted.
type MessageChanged struct {
	RoomID    ids.ID          `json:"roomId"`
	SpaceID   ids.ID          `json:"spaceId"`
	MessageID ids.ID          `json:"messageId"`
	Seq       int64           `json:"seq"`
	Of        int64           `json:"of"`
	Frame     json.RawMessage `json:"-"`
}

// FilesRemoved says that files are no longer to be had: their bytes may go.
type FilesRemoved struct {
	FileIDs []ids.ID `json:"fileIds"`
}

// RoomRead says that a person read a room on one device; their others should know.
type RoomRead struct {
	RoomID      ids.ID `json:"roomId"`
	AccountID   ids.ID `json:"accountId"`
	LastReadSeq int64  `json:"lastReadSeq"`
	Unread      int    `json:"unread"`
	Mentions    int    `json:"mentions"`
	Lowered     bool   `json:"lowered,omitempty"` // marked as unread, by intent
}

// ThreadRead says how somebody stands to a thread now, so that their devices know: they
// read it, or follow it, or no longer.
type ThreadRead struct {
	RoomID      ids.ID `json:"roomId"`
	ThreadID    ids.ID `json:"threadId"`
	AccountID   ids.ID `json:"accountId"`
	Following   bool   `json:"following"`
	LastReadSeq int64  `json:"lastReadSeq"`
	LastSeq     int64  `json:"lastSeq"`
	Unread      int    `json:"unread"`
}

// RoomMade says that a space has a new room.
type RoomMade struct {
	RoomID  ids.ID `json:"roomId"`
	SpaceID ids.ID `json:"spaceId"`
}

// RoomChanged says that a room was named, archived or opened again, or that
// people came or went. Everybody in the space should know, or with Accounts
// these people alone.
type RoomChanged struct {
	RoomID   ids.ID   `json:"roomId"`
	SpaceID  ids.ID   `json:"spaceId"`
	Accounts []ids.ID `json:"accounts"`
}

// RoomLeft says that somebody is no longer in a private room or a conversation.
type RoomLeft struct {
	RoomID    ids.ID `json:"roomId"`
	AccountID ids.ID `json:"accountId"`
}

// DraftKept says that somebody wrote at a draft on one device; their others
// should know. Frame is what screens get; it is not kept.
type DraftKept struct {
	AccountID ids.ID          `json:"accountId"`
	Frame     json.RawMessage `json:"-"`
}

// ScheduledChanged says that the messages that a person sends later changed.
type ScheduledChanged struct {
	AccountID ids.ID `json:"accountId"`
}

// ChatPreferencesSet says that a person set on one device how chat is to be.
type ChatPreferencesSet struct {
	AccountID ids.ID `json:"accountId"`
}

// TopicStarted says that a topic was opened with its first post.
type TopicStarted struct {
	TopicID  ids.ID `json:"topicId"`
	SpaceID  ids.ID `json:"spaceId"`
	PostID   ids.ID `json:"postId"`
	AuthorID ids.ID `json:"authorId"`
}

// PostAdded says that somebody replied in a topic. Posts is how many there are now.
type PostAdded struct {
	TopicID  ids.ID `json:"topicId"`
	SpaceID  ids.ID `json:"spaceId"`
	PostID   ids.ID `json:"postId"`
	AuthorID ids.ID `json:"authorId"`
	Number   int64  `json:"number"`
	Posts    int    `json:"posts"`
}

// TopicChanged says that a topic or one of its posts was edited, pinned, closed or
// deleted. PostID and Number are 0 when it was the topic itself. Posts is how
// many there are now; with 0 the topic is gone.
type TopicChanged struct {
	TopicID ids.ID `json:"topicId"`
	SpaceID ids.ID `json:"spaceId"`
	PostID  ids.ID `json:"postId"`
	Number  int64  `json:"number"`
	Posts   int    `json:"posts"`
	ByID    ids.ID `json:"byId"`
}

// TopicRead says that a person read a topic on one device; their others should know.
type TopicRead struct {
	TopicID        ids.ID `json:"topicId"`
	SpaceID        ids.ID `json:"spaceId"`
	AccountID      ids.ID `json:"accountId"`
	LastReadNumber int64  `json:"lastReadNumber"`
	Unread         int    `json:"unread"`
}

// MemberAdded says that a person came into a space.
type MemberAdded struct {
	SpaceID   ids.ID `json:"spaceId"`
	AccountID ids.ID `json:"accountId"`
}

// MemberRemoved says that a person left a space or was removed from it.
type MemberRemoved struct {
	SpaceID   ids.ID `json:"spaceId"`
	AccountID ids.ID `json:"accountId"`
}

// RoleSet says that a person's role in a space changed.
type RoleSet struct {
	SpaceID   ids.ID `json:"spaceId"`
	AccountID ids.ID `json:"accountId"`
}

// SessionEnded says that these sessions of an account ended.
type SessionEnded struct {
	AccountID  ids.ID   `json:"accountId"`
	SessionIDs []ids.ID `json:"sessionIds"`
}

// CodeAsked says that a sign-in code is to be mailed. The code itself is made when the
// mail is written, so that it never waits in a table in clear.
type CodeAsked struct {
	CodeID  ids.ID    `json:"codeId"`
	Expires time.Time `json:"expires"`
}

// OrganisationChanged says that a council or partner was renamed or moved.
type OrganisationChanged struct {
	OrganisationID ids.ID `json:"organisationId"`
}

// ServiceAreaChanged says that a service area was renamed.
type ServiceAreaChanged struct {
	Slug string `json:"slug"`
}
