package chat

import (
	"context"
	"time"

	"guildhall/server/access"
	"guildhall/server/api"
	"guildhall/server/ids"
)

// bodySize lets a message of 8,000 characters through, whatever they are: each
// may take twelve bytes when it is written as an escaped pair.
const bodySize = 128 << 10

// Routes adds the endpoints.
func (s *Service) Routes(r *api.Router) {
	s.roomRoutes(r)
	s.writingRoutes(r)
	s.searchRoutes(r)
	s.preferenceRoutes(r)
	api.Handle(r, api.Op{ID: "list-messages", Method: "GET", Path: "/rooms/{roomId}/messages", Summary: "Messages of a room, in order", Door: api.SignedIn, Errors: []int{404}}, s.getMessages)
	api.Handle(r, api.Op{ID: "post-message", Method: "POST", Path: "/rooms/{roomId}/messages", Summary: "Say something in a room", Door: api.SignedIn, Status: 201, MaxBody: bodySize, Errors: []int{403, 404, 409, 413, 429, 503}}, s.postMessage)
	api.Handle(r, api.Op{ID: "list-changes", Method: "GET", Path: "/rooms/{roomId}/changes", Summary: "What happened in a room after a number", Door: api.SignedIn, Errors: []int{404}}, s.getChanges)
	api.Handle(r, api.Op{ID: "mark-room-read", Method: "PUT", Path: "/rooms/{roomId}/read", Summary: "Say how far I have read", Door: api.SignedIn, Errors: []int{404}}, s.putRead)
	api.Handle(r, api.Op{ID: "edit-message", Method: "PATCH", Path: "/messages/{messageId}", Summary: "Edit my message", Door: api.SignedIn, MaxBody: bodySize, Errors: []int{403, 404, 409, 413, 429}}, s.patchMessage)
	api.Do(r, api.Op{ID: "delete-message", Method: "DELETE", Path: "/messages/{messageId}", Summary: "Delete a message", Door: api.SignedIn, Errors: []int{403, 404}}, s.deleteMessage)
	s.readingRoutes(r)
	s.reactionRoutes(r)
	s.threadRoutes(r)
	s.previewRoutes(r)
	s.attachmentRoutes(r)
}

type messagesInput struct {
	RoomID ids.Param `path:"roomId"`
	Before int64     `query:"before" minimum:"1" doc:"Messages with a lower number, the nearest ones"`
	After  int64     `query:"after" minimum:"-1" default:"-1" doc:"Messages with a higher number, the nearest ones"`
	Around int64     `query:"around" minimum:"1" doc:"Messages on both sides of a number"`
	At     time.Time `query:"at" doc:"Messages on both sides of a moment"`
	Limit  int       `query:"limit" minimum:"1" maximum:"200" default:"60"`
}

func (s *Service) getMessages(ctx context.Context, who access.Actor, in *messagesInput) (*History, error) {
	if err := api.OnlyOne(in.Before > 0, in.After >= 0, in.Around > 0, !in.At.IsZero()); err != nil {
		return nil, err
	}
	return s.History(ctx, who, in.RoomID.ID, Span{Before: in.Before, After: in.After, Around: in.Around, At: in.At, Limit: in.Limit})
}

type postMessageInput struct {
	RoomID ids.Param `path:"roomId"`
	Body   NewMessage
}

func (s *Service) postMessage(ctx context.Context, who access.Actor, in *postMessageInput) (*Message, error) {
	return s.Post(ctx, who, in.RoomID.ID, in.Body)
}

type changesInput struct {
	RoomID ids.Param `path:"roomId"`
	After  int64     `query:"after" required:"true" minimum:"0"`
}

func (s *Service) getChanges(ctx context.Context, who access.Actor, in *changesInput) (*Feed, error) {
	return s.Changes(ctx, who, in.RoomID.ID, in.After)
}

type readInput struct {
	RoomID ids.Param `path:"roomId"`
	Body   struct {
		Seq int64 `json:"seq" minimum:"0"`
	}
}

func (s *Service) putRead(ctx context.Context, who access.Actor, in *readInput) (*ReadMark, error) {
	return s.MarkRead(ctx, who, in.RoomID.ID, in.Body.Seq)
}

type messageInput struct {
	MessageID ids.Param `path:"messageId"`
}

type patchMessageInput struct {
	MessageID ids.Param `path:"messageId"`
	Body      struct {
		Body    string `json:"body" maxLength:"8000"`
		Version int    `json:"version" minimum:"1" maximum:"2147483647"`
	}
}

func (s *Service) patchMessage(ctx context.Context, who access.Actor, in *patchMessageInput) (*Message, error) {
	return s.Edit(ctx, who, in.MessageID.ID, in.Body.Body, in.Body.Version)
}

func (s *Service) deleteMessage(ctx context.Context, who access.Actor, in *messageInput) error {
	return s.Delete(ctx, who, in.MessageID.ID)
}
