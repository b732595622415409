// Package orgs knows the organisations that people work for and what councils
// do. A council is a dated thing with many names and, after a reorganisation,
// with successors; what it did stays its own.
package orgs

import (
	"context"
	"fmt"

	"guildhall/server/access"
	"guildhall/server/api"
	"guildhall/server/db"
	"guildhall/server/ids"
	"guildhall/server/problem"
)

// Organisation is one council or partner, as lists show it.
type Organisation struct {
	ID         ids.ID  `json:"id" db:"id"`
	Code       string  `json:"code" db:"code" doc:"The key of the open data; made-up and added ones have one of their own"`
	Name       string  `json:"name" db:"name"`
	ShortName  string  `json:"shortName" db:"short_name"`
	Type       string  `json:"type" db:"type"`
	TypeLabel  string  `json:"typeLabel" db:"type_label"`
	Tier       string  `json:"tier" db:"tier" enum:"district,county,unitary,combined,strategic,partner"`
	Nation     string  `json:"nation" db:"nation"`
	Region     string  `json:"region" db:"region"`
	Population *int    `json:"population" db:"population" doc:"Mid-2020"`
	RuralUrban string  `json:"ruralUrban" db:"rural_urban"`
	Current    bool    `json:"current" db:"current" doc:"False once it was abolished"`
	StartsOn   *string `json:"startsOn" db:"starts_on" format:"date"`
	EndsOn     *string `json:"endsOn" db:"ends_on" format:"date"`
	MadeUp     bool    `json:"madeUp" db:"made_up" doc:"Made up for the demonstration"`
	Homepage   string  `json:"homepage" db:"homepage"`
	Version    int     `json:"version" db:"version"`
}

// Link is another organisation in a few words.
type Link struct {
	ID        ids.ID  `json:"id" db:"id"`
	Code      string  `json:"code" db:"code"`
	Name      string  `json:"name" db:"name"`
	ShortName string  `json:"shortName" db:"short_name"`
	StartsOn  *string `json:"startsOn" db:"starts_on" format:"date"`
}

// Listed is an organisation in a list.
type Listed struct {
	Organisation
	Successors []Link `json:"successors" nullable:"false" doc:"What followed an abolished one"`
}

// Details is everything about one organisation.
type Details struct {
	Organisation
	Aliases      []string `json:"aliases" nullable:"false"`
	Successors   []Link   `json:"successors" nullable:"false"`
	Predecessors []Link   `json:"predecessors" nullable:"false"`
	Domains      []string `json:"domains" nullable:"false" doc:"Of the web; those of mail are confirmed by a person"`
	Profile      Figures  `json:"profile"`
	Stories      int      `json:"stories" doc:"That the person asking may read, as lead or partner"`
	People       int      `json:"people" doc:"In the network, at present"`
	Attribution  string   `json:"attribution"`
}

// Figures are the figures that make councils alike or not.
type Figures struct {
	AreaKm2              *float64 `json:"areaKm2" db:"area_km2"`
	DensityPerKm2        *float64 `json:"densityPerKm2" db:"density_per_km2"`
	UrbanShare           *float64 `json:"urbanShare" db:"urban_share" doc:"Of the people, 0 to 1"`
	RuralShare           *float64 `json:"ruralShare" db:"rural_share"`
	HighlyRuralShare     *float64 `json:"highlyRuralShare" db:"highly_rural_share"`
	IMDQuintile          *int     `json:"imdQuintile" db:"imd_quintile" doc:"1 is the most deprived fifth in the UK"`
	DeprivationScore     *float64 `json:"deprivationScore" db:"deprivation_score"`
	Latitude             *float64 `json:"latitude" db:"latitude"`
	Longitude            *float64 `json:"longitude" db:"longitude"`
	LGRArea              string   `json:"lgrArea" db:"lgr_area" doc:"The area of a planned reorganisation"`
	LGRPlannedOn         *string  `json:"lgrPlannedOn" db:"lgr_planned_on" format:"date"`
	LGRPlannedSuccessors string   `json:"lgrPlannedSuccessors" db:"lgr_planned_successors"`
	DataNote             string   `json:"dataNote" db:"data_note" doc:"A warning about the source of this row"`
}

// Attribution is to be shown wherever the figures of councils are.
const Attribution = "Contains data from mySociety (CC-BY-4.0) and public sector information licensed under the OGL v3."

