package search_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"guildhall/search"
	"guildhall/server/db"
	"guildhall/server/ids"
	"guildhall/server/problem"
	"guildhall/server/testkit"
)

// engines is every engine that must pass: how to open it on a database, and
// how to wait until it has what was put.
var engines = []struct {
	name   string
	open   func(t *testing.T, d *db.DB) search.Engine
	settle func(t *testing.T)
}{
	{"postgres", func(_ *testing.T, d *db.DB) search.Engine { return search.NewPostgres(d) }, func(*testing.T) {}},
}

// kind is one that no feature has, so that nothing else is found.
const kind = "thing"

// bench is an engine on a database of its own.
type bench struct {
	t      *testing.T
	db     *db.DB
	engine search.Engine
	settle func(t *testing.T)
}

// each runs a test against every engine.
func each(t *testing.T, f func(b *bench)) {
	t.Helper()
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			d := testkit.DB(t)
			f(&bench{t: t, db: d, engine: e.open(t, d), settle: e.settle})
		})
	}
}

// put stores documents; those without a time get one that rises with the id.
func (b *bench) put(docs ...search.Doc) {
	b.t.Helper()
	for i := range docs {
		docs[i].Kind = kind
		if docs[i].At.IsZero() {
			docs[i].At = time.Date(2020, 1, 1, 0, 0, int(docs[i].ID), 0, time.UTC)
		}
	}
	if err := b.db.Tx(context.Background(), func(tx *db.Tx) error { return search.Put(context.Background(), tx, docs...) }); err != nil {
		b.t.Fatal(err)
	}
	b.settle(b.t)
}

func (b *bench) drop(id ids.ID) {
	b.t.Helper()
	if err := b.db.Tx(context.Background(), func(tx *db.Tx) error { return search.Drop(context.Background(), tx, kind, id) }); err != nil {
		b.t.Fatal(err)
	}
	b.settle(b.t)
}

func (b *bench) ask(q search.Query) search.Result {
	b.t.Helper()
	q.Kind = kind
	if q.Spaces == nil {
		q.Spaces = []int64{}
	}
	if q.Limit == 0 {
		q.Limit = 100
	}
	r, err := b.engine.Search(context.Background(), q)
	if err != nil {
		b.t.Fatalf("%q: %v", q.Text, err)
	}
	return r
}

// finds fails unless the query finds exactly these, in any order.
func (b *bench) finds(text string, want ...ids.ID) search.Result {
	b.t.Helper()
	r := b.ask(search.Query{Text: text})
	got := slices.Sorted(slices.Values(r.IDs))
	if !slices.Equal(got, slices.Sorted(slices.Values(want))) || r.Total != len(want) {
		b.t.Errorf("%q finds %v of %d, want %v", text, r.IDs, r.Total, want)
	}
	return r
}

func TestWordsAreFound(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		b.put(
			search.Doc{ID: 1, Title: "Bookings for funeral directors", Text: "Families waited weeks."},
			search.Doc{ID: 2, Title: "Keeping roads open", Terms: "Highways. Ynys Môn", Text: "Gritting with sensors costs £1.2m, said the children's champion."},
			search.Doc{ID: 3, Title: "A website that works", Text: "It is built from low-code parts and/or shared modules."},
		)
		b.finds("funeral", 1)
		b.finds("FUNERALS", 1)
		b.finds("family waiting", 1)
		b.finds("ynys mon", 2)
		b.finds("Ynys Môn", 2)
		b.finds("childrens champion", 2)
		b.finds("low code", 3)
		b.finds("low-code", 3)
		b.finds("lowcode", 3)
		b.finds("shared", 3)
		b.finds("zebra")
	})
}

func TestTitleBeatsText(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		filler := strings.Repeat("officers wrote a plan for the year ahead ", 10)
		b.put(
			search.Doc{ID: 1, Title: "Roads", Text: filler + "allotments"},
			search.Doc{ID: 2, Title: "Allotments", Text: filler},
			search.Doc{ID: 3, Title: "Bridges", Terms: "allotments", Text: filler},
		)
		if r := b.ask(search.Query{Text: "allotments"}); !slices.Equal(r.IDs, []ids.ID{2, 3, 1}) {
			t.Errorf("title, terms, text: %v", r.IDs)
		}
	})
}

func TestMoreOfTheQueryComesFirst(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		for i := range 20 {
			b.put(search.Doc{ID: ids.ID(100 + i), Title: "Nothing to do with it", Text: "budget papers"})
		}
		b.put(
			search.Doc{ID: 1, Title: "Merging registers of births"},
			search.Doc{ID: 2, Title: "Merging address registers after a vesting date"},
			search.Doc{ID: 3, Title: "Addresses"},
		)
		r := b.ask(search.Query{Text: "how did others go about merging address registers?"})
		if len(r.IDs) == 0 || r.IDs[0] != 2 || slices.Contains(r.IDs, 100) {
			t.Errorf("a question: %v", r.IDs)
		}
	})
}

