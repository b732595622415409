// Package search finds things: stories, topics and whatever else a feature
// plugs in.
//
// A feature puts a Doc for each of its things in the transaction that writes
// the thing, and offers a Source that reads things again for the person who
// asks. An Engine gives ids only; what the Source does not give back for this
// person is not shown. So a fault in an engine can lose a result, but never
// show one.
package search

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"guildhall/server/access"
	"guildhall/server/db"
	"guildhall/server/ids"
	"guildhall/server/problem"
)

// Doc is what can be found of one thing. Words in Title weigh most, then
// Terms, Summary and Text.
type Doc struct {
	Kind    string
	ID      ids.ID
	SpaceID ids.ID // 0 is everybody who is signed in
	At      time.Time
	Title   string
	Terms   string // what it is filed under, in words: areas, council, nation
	Summary string
	Text    string // plain text
	Facets  map[string][]string
}

// Row is a thing as the person who asks may see it now.
type Row struct {
	Title string // plain text; highlights are made from it
	Text  string // plain text, from which the excerpt is made
	Where string // the space or council it belongs to, in words
	Path  string // where the web app shows it
	At    time.Time
	Thing any // the feature's own type, for its own endpoint
}

// Source is how a feature takes part.
type Source struct {
	Kind string
	// Hydrate reads the things again under the same rights as everywhere else.
	// An id that is gone or not the actor's to see is left out.
	Hydrate hydrator
}

type hydrator func(ctx context.Context, actor access.Actor, list []ids.ID) (map[ids.ID]Row, error)

// Name is a name of an organisation that was found in a query.
type Name struct {
	From, To int      // words of the query, To not included
	Names    []string // how documents name the organisations that it may mean
	Chips    []Chip
}

// Chip says that words of the query were taken as a filter that could be set.
type Chip struct {
	Kind  string `json:"kind" doc:"The filter, such as organisation"`
	Value string `json:"value" doc:"What the filter takes"`
	Label string `json:"label" doc:"The full name"`
	Text  string `json:"text" doc:"The words of the query"`
}

// Question is what somebody asks.
type Question struct {
	Kind    string
	Text    string
	Filters map[string][]string // values of one facet are alternatives; facets must all fit
	Facets  []string            // count the values of these
	Sort    Sort
	Page    int // from 1
	Size    int // results on a page
}

// Hit is one result.
type Hit struct {
	ID          ids.ID
	Row         Row
	TitleHTML   string // escaped, with <mark>
	ExcerptHTML string
}

// Found is one page of results.
type Found struct {
	Hits      []Hit
	Total     int
	Facets    map[string][]FacetValue
	Chips     []Chip
	Corrected *Correction
	Engine    string
}

// Service finds things. Its fields are set before the first question.
type Service struct {
	db      *db.DB
	log     *slog.Logger
	engine  Engine
	sources map[string]Source
	shown   map[string]hydrator // cards, by kind
	kinds   []string            // in the order in which they were added
	names   func(ctx context.Context, words []string) ([]Name, error)
	gate    *gate
	// Mismatch is told how many ids the engine gave that the actor may not
	// see, or that are gone. It should stay at 0.
	Mismatch func(kind string, n int)
}

// New makes the service with PostgreSQL as its engine.
func New(d *db.DB, log *slog.Logger) *Service {
	return &Service{
		db: d, log: log, engine: NewPostgres(d), sources: map[string]Source{}, shown: map[string]hydrator{}, gate: newGate(),
		names:    func(context.Context, []string) ([]Name, error) { return nil, nil },
		Mismatch: func(string, int) {},
	}
}

// Add plugs a feature in. It is called at start.
func (s *Service) Add(source Source) {
	s.sources[source.Kind] = source
	s.kinds = append(s.kinds, source.Kind)
	s.Show(source)
}

// ResolveNames says how names of organisations are recognised in the words of
// a query. It is called at start.
func (s *Service) ResolveNames(f func(ctx context.Context, words []string) ([]Name, error)) {
	s.names = f
}

