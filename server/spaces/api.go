package spaces

import (
	"context"

	"guildhall/server/access"
	"guildhall/server/api"
	"guildhall/server/audit"
	"guildhall/server/ids"
)

// Routes adds the endpoints.
func (s *Service) Routes(r *api.Router) {
	api.Handle(r, api.Op{ID: "list-spaces", Method: "GET", Path: "/spaces", Summary: "My spaces and listed groups", Door: api.SignedIn}, s.getSpaces)
	api.Handle(r, api.Op{ID: "open-space", Method: "POST", Path: "/spaces", Summary: "Open a cohort or a group", Door: api.Admin, Status: 201, Errors: []int{403, 409}}, s.postSpace)
	api.Handle(r, api.Op{ID: "get-space", Method: "GET", Path: "/spaces/{spaceId}", Summary: "One space", Door: api.SignedIn, Errors: []int{404}}, s.getSpace)
	api.Handle(r, api.Op{ID: "edit-space", Method: "PATCH", Path: "/spaces/{spaceId}", Summary: "Change a space's words and dates", Door: api.SignedIn, Errors: []int{403, 404, 409, 429}}, s.patchSpace)
	api.Handle(r, api.Op{ID: "join-space", Method: "POST", Path: "/spaces/{spaceId}/join", Summary: "Join an open group", Door: api.SignedIn, Errors: []int{404, 409, 429}}, s.postJoin)
	api.Handle(r, api.Op{ID: "step-in", Method: "POST", Path: "/spaces/{spaceId}/step-in", Summary: "Come into a space as an admin, seen by its members", Door: api.SignedIn, Errors: []int{403, 404, 429}}, s.postStepIn)
	api.Handle(r, api.Op{ID: "list-members", Method: "GET", Path: "/spaces/{spaceId}/members", Summary: "Who is in a space", Door: api.SignedIn, Errors: []int{404}}, s.getMembers)
	api.Handle(r, api.Op{ID: "add-member", Method: "POST", Path: "/spaces/{spaceId}/members", Summary: "Add a person to a space", Door: api.SignedIn, Status: 201, Errors: []int{403, 404, 409, 429}}, s.postMember)
	api.Handle(r, api.Op{ID: "set-role", Method: "PATCH", Path: "/spaces/{spaceId}/members/{personId}", Summary: "Set a member's role", Door: api.SignedIn, Errors: []int{403, 404, 409, 429}}, s.patchMember)
	api.Do(r, api.Op{ID: "remove-member", Method: "DELETE", Path: "/spaces/{spaceId}/members/{personId}", Summary: "Remove a member, or leave", Door: api.SignedIn, Errors: []int{403, 404, 409, 429}}, s.deleteMember)
	api.Handle(r, api.Op{ID: "list-space-audit", Method: "GET", Path: "/spaces/{spaceId}/audit", Summary: "What was done in a space, for its moderators", Door: api.SignedIn, Errors: []int{403, 404}}, s.getAudit)
}

func (s *Service) getSpaces(ctx context.Context, who access.Actor, in *api.Paging) (*api.Page[Space], error) {
	return s.List(ctx, who, in.Cursor, in.Limit)
}

type postSpaceInput struct{ Body newSpace }

func (s *Service) postSpace(ctx context.Context, who access.Actor, in *postSpaceInput) (*Space, error) {
	return s.Open(ctx, who, in.Body)
}

type spaceInput struct {
	SpaceID ids.Param `path:"spaceId"`
}

func (s *Service) getSpace(ctx context.Context, who access.Actor, in *spaceInput) (*Space, error) {
	return s.Get(ctx, who, in.SpaceID.ID)
}

type patchSpaceInput struct {
	SpaceID ids.Param `path:"spaceId"`
	Body    spaceEdit
}

func (s *Service) patchSpace(ctx context.Context, who access.Actor, in *patchSpaceInput) (*Space, error) {
	return s.Edit(ctx, who, in.SpaceID.ID, in.Body)
}

func (s *Service) postJoin(ctx context.Context, who access.Actor, in *spaceInput) (*Space, error) {
	return s.Join(ctx, who, in.SpaceID.ID)
}

func (s *Service) postStepIn(ctx context.Context, who access.Actor, in *spaceInput) (*Space, error) {
	return s.StepIn(ctx, who, in.SpaceID.ID)
}

type pageInput struct {
	SpaceID ids.Param `path:"spaceId"`
	api.Paging
}

func (s *Service) getMembers(ctx context.Context, who access.Actor, in *pageInput) (*api.Page[Member], error) {
	return s.Members(ctx, who, in.SpaceID.ID, in.Cursor, in.Limit)
}

type postMemberInput struct {
	SpaceID ids.Param `path:"spaceId"`
	Body    NewMember
}

func (s *Service) postMember(ctx context.Context, who access.Actor, in *postMemberInput) (*Member, error) {
	return s.AddMember(ctx, who, in.SpaceID.ID, in.Body)
}

type memberInput struct {
	SpaceID  ids.Param `path:"spaceId"`
	PersonID ids.Param `path:"personId"`
}

type patchMemberInput struct {
	SpaceID  ids.Param `path:"spaceId"`
	PersonID ids.Param `path:"personId"`
	Body     RoleEdit
}

func (s *Service) patchMember(ctx context.Context, who access.Actor, in *patchMemberInput) (*Member, error) {
	return s.SetRole(ctx, who, in.SpaceID.ID, in.PersonID.ID, in.Body)
}

func (s *Service) deleteMember(ctx context.Context, who access.Actor, in *memberInput) error {
	return s.RemoveMember(ctx, who, in.SpaceID.ID, in.PersonID.ID)
}

func (s *Service) getAudit(ctx context.Context, who access.Actor, in *pageInput) (*api.Page[audit.Entry], error) {
	var before ids.ID
	if err := api.ReadCursor(in.Cursor, &before); err != nil {
		return nil, err
	}
	return s.Audit(ctx, who, in.SpaceID.ID, before, in.Limit)
}
