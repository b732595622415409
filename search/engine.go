package search

import (
	"context"

	"guildhall/server/ids"
)

// Engine is what stands behind a search box. Every engine passes the same
// conformance suite.
type Engine interface {
	// Name is what answers carry as their engine.
	Name() string
	// Search gives ids that the spaces may see. It honours the context.
	Search(ctx context.Context, q Query) (Result, error)
}

// Query is a question as an engine gets it.
type Query struct {
	Kind    string
	Text    string
	Names   []Name  // names of organisations in Text
	Spaces  []int64 // what belongs to none of these, and is not for everybody, does not exist
	Filters map[string][]string
	Facets  []string
	Sort    Sort
	Offset  int
	Limit   int
}

// Sort is an order of results.
type Sort string

// The orders. Without any words of a query, Best is the same as Newest.
const (
	Best   Sort = "relevance"
	Newest Sort = "newest"
	Oldest Sort = "oldest"
)

// Result is one page of an engine's answer.
type Result struct {
	IDs       []ids.ID
	Total     int // exact, over all pages
	Facets    map[string][]FacetValue
	Corrected *Correction
	Marks     Marks
	Engine    string
}

// FacetValue is how many results have a value, if the other facets' filters
// hold but not this facet's own: so that one sees what choosing a second
// value would add.
type FacetValue struct {
	Value    string
	Count    int
	Selected bool
}

// Correction says what was looked for instead of what was typed.
type Correction struct {
	From string `json:"from" doc:"The query as it was typed"`
	To   string `json:"to" doc:"The query as it was understood"`
}
