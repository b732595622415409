package chat

import (
	"context"

	"guildhall/server/access"
	"guildhall/server/api"
	"guildhall/server/ids"
)

// reactionRoutes adds the endpoints of what can be done to a message besides
// writing it.
func (s *Service) reactionRoutes(r *api.Router) {
	api.Handle(r, api.Op{ID: "react", Method: "PUT", Path: "/messages/{messageId}/reactions/{name}", Summary: "React to a message", Door: api.SignedIn, Errors: []int{403, 404, 409, 429}}, s.putReaction)
	api.Handle(r, api.Op{ID: "unreact", Method: "DELETE", Path: "/messages/{messageId}/reactions/{name}", Summary: "Take my reaction back", Door: api.SignedIn, Errors: []int{403, 404, 409, 429}}, s.deleteReaction)
	api.Handle(r, api.Op{ID: "pin-message", Method: "PUT", Path: "/messages/{messageId}/pin", Summary: "Keep a message at hand in its room", Door: api.SignedIn, Errors: []int{403, 404, 409, 429}}, s.putPin)
	api.Handle(r, api.Op{ID: "unpin-message", Method: "DELETE", Path: "/messages/{messageId}/pin", Summary: "Let a pinned message go", Door: api.SignedIn, Errors: []int{403, 404, 409, 429}}, s.deletePin)
	api.Handle(r, api.Op{ID: "list-pins", Method: "GET", Path: "/rooms/{roomId}/pins", Summary: "The pinned messages of a room, the last pinned first", Door: api.SignedIn, Errors: []int{404}}, s.getPins)
	api.Handle(r, api.Op{ID: "list-message-versions", Method: "GET", Path: "/messages/{messageId}/versions", Summary: "Every wording of a message, the present one last", Door: api.SignedIn, Errors: []int{404}}, s.getVersions)
}

type reactionInput struct {
	MessageID ids.Param `path:"messageId"`
	Name      string    `path:"name" enum:"thumbs-up,heart,celebrate,clap,smile,thinking,thanks,check"`
}

func (s *Service) putReaction(ctx context.Context, who access.Actor, in *reactionInput) (*Message, error) {
	return s.React(ctx, who, in.MessageID.ID, in.Name, true)
}

func (s *Service) deleteReaction(ctx context.Context, who access.Actor, in *reactionInput) (*Message, error) {
	return s.React(ctx, who, in.MessageID.ID, in.Name, false)
}

func (s *Service) putPin(ctx context.Context, who access.Actor, in *messageInput) (*Message, error) {
	return s.Pin(ctx, who, in.MessageID.ID, true)
}

func (s *Service) deletePin(ctx context.Context, who access.Actor, in *messageInput) (*Message, error) {
	return s.Pin(ctx, who, in.MessageID.ID, false)
}

func (s *Service) getPins(ctx context.Context, who access.Actor, in *roomInput) (*Pins, error) {
	return s.Pins(ctx, who, in.RoomID.ID)
}

type versionsInput struct {
	MessageID ids.Param `path:"messageId"`
	api.Paging
}

func (s *Service) getVersions(ctx context.Context, who access.Actor, in *versionsInput) (*api.Page[MessageVersion], error) {
	return s.Versions(ctx, who, in.MessageID.ID, in.Cursor, in.Limit)
}
