package chat

import (
	"context"

	"guildhall/server/access"
	"guildhall/server/api"
	"guildhall/server/ids"
)

// searchRoutes adds the endpoints that look for messages and after them.
func (s *Service) searchRoutes(r *api.Router) {
	api.Handle(r, api.Op{ID: "search-messages", Method: "GET", Path: "/messages/search", Summary: "Messages of my rooms, the newest first", Door: api.SignedIn}, s.getSearch)
	api.Handle(r, api.Op{ID: "list-readers", Method: "GET", Path: "/messages/{messageId}/readers", Summary: "Who has read a message, where that is shown", Door: api.SignedIn, Errors: []int{404, 409}}, s.getReaders)
	api.Handle(r, api.Op{ID: "try-retention", Method: "GET", Path: "/rooms/{roomId}/retention", Summary: "What keeping messages for so many days would delete", Door: api.SignedIn, Errors: []int{403, 404}}, s.getRetention)
}

type searchInput struct {
	Q    string    `query:"q" required:"true" minLength:"1" maxLength:"300" doc:"Words, \"phrases\", -words, from:name, in:room, has:file, has:link, before:2026-03-31, after:2026-03-31"`
	Room ids.Param `query:"room" doc:"Only in this one"`
	api.Paging
}

func (s *Service) getSearch(ctx context.Context, who access.Actor, in *searchInput) (*api.Page[Found], error) {
	return s.Search(ctx, who, in.Q, in.Room.ID, in.Paging)
}

type readersInput struct {
	MessageID ids.Param `path:"messageId"`
}

func (s *Service) getReaders(ctx context.Context, who access.Actor, in *readersInput) (*Readers, error) {
	return s.Readers(ctx, who, in.MessageID.ID)
}

type retentionInput struct {
	RoomID ids.Param `path:"roomId"`
	Days   int       `query:"days" minimum:"0" maximum:"36500" doc:"0 keeps them"`
}

func (s *Service) getRetention(ctx context.Context, who access.Actor, in *retentionInput) (*Retention, error) {
	return s.TryRetention(ctx, who, in.RoomID.ID, in.Days)
}
