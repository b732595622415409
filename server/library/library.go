// Package library is the one library of transformation stories that the whole
// network shares: the problem, what was done, what came of it, and how far
// the account may be trusted.
//
// A story tells where it was read and what kind of evidence it is. It is never
// shown as the words of a council unless a council wrote it.
package library

import (
	"context"
	"fmt"

	"guildhall/search"
	"guildhall/server/access"
	"guildhall/server/db"
	"guildhall/server/events"
	"guildhall/server/ids"
	"guildhall/server/orgs"
	"guildhall/server/problem"
)

// Kind is the kind of stories in search.
const Kind = "story"

// Story is one account of a transformation.
type Story struct {
	ID              ids.ID             `json:"id" db:"id"`
	Version         int                `json:"version" db:"version"`
	SpaceID         *ids.ID            `json:"spaceId" nullable:"true" db:"space_id" doc:"Its audience; null is the whole network"`
	SourceID        *string            `json:"sourceId" db:"source_id" doc:"Its key in the data it was loaded from"`
	Title           string             `json:"title" db:"title"`
	Summary         string             `json:"summary" db:"summary"`
	Problem         string             `json:"problem" db:"problem"`
	ProblemHTML     string             `json:"problemHtml" db:"problem_html"`
	WhatWasDone     string             `json:"whatWasDone" db:"what_was_done"`
	WhatWasDoneHTML string             `json:"whatWasDoneHtml" db:"what_was_done_html"`
	Outcome         string             `json:"outcome" db:"outcome"`
	OutcomeHTML     string             `json:"outcomeHtml" db:"outcome_html"`
	Lead            *orgs.Organisation `json:"lead" db:"-"`
	LeadID          *ids.ID            `json:"-" db:"lead_id"`
	LeadName        string             `json:"leadName" db:"lead_name" doc:"The council as it was, or who led it if no council did"`
	Partners        []Partner          `json:"partners" db:"-" nullable:"false"`
	ServiceAreas    []Area             `json:"serviceAreas" db:"-" nullable:"false"`
	Stage           string             `json:"stage" db:"stage" enum:"discovery,alpha,beta,pilot,live,business case,decision,bid not funded,evaluation,lessons learned,failure review"`
	Year            *int               `json:"year" db:"year"`
	YearCertain     bool               `json:"yearCertain" db:"year_certain"`
	Evidence        string             `json:"evidence" db:"evidence" enum:"published account,own figures,supplier,independent,decision paper"`
	EvidenceNote    string             `json:"evidenceNote" db:"evidence_note" doc:"How far it was checked, in a sentence"`
	CostGBP         *float64           `json:"costGbp" db:"cost_gbp"`
	SavingGBP       *float64           `json:"savingGbp" db:"saving_gbp"`
	MoneyNote       string             `json:"moneyNote" db:"money_note" doc:"Of what period the figures are"`
	Sources         []Source           `json:"sources" db:"-" nullable:"false"`
	Licence         string             `json:"licence" db:"licence"`
	LastCheckedOn   *string            `json:"lastCheckedOn" db:"last_checked_on" format:"date"`
	Language        string             `json:"language" db:"language" enum:"en,cy"`
}

// Partner took part in what a story tells.
type Partner struct {
	ID   *ids.ID `json:"id" nullable:"true" db:"organisation_id"`
	Name string  `json:"name" db:"name"`
}

// Area is a service area of a story.
type Area struct {
	Slug   string  `json:"slug" db:"slug"`
	Label  string  `json:"label" db:"label"`
	Parent *string `json:"parent" db:"parent" doc:"The slug of the area above"`
}

// Source is where a story was read.
type Source struct {
	URL  string `json:"url" db:"url" format:"uri"`
	Name string `json:"name" db:"name"`
}

// Service is what one can do with stories.
type Service struct {
	db     *db.DB
	orgs   *orgs.Service
	search *search.Service
}

// New makes the service, and plugs it into search and into the organisations.
func New(d *db.DB, bus *events.Bus, organisations *orgs.Service, finder *search.Service) *Service {
	s := &Service{db: d, orgs: organisations, search: finder}
	finder.Add(search.Source{Kind: Kind, Hydrate: s.hydrate})
	organisations.CountStories(s.countOf)
	Follow(bus, d)
	return s
}

// Get gives one story to somebody of its audience.
func (s *Service) Get(ctx context.Context, who access.Actor, id ids.ID) (*Story, error) {
	story, err := getStory(ctx, s.db, id)
	if db.NoRows(err) {
		return nil, problem.NotFound("story")
	}
	if err != nil {
		return nil, fmt.Errorf("load story: %w", err)
	}
	// No space is everybody's, and the door has let in only people who are
	// signed in.
	if story.SpaceID != nil {
		if err := who.Must(access.ViewSpace, *story.SpaceID, "story"); err != nil {
			return nil, err
		}
	}
	if story.Partners, err = listPartners(ctx, s.db, id); err != nil {
		return nil, fmt.Errorf("list partners: %w", err)
	}
	if story.ServiceAreas, err = listAreas(ctx, s.db, id); err != nil {
		return nil, fmt.Errorf("list areas: %w", err)
	}
	if story.Sources, err = listSources(ctx, s.db, id); err != nil {
		return nil, fmt.Errorf("list sources: %w", err)
	}
	if story.LeadID != nil {
		if story.Lead, err = s.orgs.Brief(ctx, *story.LeadID); err != nil {
			return nil, fmt.Errorf("load lead: %w", err)
		}
	}
	return &story, nil
}

// countOf counts the stories of an organisation that the person may read.
func (s *Service) countOf(ctx context.Context, who access.Actor, organisation ids.ID) (int, error) {
	return countStories(ctx, s.db, organisation, who.In(access.ViewSpace))
}
