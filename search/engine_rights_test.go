package search_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"guildhall/search"
	"guildhall/server/ids"
)

// crowd is many random documents in several spaces, for comparing an engine
// with a plain count in Go.
type crowd struct {
	docs  []search.Doc
	words []string
}

func newCrowd(n int) crowd {
	draw := rand.New(rand.NewPCG(3, 4))
	c := crowd{words: []string{"tenant", "lorry", "budget", "school", "river", "museum", "market", "tree"}}
	for i := range n {
		var text []string
		for range 1 + draw.IntN(4) {
			text = append(text, c.words[draw.IntN(len(c.words))])
		}
		d := search.Doc{ID: ids.ID(i + 1), SpaceID: ids.ID(draw.IntN(4)), Title: strings.Join(text, " "), Facets: map[string][]string{
			"area": {fmt.Sprint("a", draw.IntN(5))}, "stage": {fmt.Sprint("s", draw.IntN(3))},
		}}
		if draw.IntN(2) == 0 {
			if second := fmt.Sprint("a", draw.IntN(5)); second != d.Facets["area"][0] {
				d.Facets["area"] = append(d.Facets["area"], second)
			}
		}
		c.docs = append(c.docs, d)
	}
	return c
}

// fits says whether a document should be found, leaving out one facet.
func fits(d search.Doc, q search.Query, without string) bool {
	if d.SpaceID != 0 && !slices.Contains(q.Spaces, int64(d.SpaceID)) || q.Text != "" && !strings.Contains(d.Title, q.Text) {
		return false
	}
	for name, chosen := range q.Filters {
		if name != without && len(chosen) > 0 && !slices.ContainsFunc(d.Facets[name], func(v string) bool { return slices.Contains(chosen, v) }) {
			return false
		}
	}
	return true
}

// TestAgainstPlainCounting compares what is found and counted, for many
// viewers and questions, with the documents gone through one by one.
func TestAgainstPlainCounting(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		c := newCrowd(400)
		b.put(c.docs...)
		draw := rand.New(rand.NewPCG(5, 6))
		for range 200 {
			q := search.Query{Facets: []string{"area", "stage"}, Spaces: []int64{}, Limit: 1000, Filters: map[string][]string{}}
			for space := range int64(4) {
				if draw.IntN(3) == 0 && space > 0 {
					q.Spaces = append(q.Spaces, space)
				}
			}
			if draw.IntN(4) > 0 {
				q.Text = c.words[draw.IntN(len(c.words))]
			}
			if draw.IntN(2) == 0 {
				q.Filters["area"] = []string{fmt.Sprint("a", draw.IntN(6)), fmt.Sprint("a", draw.IntN(6))}
			}
			if draw.IntN(2) == 0 {
				q.Filters["stage"] = []string{fmt.Sprint("s", draw.IntN(3))}
			}
			c.compare(b, q)
		}
	})
}

func (c crowd) compare(b *bench, q search.Query) {
	b.t.Helper()
	r := b.ask(q)
	var want []ids.ID
	counts := map[string]map[string]int{"area": {}, "stage": {}}
	for _, d := range c.docs {
		if fits(d, q, "") {
			want = append(want, d.ID)
		}
		for name := range counts {
			if fits(d, q, name) {
				for _, v := range d.Facets[name] {
					counts[name][v]++
				}
			}
		}
	}
	if got := slices.Sorted(slices.Values(r.IDs)); !slices.Equal(got, want) || r.Total != len(want) {
		b.t.Fatalf("%+v finds %d of %d, want %d", q, len(got), r.Total, len(want))
	}
	for name, values := range r.Facets {
		for _, v := range values {
			selected := slices.Contains(q.Filters[name], v.Value)
			if v.Count != counts[name][v.Value] || v.Selected != selected || v.Count == 0 && !selected {
				b.t.Fatalf("%+v: %s %+v, want %d", q, name, v, counts[name][v.Value])
			}
			delete(counts[name], v.Value)
		}
		for v, n := range counts[name] {
			b.t.Fatalf("%+v: %s %s is missing, want %d", q, name, v, n)
		}
	}
}

