package orgs

import (
	"context"
	"net/http"

	"guildhall/server/access"
	"guildhall/server/api"
	"guildhall/server/ids"
)

type listInput struct {
	Q      string `query:"q" maxLength:"200" doc:"Any name, nickname or part of one"`
	Type   string `query:"type" maxLength:"40"`
	Nation string `query:"nation" maxLength:"40"`
	Region string `query:"region" maxLength:"40"`
	Former bool   `query:"former" doc:"Abolished ones too; with q they are found anyway"`
	Today  bool   `query:"today" doc:"Never an abolished one: what a person can belong to"`
	MadeUp bool   `query:"madeUp" doc:"Only those made up for the demonstration: its people can belong to no others"`
	Cursor string `query:"cursor" maxLength:"1000"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type oneInput struct {
	ID ids.Param `path:"organisationId"`
}

type noInput struct{}

// AreaList is all service areas.
type AreaList struct {
	Items []Area `json:"items" nullable:"false"`
}

// Routes adds the endpoints.
func (s *Service) Routes(r *api.Router) {
	api.Handle(r, api.Op{
		ID: "list-organisations", Method: http.MethodGet, Path: "/organisations", Door: api.SignedIn,
		Summary: "Councils and partners, found by any of their names",
	}, func(ctx context.Context, who access.Actor, in *listInput) (*api.Page[Listed], error) {
		return s.List(ctx, who, Search{
			Text: in.Q, Type: in.Type, Nation: in.Nation, Region: in.Region, Former: in.Former, Today: in.Today, MadeUp: in.MadeUp, Cursor: in.Cursor, Limit: in.Limit,
		})
	})
	api.Handle(r, api.Op{
		ID: "get-organisation", Method: http.MethodGet, Path: "/organisations/{organisationId}", Door: api.SignedIn,
		Summary: "One council or partner", Errors: []int{http.StatusNotFound},
	}, func(ctx context.Context, who access.Actor, in *oneInput) (*Details, error) {
		return s.Get(ctx, who, in.ID.ID)
	})
	api.Handle(r, api.Op{
		ID: "list-service-areas", Method: http.MethodGet, Path: "/service-areas", Door: api.SignedIn,
		Summary: "What councils do, in two levels",
	}, func(ctx context.Context, who access.Actor, _ *noInput) (*AreaList, error) {
		list, err := s.Areas(ctx, who)
		return &AreaList{Items: list}, err
	})
}
