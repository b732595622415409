package library

import (
	"context"
	"net/http"

	"guildhall/search"
	"guildhall/server/access"
	"guildhall/server/api"
	"guildhall/server/ids"
)

type findInput struct {
	Q            string   `query:"q" maxLength:"500" doc:"Words, acronyms or a question"`
	Area         []string `query:"area,explode" maxItems:"50" doc:"Slugs of service areas; one at the top holds for those below"`
	Type         []string `query:"type,explode" maxItems:"50" doc:"Types of council"`
	Region       []string `query:"region,explode" maxItems:"50"`
	Nation       []string `query:"nation,explode" maxItems:"50"`
	Stage        []string `query:"stage,explode" maxItems:"50"`
	Year         []string `query:"year,explode" maxItems:"50"`
	Evidence     []string `query:"evidence,explode" maxItems:"50"`
	Organisation []string `query:"organisation,explode" maxItems:"50" doc:"Ids of councils, as lead or partner"`
	Sort         string   `query:"sort" enum:"relevance,newest,oldest" default:"relevance"`
	Page         int      `query:"page" minimum:"1" maximum:"500" default:"1"`
}

type oneInput struct {
	ID ids.Param `path:"storyId"`
}

// Routes adds the endpoints.
func (s *Service) Routes(r *api.Router) {
	api.Handle(r, api.Op{
		ID: "find-stories", Method: http.MethodGet, Path: "/stories", Door: api.SignedIn,
		Summary: "Search the library; without words, browse it", Errors: []int{http.StatusServiceUnavailable},
	}, s.getStories)
	api.Handle(r, api.Op{
		ID: "get-story", Method: http.MethodGet, Path: "/stories/{storyId}", Door: api.SignedIn,
		Summary: "One story", Errors: []int{http.StatusNotFound},
	}, func(ctx context.Context, who access.Actor, in *oneInput) (*Story, error) {
		return s.Get(ctx, who, in.ID.ID)
	})
}

func (s *Service) getStories(ctx context.Context, who access.Actor, in *findInput) (*Results, error) {
	return s.Find(ctx, who, Ask{
		Text: in.Q, Sort: search.Sort(in.Sort), Page: in.Page,
		Filters: map[string][]string{
			"area": in.Area, "type": in.Type, "region": in.Region, "nation": in.Nation, "stage": in.Stage, "year": in.Year,
			"evidence": in.Evidence, "organisation": in.Organisation,
		},
	})
}