func TestTypingErrors(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		b.put(
			search.Doc{ID: 1, Title: "Homelessness prevention"},
			search.Doc{ID: 2, Title: "Potholes in Nottinghamshire"},
			search.Doc{ID: 3, Title: "Power BI for planners"},
			search.Doc{ID: 4, Title: "Chatbots on the switchboard"},
		)
		for typed, want := range map[string]ids.ID{
			"homelesness": 1, "hmoelessness": 1, "pothols": 2, "notinghamshre": 2, "prevenshun homelessness": 1,
			"powerbi": 3, "chat bots": 4,
		} {
			b.finds(typed, want)
		}
		if r := b.finds("homelesness", 1); r.Corrected == nil || r.Corrected.From != "homelesness" || r.Corrected.To != "homelessness" {
			t.Errorf("the correction: %+v", r.Corrected)
		}
		if r := b.finds("potholes", 2); r.Corrected != nil {
			t.Errorf("nothing was mistyped: %+v", r.Corrected)
		}
		b.finds("2024") // numbers are not corrected into others
	})
}

func TestOtherWordsForTheSame(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		b.put(
			search.Doc{ID: 1, Title: "Adult social care reviews"},
			search.Doc{ID: 2, Title: "Social events for adult learners"},
			search.Doc{ID: 3, Title: "Machine learning for lorries"},
			search.Doc{ID: 4, Title: "Refuse rounds"},
		)
		b.finds("ASC", 1)
		b.finds("artificial intelligence", 3)
		b.finds("bins", 4)
		b.finds("wheelie bin", 4)
	})
}

func TestTheLastWordMayBeBegun(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		b.put(search.Doc{ID: 1, Title: "Gazetteers"}, search.Doc{ID: 2, Title: "Libraries", Text: "ransomware"})
		b.finds("gaz", 1)
		b.finds("libr", 2)
		b.finds("ranso", 2)
		b.finds("gaz ") // a space ends the word
	})
}

func TestQuotes(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		b.put(search.Doc{ID: 1, Title: "Open day for tenants"}, search.Doc{ID: 2, Title: "A day of open doors"})
		b.finds(`"open day"`, 1)
		b.finds(`open day`, 1, 2)
		b.finds(`"open day" tenants`, 1)
		b.finds(`"open day" zebra`, 1)
		b.finds(`"open`, 1, 2)
	})
}

func TestNamesOfOrganisations(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		b.put(
			search.Doc{ID: 1, Title: "Libraries", Terms: "Buckinghamshire"},
			search.Doc{ID: 2, Title: "Libraries", Terms: "Kent"},
			search.Doc{ID: 3, Title: "Museums", Terms: "Kent"},
		)
		bucks := search.Name{From: 0, To: 1, Names: []string{"Buckinghamshire"}}
		if r := b.ask(search.Query{Text: "bucks", Names: []search.Name{bucks}}); !slices.Equal(r.IDs, []ids.ID{1}) {
			t.Errorf("a nickname: %v", r.IDs)
		}
		// A name puts its own first and hides nothing else that fits.
		if r := b.ask(search.Query{Text: "bucks libraries", Names: []search.Name{bucks}}); len(r.IDs) == 0 || r.IDs[0] != 1 {
			t.Errorf("a nickname and a word: %v", r.IDs)
		}
	})
}

func TestWithoutWords(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		b.put(search.Doc{ID: 1, Title: "One"}, search.Doc{ID: 2, Title: "Two"}, search.Doc{ID: 3, Title: "Three"})
		for _, text := range []string{"", "   ", "?!", "\u00a0"} {
			if r := b.ask(search.Query{Text: text}); !slices.Equal(r.IDs, []ids.ID{3, 2, 1}) || r.Total != 3 {
				t.Errorf("%q: %v of %d", text, r.IDs, r.Total)
			}
		}
		b.finds("the of and") // words that say nothing find nothing
	})
}

