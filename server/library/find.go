package library

import (
	"context"
	"fmt"
	"sort"
	"strconv"
	"time"

	"guildhall/search"
	"guildhall/server/access"
	"guildhall/server/ids"
)

const (
	pageSize = 20
	mostPage = 500
)

// facets are the filters of the library, in the order in which they are shown.
var facets = []string{"area", "type", "region", "nation", "stage", "year", "evidence"}

// Hit is one story among results. The HTML is escaped but for <mark>.
type Hit struct {
	ID           ids.ID  `json:"id"`
	SourceID     *string `json:"sourceId"`
	Title        string  `json:"title"`
	TitleHTML    string  `json:"titleHtml"`
	ExcerptHTML  string  `json:"excerptHtml"`
	LeadName     string  `json:"leadName"`
	LeadID       *ids.ID `json:"leadId" nullable:"true"`
	ServiceAreas []Area  `json:"serviceAreas" nullable:"false"`
	Stage        string  `json:"stage"`
	Year         *int    `json:"year"`
	Region       string  `json:"region"`
	Nation       string  `json:"nation"`
	Type         string  `json:"type"`
	Evidence     string  `json:"evidence"`
}

// Facet is one filter with what it would leave.
type Facet struct {
	Name   string       `json:"name"`
	Values []FacetValue `json:"values" nullable:"false"`
}

// FacetValue is one value of a filter. Count is how many stories have it, if
// the other filters stay as they are.
type FacetValue struct {
	Value    string `json:"value"`
	Label    string `json:"label"`
	Parent   string `json:"parent,omitempty" doc:"Of a service area: the slug of the one above"`
	Count    int    `json:"count"`
	Selected bool   `json:"selected"`
}

// Results is one page of stories.
type Results struct {
	Items     []Hit              `json:"items" nullable:"false"`
	Total     int                `json:"total"`
	Page      int                `json:"page"`
	Pages     int                `json:"pages"`
	Engine    string             `json:"engine" doc:"Which search engine answered"`
	Chips     []search.Chip      `json:"chips" nullable:"false" doc:"Filters that words of the query could be"`
	Corrected *search.Correction `json:"corrected,omitempty"`
	Facets    []Facet            `json:"facets" nullable:"false"`
}

// Ask is a question to the library.
type Ask struct {
	Text    string
	Filters map[string][]string
	Sort    search.Sort
	Page    int
}

// Find gives one page of the stories that answer, with counts for each filter.
// A filter holds for an area's children too.
func (s *Service) Find(ctx context.Context, who access.Actor, ask Ask) (*Results, error) {
	found, err := s.search.Find(ctx, who, search.Question{
		Kind: Kind, Text: ask.Text, Filters: ask.Filters, Facets: facets, Sort: ask.Sort, Page: ask.Page, Size: pageSize,
	})
	if err != nil {
		return nil, err
	}
	out := &Results{
		Items: make([]Hit, 0, len(found.Hits)), Total: found.Total, Page: max(ask.Page, 1), Pages: (found.Total + pageSize - 1) / pageSize,
		Engine: found.Engine, Chips: found.Chips, Corrected: found.Corrected,
	}
	for _, h := range found.Hits {
		hit := h.Row.Thing.(Hit) // our own Hydrate put it there
		hit.TitleHTML, hit.ExcerptHTML = h.TitleHTML, h.ExcerptHTML
		out.Items = append(out.Items, hit)
	}
	labels, err := s.labels(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range facets {
		out.Facets = append(out.Facets, labels.facet(name, found.Facets[name]))
	}
	return out, nil
}

// hydrate reads stories for search: those that the person may read, and that
// are still there.
func (s *Service) hydrate(ctx context.Context, who access.Actor, list []ids.ID) (map[ids.ID]search.Row, error) {
	rows, err := listHits(ctx, s.db, list, who.In(access.ViewSpace))
	if err != nil {
		return nil, fmt.Errorf("read stories: %w", err)
	}
	areas, err := listAreasOf(ctx, s.db, list)
	if err != nil {
		return nil, fmt.Errorf("read areas of stories: %w", err)
	}
	out := map[ids.ID]search.Row{}
	for _, r := range rows {
		hit := r.hit()
		hit.ServiceAreas = areas[r.ID]
		if hit.ServiceAreas == nil {
			hit.ServiceAreas = []Area{}
		}
		out[r.ID] = search.Row{
			Title: r.Title, Text: r.Text, Where: r.LeadName, Path: "/stories/" + r.ID.String(), At: yearStart(r.Year), Thing: hit,
		}
	}
	return out, nil
}

func yearStart(year *int) time.Time {
	if year == nil {
		return time.Time{}
	}
	return time.Date(*year, 1, 1, 0, 0, 0, 0, time.UTC)
}

// labels knows what values of facets are called.
type labels struct {
	words   map[string]map[string]string
	parents map[string]string
	order   map[string]int
}

func (s *Service) labels(ctx context.Context) (*labels, error) {
	areas, err := s.orgs.AllAreas(ctx)
	if err != nil {
		return nil, fmt.Errorf("read areas: %w", err)
	}
	types, err := s.orgs.TypeLabels(ctx)
	if err != nil {
		return nil, fmt.Errorf("read types: %w", err)
	}
	l := &labels{words: map[string]map[string]string{"area": {}, "type": types}, parents: map[string]string{}, order: map[string]int{}}
	for i, a := range areas {
		l.words["area"][a.Slug], l.parents[a.Slug], l.order[a.Slug] = a.Label, a.Parent, i
	}
	return l, nil
}

func (l *labels) facet(name string, values []search.FacetValue) Facet {
	f := Facet{Name: name, Values: make([]FacetValue, 0, len(values))}
	for _, v := range values {
		label := v.Value
		if word := l.words[name][v.Value]; word != "" {
			label = word
		}
		fv := FacetValue{Value: v.Value, Label: label, Count: v.Count, Selected: v.Selected}
		if name == "area" {
			fv.Parent = l.parents[v.Value]
		}
		f.Values = append(f.Values, fv)
	}
	l.sort(f)
	return f
}

// sort leaves what has most first, but years from the newest and areas under
// the one above them.
func (l *labels) sort(f Facet) {
	switch f.Name {
	case "year":
		sortBy(f.Values, func(a, b FacetValue) bool { return number(a.Value) > number(b.Value) })
	case "area":
		sortBy(f.Values, func(a, b FacetValue) bool { return l.order[a.Value] < l.order[b.Value] })
	}
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

func sortBy(list []FacetValue, before func(a, b FacetValue) bool) {
	sort.SliceStable(list, func(i, j int) bool { return before(list[i], list[j]) })
}
