package search

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math/bits"
	"slices"
	"sync"

	"guildhall/server/db"
	"guildhall/server/ids"
)

// rankedAtMost is how many of the best candidates are ranked by their texts;
// the others follow in the order of how much of the query they have.
const rankedAtMost = 2000

// Postgres is the engine that is always there: full text search on the rows
// that Put writes, corrected by trigrams and ranked in Go.
type Postgres struct {
	db     *db.DB
	table  *synonyms
	tuning tuning
	ranked int // rankedAtMost, less in a test

	mu     sync.Mutex
	facets facetNames
}

// NewPostgres makes the engine of a database.
func NewPostgres(d *db.DB) *Postgres {
	table, err := readSynonyms(synonymsCSV)
	if err != nil {
		panic(err) // the file is part of the program
	}
	return &Postgres{db: d, table: table, tuning: defaults, ranked: rankedAtMost, facets: facetNames{ids: map[int64]facetKey{}}}
}

// Name is "postgres".
func (e *Postgres) Name() string { return "postgres" }

// Search finds, counts and ranks in one read-only transaction, so that the
// counts and the page are of the same moment.
func (e *Postgres) Search(ctx context.Context, q Query) (Result, error) {
	p, err := newPlan(q, e.table)
	if err != nil {
		return Result{}, err
	}
	tx, err := e.db.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return Result{}, fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	s := &pgSearch{engine: e, tx: tx, q: q, plan: p}
	return s.run(ctx)
}

// pgSearch is one search under way.
type pgSearch struct {
	engine *Postgres
	tx     db.Q
	q      Query
	plan   *plan
	lists  map[string][]int64 // the ids of each tsquery
	n      int                // documents there are
	fixed  bool               // a word was corrected
}

// match is a document that has enough of the query.
type match struct {
	record
	mask  uint32
	rough float64 // the weight of what it has, and again of what its head has
	score float64
}

func (s *pgSearch) run(ctx context.Context) (Result, error) {
	result := Result{Engine: s.engine.Name(), IDs: []ids.ID{}}
	matches, err := s.match(ctx)
	if err != nil {
		return result, err
	}
	if err := s.engine.learn(ctx, s.tx, matches); err != nil {
		return result, err
	}
	filter := s.engine.filter(s.q.Filters)
	result.Facets = filter.count(s.q.Facets, matches)
	matches = filter.keep(matches)
	result.Total = len(matches)
	result.Corrected = s.correction()
	result.Marks = s.plan.marks()
	if err := s.order(ctx, matches); err != nil {
		return result, err
	}
	end := min(s.q.Offset+s.q.Limit, len(matches))
	for i := min(s.q.Offset, end); i < end; i++ {
		result.IDs = append(result.IDs, ids.ID(matches[i].id))
	}
	return result, nil
}

// match finds the documents that have enough of the query.
func (s *pgSearch) match(ctx context.Context) ([]match, error) {
	if len(s.plan.words) == 0 {
		all, err := allRecords(ctx, s.tx, s.q.Kind, s.q.Spaces)
		if err != nil {
			return nil, fmt.Errorf("read documents: %w", err)
		}
		return plain(all), nil
	}
	if err := s.look(ctx); err != nil {
		return nil, err
	}
	found := s.gather()
	list := make([]int64, 0, len(found))
	for id := range found {
		list = append(list, id)
	}
	slices.Sort(list)
	got, err := records(ctx, s.tx, s.q.Kind, s.q.Spaces, list)
	if err != nil {
		return nil, fmt.Errorf("read matches: %w", err)
	}
	matches := plain(got)
	for i := range matches {
		matches[i].mask = found[matches[i].id]
	}
	return matches, nil
}

func plain(list []record) []match {
	out := make([]match, len(list))
	for i, r := range list {
		out[i].record = r
	}
	return out
}

// look fills the plan with words of the index and with lists of ids.
func (s *pgSearch) look(ctx context.Context) error {
	s.lists = map[string][]int64{}
	if err := s.analyse(ctx); err != nil {
		return err
	}
	s.plan.settle()
	if err := s.fetch(ctx); err != nil {
		return err
	}
	var err error
	if s.n, err = countDocuments(ctx, s.tx, s.q.Kind, s.q.Spaces, 20_000); err != nil {
		return fmt.Errorf("count documents: %w", err)
	}
	return s.correct(ctx)
}

// analyse asks for the stems of every way that has none yet.
func (s *pgSearch) analyse(ctx context.Context) error {
	var texts []string
	var ways []*way
	for i := range s.plan.terms {
		for j := range s.plan.terms[i].ways {
			if w := &s.plan.terms[i].ways[j]; w.phrase == nil {
				texts, ways = append(texts, w.text), append(ways, w)
			}
		}
	}
	vectors, err := analyse(ctx, s.tx, texts)
	if err != nil {
		return fmt.Errorf("analyse the query: %w", err)
	}
	for i, v := range vectors {
		ways[i].phrase = lexemes([]byte(v))
	}
	return nil
}

// fetch gets the ids of every way that has no list yet. A begun word is
// looked for in the head only: in the text it would be slow and mean little.
func (s *pgSearch) fetch(ctx context.Context) error {
	var whole, begun []string
	for i := range s.plan.terms {
		for j := range s.plan.terms[i].ways {
			w := &s.plan.terms[i].ways[j]
			w.query = tsquery(w.phrase, w.prefix, w.loose)
			if _, ok := s.lists[w.query]; ok || len(w.phrase) == 0 {
				continue
			}
			s.lists[w.query] = nil
			if w.prefix {
				begun = append(begun, w.query)
			} else {
				whole = append(whole, w.query)
			}
		}
	}
	lists, err := postings(ctx, s.tx, s.q.Kind, s.q.Spaces, whole)
	if err != nil {
		return fmt.Errorf("look up words: %w", err)
	}
	for i, q := range whole {
		s.lists[q] = lists[i]
	}
	if lists, err = headPostings(ctx, s.tx, s.q.Kind, s.q.Spaces, begun); err != nil {
		return fmt.Errorf("look up a begun word: %w", err)
	}
	for i, q := range begun {
		s.lists[q] = lists[i]
	}
	return nil
}

