package chat

import (
	"context"

	"guildhall/server/access"
	"guildhall/server/api"
	"guildhall/server/ids"
)

// threadRoutes adds the endpoints of threads.
func (s *Service) threadRoutes(r *api.Router) {
	api.Handle(r, api.Op{ID: "list-threads", Method: "GET", Path: "/threads", Summary: "The threads that I follow, those with something new first", Door: api.SignedIn}, s.getThreads)
	api.Handle(r, api.Op{ID: "get-thread", Method: "GET", Path: "/messages/{messageId}/thread", Summary: "The thread that a message opens or is in", Door: api.SignedIn, Errors: []int{404}}, s.getThread)
	api.Handle(r, api.Op{ID: "mark-thread-read", Method: "PUT", Path: "/messages/{messageId}/thread/read", Summary: "Say how far I have read a thread", Door: api.SignedIn, Errors: []int{404}}, s.putThreadRead)
	api.Handle(r, api.Op{ID: "follow-thread", Method: "PUT", Path: "/messages/{messageId}/thread/follow", Summary: "Follow a thread, or stop", Door: api.SignedIn, Errors: []int{404}}, s.putFollow)
}

func (s *Service) getThreads(ctx context.Context, who access.Actor, in *api.Paging) (*Threads, error) {
	return s.Threads(ctx, who, in.Cursor, in.Limit)
}

type threadInput struct {
	MessageID ids.Param `path:"messageId"`
	Before    int64     `query:"before" minimum:"1" doc:"Replies with a lower number, the nearest ones"`
	After     int64     `query:"after" minimum:"-1" default:"-1" doc:"Replies with a higher number, the nearest ones"`
	Around    int64     `query:"around" minimum:"1" doc:"Replies on both sides of a number"`
	Limit     int       `query:"limit" minimum:"1" maximum:"200" default:"60"`
}

func (s *Service) getThread(ctx context.Context, who access.Actor, in *threadInput) (*ThreadHistory, error) {
	if err := api.OnlyOne(in.Before > 0, in.After >= 0, in.Around > 0); err != nil {
		return nil, err
	}
	return s.Thread(ctx, who, in.MessageID.ID, Span{Before: in.Before, After: in.After, Around: in.Around, Limit: in.Limit})
}

type threadReadInput struct {
	MessageID ids.Param `path:"messageId"`
	Body      struct {
		Seq int64 `json:"seq" minimum:"0"`
	}
}

func (s *Service) putThreadRead(ctx context.Context, who access.Actor, in *threadReadInput) (*ThreadMark, error) {
	return s.ReadThread(ctx, who, in.MessageID.ID, in.Body.Seq)
}

type followInput struct {
	MessageID ids.Param `path:"messageId"`
	Body      struct {
		Following bool `json:"following"`
	}
}

func (s *Service) putFollow(ctx context.Context, who access.Actor, in *followInput) (*ThreadMark, error) {
	return s.FollowThread(ctx, who, in.MessageID.ID, in.Body.Following)
}