// Find answers a question for one person. A stranger finds nothing.
func (s *Service) Find(ctx context.Context, actor access.Actor, q Question) (*Found, error) {
	source, ok := s.sources[q.Kind]
	if !ok {
		return nil, fmt.Errorf("search: no source of kind %q", q.Kind)
	}
	if !actor.SignedIn() {
		return &Found{Hits: []Hit{}, Facets: map[string][]FacetValue{}, Engine: s.engine.Name()}, nil
	}
	words, err := Words(q.Text)
	if err != nil {
		return nil, err
	}
	names, err := s.names(ctx, words)
	if err != nil {
		return nil, fmt.Errorf("find names: %w", err)
	}
	limited, cancel := context.WithTimeout(ctx, timeLimit)
	defer cancel()
	if err := s.gate.enter(limited, actor.ID); err != nil {
		return nil, s.why(ctx, limited, err)
	}
	defer s.gate.leave(actor.ID)
	result, err := s.engine.Search(limited, Query{
		Kind: q.Kind, Text: q.Text, Names: names, Spaces: actor.In(access.ViewSpace),
		Filters: q.Filters, Facets: q.Facets, Sort: q.Sort,
		Offset: (max(q.Page, 1) - 1) * q.Size, Limit: q.Size,
	})
	if err != nil {
		return nil, s.why(ctx, limited, err)
	}
	if result.Corrected != nil {
		// A name that was mistyped is known only now.
		if words, err = Words(result.Corrected.To); err != nil {
			return nil, err
		}
		if names, err = s.names(ctx, words); err != nil {
			return nil, fmt.Errorf("find names: %w", err)
		}
	}
	found := &Found{Total: result.Total, Facets: result.Facets, Chips: chips(names, q.Text), Corrected: result.Corrected, Engine: result.Engine}
	found.Hits, err = s.hydrate(ctx, actor, source, result)
	return found, err
}

// timeLimit is how long an engine may think: longer means that something is
// wrong, and the person is better served by being told.
const timeLimit = 2 * time.Second

func (s *Service) why(ctx, limited context.Context, err error) error {
	if ctx.Err() == nil && limited.Err() != nil {
		return problem.Unavailable(time.Second).Because(fmt.Errorf("search took longer than %s: %w", timeLimit, err))
	}
	return db.Why(ctx, fmt.Errorf("search: %w", err))
}

// hydrate reads the hits again under the actor's rights, in the engine's
// order, and makes the highlights from what was read.
func (s *Service) hydrate(ctx context.Context, actor access.Actor, source Source, result Result) ([]Hit, error) {
	if len(result.IDs) == 0 {
		return []Hit{}, nil
	}
	rows, err := source.Hydrate(ctx, actor, result.IDs)
	if err != nil {
		return nil, fmt.Errorf("read results: %w", err)
	}
	hits := make([]Hit, 0, len(result.IDs))
	var lost []ids.ID
	for _, id := range result.IDs {
		row, ok := rows[id]
		if !ok {
			lost = append(lost, id)
			continue
		}
		hits = append(hits, Hit{ID: id, Row: row})
	}
	if len(lost) > 0 {
		s.Mismatch(source.Kind, len(lost))
		s.log.Warn("search gave what the person may not see, or what is gone", "kind", source.Kind, "ids", lost, "account", actor.ID)
	}
	if err := highlight(ctx, s.db, hits, result.Marks); err != nil {
		return nil, db.Why(ctx, fmt.Errorf("highlight: %w", err))
	}
	return hits, nil
}

// chips gives the filters that names could be, with the words as they were
// typed where they stand there in small or capital letters.
func chips(names []Name, typed string) []Chip {
	out := []Chip{}
	for _, n := range names {
		for _, c := range n.Chips {
			if at := strings.Index(strings.ToLower(typed), c.Text); at >= 0 && len(strings.ToLower(typed)) == len(typed) {
				c.Text = typed[at : at+len(c.Text)]
			}
			out = append(out, c)
		}
	}
	return out
}