func TestNastyInput(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		b.put(search.Doc{ID: 1, Title: "Plain"})
		for _, text := range []string{
			"a\x00b", "'", `"`, `""`, `"'"`, "\\", `\'`, "%", "_", "*", ":*", "plain:*", "!plain", "-plain", "plain &", "| plain", "(((", ")))", "<->",
			"plain <-> plain", "' or 1=1 --", "'); drop table stories; --", "\xff\xfe", "\ue000mark\ue001", "🏠🏠", "ﷺ", "Ａｄｕｌｔ", "e\u0301", "\u202eplain",
			strings.Repeat("a", 500), strings.Repeat("plain ", 83), strings.Repeat("( ", 250), strings.Repeat(`"`, 500), "http://plain.example/?q=1&b[]=2", "a@b.c", "$1", "{}", "NULL",
		} {
			b.ask(search.Query{Text: text})
		}
		_, err := b.engine.Search(context.Background(), search.Query{Kind: kind, Text: strings.Repeat("a", 501), Spaces: []int64{}, Limit: 10})
		if !problem.Is(err, "invalid") {
			t.Errorf("a query that is too long: %v", err)
		}
		for _, value := range []string{"'", `"`, "x\x00", "\\", "' or 1=1", strings.Repeat("v", 10_000)} {
			if r := b.ask(search.Query{Filters: map[string][]string{"area": {value}, "nope'": {value}}, Facets: []string{"area"}}); r.Total != 0 {
				t.Errorf("the filter %.20q finds %d", value, r.Total)
			}
		}
		b.finds("plain", 1)
	})
}

func TestPutReplacesAndDropRemoves(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		b.put(search.Doc{ID: 1, Title: "Parking", Facets: map[string][]string{"area": {"parking"}}})
		b.put(search.Doc{ID: 1, Title: "Playgrounds", Facets: map[string][]string{"area": {"parks"}}})
		b.put(search.Doc{ID: 1, Title: "Playgrounds", Facets: map[string][]string{"area": {"parks"}}})
		b.finds("parking")
		b.finds("playgrounds", 1)
		r := b.ask(search.Query{Facets: []string{"area"}})
		if len(r.Facets["area"]) != 1 || r.Facets["area"][0] != (search.FacetValue{Value: "parks", Count: 1}) {
			t.Errorf("facets after a change: %+v", r.Facets)
		}
		b.drop(1)
		b.drop(1)
		b.drop(77)
		b.finds("playgrounds")
	})
}

func TestWhatWasRolledBackIsNotFound(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		ctx := context.Background()
		err := b.db.Tx(ctx, func(tx *db.Tx) error {
			if err := search.Put(ctx, tx, search.Doc{Kind: kind, ID: 1, Title: "Unwritten", At: time.Unix(0, 0)}); err != nil {
				return err
			}
			return fmt.Errorf("no")
		})
		if err == nil {
			t.Fatal("the transaction went through")
		}
		b.settle(t)
		b.finds("unwritten")
	})
}

func TestLongText(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		b.put(search.Doc{ID: 1, Title: "Long", Text: strings.Repeat("word ", 100_000)})
		var many strings.Builder
		for i := range 60_000 {
			fmt.Fprintf(&many, "w%dx ", i)
		}
		b.put(search.Doc{ID: 2, Title: "Many", Text: many.String()})
		b.finds("long", 1)
		b.finds("many", 2)
	})
}

func TestUpdatesWhileSearching(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		ctx := context.Background()
		var wg sync.WaitGroup
		for writer := range 4 {
			wg.Go(func() {
				for i := range 25 {
					err := b.db.Tx(ctx, func(tx *db.Tx) error {
						// The same things and new words in another order each time.
						a, z := ids.ID(1+(i+writer)%3), ids.ID(1+(i+2*writer)%3)
						for _, id := range slices.Compact([]ids.ID{min(a, z), max(a, z)}) {
							d := search.Doc{
								Kind: kind, ID: id, At: time.Unix(int64(i), 0), Title: fmt.Sprintf("Common word%c%c", 'a'+i, 'a'+writer),
								Facets: map[string][]string{"area": {fmt.Sprint(i % 5)}, "year": {fmt.Sprint(writer)}},
							}
							if err := search.Put(ctx, tx, d); err != nil {
								return err
							}
						}
						return nil
					})
					if err != nil {
						t.Errorf("put: %v", err)
					}
				}
			})
			wg.Go(func() {
				for range 25 {
					r := b.ask(search.Query{Text: "common", Facets: []string{"area"}})
					sum := 0
					for _, v := range r.Facets["area"] {
						sum += v.Count
					}
					if sum != r.Total || len(r.IDs) != r.Total {
						t.Errorf("one moment: %d ids, total %d, areas %d", len(r.IDs), r.Total, sum)
					}
				}
			})
		}
		wg.Wait()
		b.settle(t)
		b.finds("common", 1, 2, 3)
	})
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		b.put(search.Doc{ID: 1, Title: "Plain"})
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		start := time.Now()
		if _, err := b.engine.Search(ctx, search.Query{Kind: kind, Text: "plain", Spaces: []int64{}, Limit: 1}); err == nil {
			t.Error("a search that was called off answered")
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("it took %s to give up", took)
		}
	})
}