func TestPagesJoin(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		c := newCrowd(230)
		b.put(c.docs...)
		if e, ok := b.engine.(*search.Postgres); ok {
			e.RankAtMost(50) // pages go on behind what is ranked
		}
		for _, q := range []search.Query{
			{Text: "budget school"}, {Text: "tenant", Sort: search.Newest}, {Text: "tenant", Sort: search.Oldest}, {}, {Sort: search.Oldest},
		} {
			q.Spaces, q.Limit = []int64{1, 2, 3}, 20
			var all []ids.ID
			total := -1
			for q.Offset = 0; ; q.Offset += q.Limit {
				r := b.ask(q)
				if total >= 0 && r.Total != total {
					t.Errorf("%+v: the total changes from %d to %d", q, total, r.Total)
				}
				total = r.Total
				all = append(all, r.IDs...)
				if len(r.IDs) < q.Limit {
					break
				}
			}
			if once := slices.Compact(slices.Sorted(slices.Values(all))); len(all) != total || len(once) != total {
				t.Errorf("%q sorted %q: %d results on the pages, %d different, total %d", q.Text, q.Sort, len(all), len(once), total)
			}
			if q.Sort == search.Newest && !slices.IsSortedFunc(all, func(a, b ids.ID) int { return int(b - a) }) {
				t.Errorf("newest first: %v", all)
			}
			if q.Sort == search.Oldest && !slices.IsSorted(all) {
				t.Errorf("oldest first: %v", all)
			}
		}
	})
}

// TestACorrectionTellsNothing: a word that stands only where the person may
// not look is not offered, and does not change what is said to be there.
func TestACorrectionTellsNothing(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		b.put(search.Doc{ID: 1, SpaceID: 5, Title: "Restructuring redundancies"}, search.Doc{ID: 2, Title: "Roads"})
		if r := b.ask(search.Query{Text: "restructring"}); r.Corrected != nil || r.Total != 0 {
			t.Errorf("an outsider's correction: %+v of %d", r.Corrected, r.Total)
		}
		if r := b.ask(search.Query{Text: "restructring", Spaces: []int64{5}}); r.Corrected == nil || r.Total != 1 {
			t.Errorf("an insider's correction: %+v of %d", r.Corrected, r.Total)
		}
		if r := b.ask(search.Query{Text: "redund"}); r.Total != 0 || len(r.IDs) != 0 {
			t.Errorf("an outsider's begun word: %v", r.IDs)
		}
	})
}

// TestHiddenWordsChangeNothing: what a stranger to a space is told for a word
// is the same whether or not the space uses it, misspelt ones included.
func TestHiddenWordsChangeNothing(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		b.put(search.Doc{ID: 1, Title: "Parking permits by post"}, search.Doc{ID: 2, Title: "Parted pairs of planes"}, search.Doc{ID: 3, Title: "A filed file of files"})
		ask := func() (out []string) {
			for _, word := range []string{"pairing", "parting", "planing", "filing", "permots", "paring"} {
				r := b.ask(search.Query{Text: word, Spaces: []int64{}, Limit: 10})
				out = append(out, fmt.Sprintf("%s: %d %v %+v", word, r.Total, r.IDs, r.Corrected))
			}
			return out
		}
		before := ask()
		b.put(search.Doc{ID: 9, SpaceID: 5, Title: "parting pairing planing filing permots paring", Text: "pairings partings"})
		if after := ask(); !slices.Equal(before, after) {
			t.Errorf("before a private text:\n%s\nafter it:\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
		}
	})
}

// TestALongWordIsCheap: five hundred letters are no word to look for in two
// parts or by its likes.
func TestALongWordIsCheap(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		b.put(search.Doc{ID: 1, Title: "Abab"})
		if r := b.ask(search.Query{Text: strings.Repeat("ab", 250), Spaces: []int64{}, Limit: 10}); r.Total != 0 || r.Corrected != nil {
			t.Errorf("found %d, %+v", r.Total, r.Corrected)
		}
	})
}
