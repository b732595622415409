package chat

import (
	"context"

	"guildhall/server/access"
	"guildhall/server/api"
	"guildhall/server/ids"
)

// writingRoutes adds the endpoints of what is not said yet.
func (s *Service) writingRoutes(r *api.Router) {
	api.Handle(r, api.Op{ID: "list-drafts", Method: "GET", Path: "/drafts", Summary: "What I am writing", Door: api.SignedIn}, s.getDrafts)
	api.Handle(r, api.Op{ID: "keep-draft", Method: "PUT", Path: "/rooms/{roomId}/draft", Summary: "Keep what I am writing in a room", Door: api.SignedIn, MaxBody: bodySize, Errors: []int{403, 404, 413, 429}}, s.putDraft)
	api.Handle(r, api.Op{ID: "list-scheduled", Method: "GET", Path: "/scheduled", Summary: "My messages that are sent later", Door: api.SignedIn}, s.getScheduled)
	api.Handle(r, api.Op{ID: "schedule-message", Method: "POST", Path: "/rooms/{roomId}/scheduled", Summary: "Say something later", Door: api.SignedIn, Status: 201, MaxBody: bodySize, Errors: []int{403, 404, 409, 413, 429}}, s.postScheduled)
	api.Handle(r, api.Op{ID: "edit-scheduled", Method: "PATCH", Path: "/scheduled/{scheduledId}", Summary: "Change what is sent later, or when", Door: api.SignedIn, MaxBody: bodySize, Errors: []int{403, 404, 409, 413}}, s.patchScheduled)
	api.Do(r, api.Op{ID: "drop-scheduled", Method: "DELETE", Path: "/scheduled/{scheduledId}", Summary: "Take back what was to be sent later", Door: api.SignedIn, Errors: []int{404}}, s.deleteScheduled)
}

type draftList struct {
	Items []Draft `json:"items" nullable:"false"`
}

func (s *Service) getDrafts(ctx context.Context, who access.Actor, _ *struct{}) (*draftList, error) {
	list, err := s.Drafts(ctx, who)
	return &draftList{list}, err
}

type putDraftInput struct {
	RoomID ids.Param `path:"roomId"`
	Body   NewDraft
}

func (s *Service) putDraft(ctx context.Context, who access.Actor, in *putDraftInput) (*Draft, error) {
	return s.KeepDraft(ctx, who, in.RoomID.ID, in.Body)
}

type scheduledList struct {
	Items []Scheduled `json:"items" nullable:"false"`
}

func (s *Service) getScheduled(ctx context.Context, who access.Actor, _ *struct{}) (*scheduledList, error) {
	list, err := s.ListScheduled(ctx, who)
	return &scheduledList{list}, err
}

type postScheduledInput struct {
	RoomID ids.Param `path:"roomId"`
	Body   NewScheduled
}

func (s *Service) postScheduled(ctx context.Context, who access.Actor, in *postScheduledInput) (*Scheduled, error) {
	return s.Schedule(ctx, who, in.RoomID.ID, in.Body)
}

type scheduledInput struct {
	ScheduledID ids.Param `path:"scheduledId"`
}

type patchScheduledInput struct {
	ScheduledID ids.Param `path:"scheduledId"`
	Body        ScheduledEdit
}

func (s *Service) patchScheduled(ctx context.Context, who access.Actor, in *patchScheduledInput) (*Scheduled, error) {
	return s.EditScheduled(ctx, who, in.ScheduledID.ID, in.Body)
}

func (s *Service) deleteScheduled(ctx context.Context, who access.Actor, in *scheduledInput) error {
	return s.DropScheduled(ctx, who, in.ScheduledID.ID)
}

func (s *Service) preferenceRoutes(r *api.Router) {
	api.Handle(r, api.Op{ID: "get-chat-preferences", Method: "GET", Path: "/me/chat", Summary: "How I want chat", Door: api.SignedIn}, s.getPreferences)
	api.Handle(r, api.Op{ID: "set-chat-preferences", Method: "PUT", Path: "/me/chat", Summary: "Say how I want chat", Door: api.SignedIn}, s.putPreferences)
}

func (s *Service) getPreferences(ctx context.Context, who access.Actor, _ *struct{}) (*Preferences, error) {
	return s.Preferences(ctx, who)
}

type preferencesInput struct{ Body Preferences }

func (s *Service) putPreferences(ctx context.Context, who access.Actor, in *preferencesInput) (*Preferences, error) {
	return s.Prefer(ctx, who, in.Body)
}
