package chat

import (
	"context"

	"guildhall/server/access"
	"guildhall/server/api"
	"guildhall/server/ids"
)

func (s *Service) roomRoutes(r *api.Router) {
	api.Handle(r, api.Op{ID: "list-my-rooms", Method: "GET", Path: "/rooms", Summary: "The rooms of all my spaces", Door: api.SignedIn}, s.getMyRooms)
	api.Handle(r, api.Op{ID: "list-rooms", Method: "GET", Path: "/spaces/{spaceId}/rooms", Summary: "The rooms of a space", Door: api.SignedIn, Errors: []int{404}}, s.getRooms)
	api.Handle(r, api.Op{ID: "make-room", Method: "POST", Path: "/spaces/{spaceId}/rooms", Summary: "Make a room", Door: api.SignedIn, Status: 201, Errors: []int{403, 404, 409}}, s.postRoom)
	api.Handle(r, api.Op{ID: "get-room", Method: "GET", Path: "/rooms/{roomId}", Summary: "One room", Door: api.SignedIn, Errors: []int{404}}, s.getRoom)
	api.Handle(r, api.Op{ID: "edit-room", Method: "PATCH", Path: "/rooms/{roomId}", Summary: "Name a room, archive it or open it again", Door: api.SignedIn, Errors: []int{403, 404, 409, 429}}, s.patchRoom)
	api.Handle(r, api.Op{ID: "set-room", Method: "PUT", Path: "/rooms/{roomId}/settings", Summary: "Say how I want a room", Door: api.SignedIn, Errors: []int{404}}, s.putSettings)
	api.Handle(r, api.Op{ID: "join-room", Method: "POST", Path: "/rooms/{roomId}/join", Summary: "Bring a room that I left back into my list", Door: api.SignedIn, Errors: []int{404}}, s.postJoin)
	api.Handle(r, api.Op{ID: "list-room-people", Method: "GET", Path: "/rooms/{roomId}/people", Summary: "Who may see a room", Door: api.SignedIn, Errors: []int{404}}, s.getPeople)
	api.Handle(r, api.Op{ID: "invite-to-room", Method: "POST", Path: "/rooms/{roomId}/people", Summary: "Bring people into a private room or a conversation", Door: api.SignedIn, Errors: []int{403, 404, 409, 429}}, s.postPeople)
	api.Do(r, api.Op{ID: "leave-room", Method: "DELETE", Path: "/rooms/{roomId}/people/{personId}", Summary: "Leave a room, or remove somebody", Door: api.SignedIn, Errors: []int{403, 404, 409}}, s.deletePerson)
	api.Handle(r, api.Op{ID: "list-conversations", Method: "GET", Path: "/conversations", Summary: "My conversations, the last spoken in first", Door: api.SignedIn}, s.getConversations)
	api.Handle(r, api.Op{ID: "converse", Method: "POST", Path: "/conversations", Summary: "Start or find a conversation with people", Door: api.SignedIn, Status: 201, Errors: []int{409, 429}}, s.postConversation)
}

func (s *Service) getMyRooms(ctx context.Context, who access.Actor, in *api.Paging) (*api.Page[Room], error) {
	return s.MyRooms(ctx, who, in.Cursor, in.Limit)
}

type roomsInput struct {
	SpaceID  ids.Param `path:"spaceId"`
	Archived bool      `query:"archived" doc:"Those that are closed, instead of those that are open"`
	api.Paging
}

func (s *Service) getRooms(ctx context.Context, who access.Actor, in *roomsInput) (*api.Page[Room], error) {
	return s.Rooms(ctx, who, in.SpaceID.ID, in.Archived, in.Cursor, in.Limit)
}

type postRoomInput struct {
	SpaceID ids.Param `path:"spaceId"`
	Body    NewRoom
}

func (s *Service) postRoom(ctx context.Context, who access.Actor, in *postRoomInput) (*Room, error) {
	return s.MakeRoom(ctx, who, in.SpaceID.ID, in.Body)
}

type roomInput struct {
	RoomID ids.Param `path:"roomId"`
}

func (s *Service) getRoom(ctx context.Context, who access.Actor, in *roomInput) (*Room, error) {
	return s.Room(ctx, who, in.RoomID.ID)
}

type patchRoomInput struct {
	RoomID ids.Param `path:"roomId"`
	Body   RoomEdit
}

func (s *Service) patchRoom(ctx context.Context, who access.Actor, in *patchRoomInput) (*Room, error) {
	return s.EditRoom(ctx, who, in.RoomID.ID, in.Body)
}

type settingsInput struct {
	RoomID ids.Param `path:"roomId"`
	Body   RoomSettings
}

func (s *Service) putSettings(ctx context.Context, who access.Actor, in *settingsInput) (*Room, error) {
	return s.SetRoom(ctx, who, in.RoomID.ID, in.Body)
}

func (s *Service) postJoin(ctx context.Context, who access.Actor, in *roomInput) (*Room, error) {
	return s.Join(ctx, who, in.RoomID.ID)
}

type peopleInput struct {
	RoomID ids.Param `path:"roomId"`
	Q      string    `query:"q" maxLength:"80" doc:"The beginning of a word of the name"`
	api.Paging
}

func (s *Service) getPeople(ctx context.Context, who access.Actor, in *peopleInput) (*api.Page[RoomPerson], error) {
	return s.People(ctx, who, in.RoomID.ID, in.Q, in.Cursor, in.Limit)
}

type inviteInput struct {
	RoomID ids.Param `path:"roomId"`
	Body   Invited
}

func (s *Service) postPeople(ctx context.Context, who access.Actor, in *inviteInput) (*Room, error) {
	return s.Invite(ctx, who, in.RoomID.ID, in.Body)
}

type roomPersonInput struct {
	RoomID   ids.Param `path:"roomId"`
	PersonID ids.Param `path:"personId"`
}

func (s *Service) deletePerson(ctx context.Context, who access.Actor, in *roomPersonInput) error {
	return s.Leave(ctx, who, in.RoomID.ID, in.PersonID.ID)
}

type conversationsInput struct {
	Hidden bool `query:"hidden" doc:"Those that I hid, too: a screen hears by them that something is said"`
	api.Paging
}

func (s *Service) getConversations(ctx context.Context, who access.Actor, in *conversationsInput) (*api.Page[Room], error) {
	return s.Conversations(ctx, who, in.Hidden, in.Cursor, in.Limit)
}

type conversationInput struct{ Body NewConversation }

func (s *Service) postConversation(ctx context.Context, who access.Actor, in *conversationInput) (*Room, error) {
	return s.Converse(ctx, who, in.Body)
}