// gather joins the lists: which terms does each document have? It keeps those
// that have enough of the query by weight.
func (s *pgSearch) gather() map[int64]uint32 {
	found := map[int64]uint32{}
	for i := range s.plan.terms {
		t, bit, df := &s.plan.terms[i], uint32(1)<<i, 0
		for _, w := range t.ways {
			for _, id := range s.lists[w.query] {
				if mask := found[id]; mask&bit == 0 {
					found[id] = mask | bit
					df++
				}
			}
		}
		// What nobody has weighs no more than what one has: a small library must
		// not refuse a question for one word.
		t.idf = idf(max(s.n, df), max(df, 1))
		for j := range t.ways {
			w, blend := &t.ways[j], s.engine.tuning.own
			w.idf = blend*idf(max(s.n, df), max(len(s.lists[w.query]), 1)) + (1-blend)*t.idf
		}
	}
	enough := s.plan.enough(s.engine.tuning)
	for id, mask := range found {
		if !enough(mask) {
			delete(found, id)
		}
	}
	return found
}

// enough says which sets of terms will do.
func (p *plan) enough(t tuning) func(mask uint32) bool {
	var whole float64
	var must, telling uint32
	for i, t := range p.terms {
		if !t.filler {
			whole += t.idf
			telling |= 1 << i
		}
		if t.must {
			must |= 1 << i
		}
	}
	known := map[uint32]bool{}
	return func(mask uint32) bool {
		ok, seen := known[mask]
		if !seen {
			share := t.one
			if bits.OnesCount32(mask&telling) > 1 {
				share = t.several
			}
			ok = mask != 0 && mask&must == must && p.weight(mask, false) >= share*whole
			known[mask] = ok
		}
		return ok
	}
}

// weight is how much of the query a set of terms is.
func (p *plan) weight(mask uint32, fillers bool) float64 {
	var sum float64
	for mask != 0 {
		t := &p.terms[bits.TrailingZeros32(mask)]
		switch {
		case !t.filler:
			sum += t.idf
		case fillers:
			sum += t.weight()
		}
		mask &= mask - 1
	}
	return sum
}

// order puts the matches in the order that was asked for.
func (s *pgSearch) order(ctx context.Context, matches []match) error {
	switch {
	case s.q.Sort == Oldest:
		slices.SortFunc(matches, func(a, b match) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.id, b.id)) })
		return nil
	case s.q.Sort == Newest || len(s.plan.words) == 0:
		slices.SortFunc(matches, func(a, b match) int { return cmp.Or(cmp.Compare(b.at, a.at), cmp.Compare(b.id, a.id)) })
		return nil
	}
	best := matches
	if len(matches) > s.engine.ranked {
		if err := s.rough(ctx, matches); err != nil {
			return err
		}
		best = matches[:s.engine.ranked]
	}
	if err := s.rank(ctx, best); err != nil {
		return err
	}
	slices.SortFunc(best, func(a, b match) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(b.at, a.at), cmp.Compare(b.id, a.id))
	})
	return nil
}

// rough orders a large set by the weight of the terms that each document has,
// twice if its head has them. The words of a phrase may stand apart there: to
// read where they stand in thousands of heads takes longer than all the rest.
func (s *pgSearch) rough(ctx context.Context, matches []match) error {
	heads := map[int64]uint32{}
	for i := range s.plan.terms {
		var queries []string
		for _, w := range s.plan.terms[i].ways {
			if len(s.lists[w.query]) > 0 {
				queries = append(queries, tsquery(w.phrase, w.prefix, true))
			}
		}
		lists, err := headPostings(ctx, s.tx, s.q.Kind, s.q.Spaces, queries)
		if err != nil {
			return fmt.Errorf("look up words in heads: %w", err)
		}
		for _, list := range lists {
			for _, id := range list {
				heads[id] |= 1 << i
			}
		}
	}
	for i := range matches {
		m := &matches[i]
		m.rough = s.plan.weight(m.mask, true) + s.plan.weight(heads[m.id], true)
	}
	slices.SortFunc(matches, func(a, b match) int {
		return cmp.Or(cmp.Compare(b.rough, a.rough), cmp.Compare(b.at, a.at), cmp.Compare(b.id, a.id))
	})
	return nil
}

// rank scores documents by where and how often they have the terms.
func (s *pgSearch) rank(ctx context.Context, matches []match) error {
	place := make(map[int64]int, len(matches))
	list := make([]int64, len(matches))
	for i, m := range matches {
		place[m.id], list[i] = i, m.id
	}
	r := newReader(s.plan, s.engine.tuning)
	read := make([]reading, len(matches))
	var sum, n float64
	err := eachVector(ctx, s.tx, s.q.Kind, list, func(id int64, vector []byte) {
		rd := r.read(vector)
		read[place[id]] = rd
		sum, n = sum+float64(rd.length), n+1
	})
	if err != nil {
		return fmt.Errorf("read vectors: %w", err)
	}
	for i := range matches {
		matches[i].score = read[i].score(s.plan, s.engine.tuning, sum/max(n, 1))
	}
	return nil
}
