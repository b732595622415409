package chat

import (
	"context"

	"guildhall/server/access"
	"guildhall/server/api"
	"guildhall/server/ids"
)

// readingRoutes adds the endpoints of what somebody has read.
func (s *Service) readingRoutes(r *api.Router) {
	api.Handle(r, api.Op{ID: "mark-room-unread", Method: "PUT", Path: "/rooms/{roomId}/unread", Summary: "Say from where on I want to read again", Door: api.SignedIn, Errors: []int{404}}, s.putUnread)
}

type unreadInput struct {
	RoomID ids.Param `path:"roomId"`
	Body   struct {
		Seq int64 `json:"seq" minimum:"1" doc:"The first message that is to be unread"`
	}
}

func (s *Service) putUnread(ctx context.Context, who access.Actor, in *unreadInput) (*ReadMark, error) {
	return s.MarkUnread(ctx, who, in.RoomID.ID, in.Body.Seq)
}