// Service is what one can do with organisations and service areas.
type Service struct {
	db      *db.DB
	stories func(ctx context.Context, who access.Actor, organisation ids.ID) (int, error)
}

// New makes the service.
func New(d *db.DB) *Service {
	return &Service{db: d, stories: func(context.Context, access.Actor, ids.ID) (int, error) { return 0, nil }}
}

// CountStories says how the stories of an organisation are counted for a
// person. It is set once, at start, by the package that owns stories.
func (s *Service) CountStories(f func(context.Context, access.Actor, ids.ID) (int, error)) {
	s.stories = f
}

// Search says which organisations a list holds.
type Search struct {
	Text   string // any name or part of one; "" is all
	Type   string
	Nation string
	Region string
	Former bool // abolished ones too, though no text asks for them
	Today  bool // no abolished ones, whatever the text
	MadeUp bool // only those of the demonstration
	Cursor string
	Limit  int
}

// List gives organisations: those whose name begins like the text before
// those that only hold it, then by name. A text finds abolished ones too, since
// people look for them by names that they had.
func (s *Service) List(ctx context.Context, _ access.Actor, want Search) (*api.Page[Listed], error) {
	var after listKey
	if err := api.ReadCursor(want.Cursor, &after.Rank, &after.Name, &after.ID); err != nil {
		return nil, err
	}
	rows, err := listOrganisations(ctx, s.db, want, after)
	if err != nil {
		return nil, fmt.Errorf("list organisations: %w", err)
	}
	page := api.Cut(rows, want.Limit, func(r listedRow) string { return api.Cursor(r.Rank, r.ShortName, r.ID) })
	var abolished []ids.ID
	for _, r := range page.Items {
		if !r.Current {
			abolished = append(abolished, r.ID)
		}
	}
	successors, err := listSuccessors(ctx, s.db, abolished...)
	if err != nil {
		return nil, fmt.Errorf("list successors: %w", err)
	}
	return api.Map(page, func(r listedRow) Listed {
		return Listed{Organisation: r.Organisation, Successors: append([]Link{}, successors[r.ID]...)}
	}), nil
}

// Get gives one organisation with all that is known of it. Everybody who is
// signed in may read it; the number of stories is of those they may read.
func (s *Service) Get(ctx context.Context, who access.Actor, id ids.ID) (*Details, error) {
	var d Details
	var err error
	d.Organisation, err = getOrganisation(ctx, s.db, id)
	if db.NoRows(err) {
		return nil, problem.NotFound("organisation")
	}
	if err != nil {
		return nil, fmt.Errorf("load organisation: %w", err)
	}
	if d.Profile, err = getProfile(ctx, s.db, id); err != nil {
		return nil, fmt.Errorf("load profile: %w", err)
	}
	if d.Aliases, err = listAliases(ctx, s.db, id); err != nil {
		return nil, fmt.Errorf("list aliases: %w", err)
	}
	successors, err := listSuccessors(ctx, s.db, id)
	if err != nil {
		return nil, fmt.Errorf("list successors: %w", err)
	}
	d.Successors = append([]Link{}, successors[id]...)
	if d.Predecessors, err = listPredecessors(ctx, s.db, id); err != nil {
		return nil, fmt.Errorf("list predecessors: %w", err)
	}
	if d.Domains, err = listDomains(ctx, s.db, id); err != nil {
		return nil, fmt.Errorf("list domains: %w", err)
	}
	if d.People, err = countPeople(ctx, s.db, id); err != nil {
		return nil, fmt.Errorf("count people: %w", err)
	}
	if d.Stories, err = s.stories(ctx, who, id); err != nil {
		return nil, fmt.Errorf("count stories: %w", err)
	}
	if !d.MadeUp {
		d.Attribution = Attribution
	}
	return &d, nil
}

// Brief gives one organisation in short to other features; they are no secret.
func (s *Service) Brief(ctx context.Context, id ids.ID) (*Organisation, error) {
	o, err := getOrganisation(ctx, s.db, id)
	return &o, err
}

// TypeLabels gives the label of each type that some organisation has.
func (s *Service) TypeLabels(ctx context.Context) (map[string]string, error) {
	return typeLabels(ctx, s.db)
}
