package search

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"guildhall/server/db"
)

type facetKey struct{ name, value string }

// facetNames knows the numbers that documents hold for their facets. Rows are
// only ever added and never change, so what is known stays true.
type facetNames struct{ ids map[int64]facetKey }

// learn reads the numbers that are not known yet. It looks at the matches and
// not at the highest number: rows may commit in another order than numbered.
func (e *Postgres) learn(ctx context.Context, q db.Q, matches []match) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	known := true
	for _, m := range matches {
		for _, id := range m.facets {
			if _, ok := e.facets.ids[id]; !ok {
				known = false
			}
		}
	}
	if known {
		return nil
	}
	rows, err := listFacets(ctx, q)
	if err != nil {
		return fmt.Errorf("read facets: %w", err)
	}
	ids := make(map[int64]facetKey, len(rows))
	for _, r := range rows {
		ids[r.ID] = facetKey{r.Name, r.Value}
	}
	e.facets.ids = ids
	return nil
}

// filter is a choice of facet values, ready for many documents.
type filter struct {
	chosen map[string][]string
	names  []string // of chosen
	ids    map[int64]facetKey
	group  map[int64]int // of a chosen value's number: its place in names
}

func (e *Postgres) filter(chosen map[string][]string) *filter {
	e.mu.Lock()
	ids := e.facets.ids // replaced, never changed
	e.mu.Unlock()
	f := &filter{chosen: map[string][]string{}, ids: ids, group: map[int64]int{}}
	for name, values := range chosen {
		if len(values) > 0 {
			f.chosen[name] = values
			f.names = append(f.names, name)
		}
	}
	for id, k := range ids {
		if slices.Contains(f.chosen[k.name], k.value) {
			f.group[id] = slices.Index(f.names, k.name)
		}
	}
	return f
}

// passed says which chosen facets a document fits.
func (f *filter) passed(facets []int64) uint32 {
	var mask uint32
	if len(f.group) > 0 {
		for _, id := range facets {
			if g, ok := f.group[id]; ok {
				mask |= 1 << g
			}
		}
	}
	return mask
}

func (f *filter) keep(matches []match) []match {
	if len(f.names) == 0 {
		return matches
	}
	all := uint32(1)<<len(f.names) - 1
	return slices.DeleteFunc(matches, func(m match) bool { return f.passed(m.facets) != all })
}

// count counts the values of facets. A document counts for a facet if it fits
// all the other facets' choices.
func (f *filter) count(names []string, matches []match) map[string][]FacetValue {
	all := uint32(1)<<len(f.names) - 1
	counts := map[int64]int{} // of documents that fit everything
	others := map[int64]int{} // of documents that fit all but this value's own facet
	for _, m := range matches {
		mask := f.passed(m.facets)
		if mask == all {
			for _, id := range m.facets {
				counts[id]++
			}
			continue
		}
		for g, name := range f.names {
			if mask|1<<g == all {
				for _, id := range m.facets {
					if f.ids[id].name == name {
						others[id]++
					}
				}
			}
		}
	}
	for id, n := range others {
		counts[id] += n
	}
	return f.list(names, counts)
}

// list gives the values with most first. A chosen value stays, also with 0.
func (f *filter) list(names []string, counts map[int64]int) map[string][]FacetValue {
	sums := map[facetKey]int{}
	for id, n := range counts {
		sums[f.ids[id]] += n
	}
	out := map[string][]FacetValue{}
	for _, name := range names {
		out[name] = []FacetValue{}
		for _, v := range f.chosen[name] {
			if _, ok := sums[facetKey{name, v}]; !ok {
				sums[facetKey{name, v}] = 0
			}
		}
	}
	for k, n := range sums {
		if list, wanted := out[k.name]; wanted {
			out[k.name] = append(list, FacetValue{Value: k.value, Count: n, Selected: slices.Contains(f.chosen[k.name], k.value)})
		}
	}
	for _, list := range out {
		slices.SortFunc(list, func(a, b FacetValue) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value)) })
	}
	return out
}
