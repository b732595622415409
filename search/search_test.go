package search_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"guildhall/search"
	"guildhall/server/access"
	"guildhall/server/db"
	"guildhall/server/ids"
	"guildhall/server/testkit"
)

// shelf is a feature in small: rows in memory, of which a person sees those
// of their spaces.
type shelf map[ids.ID]search.Doc

func (s shelf) hydrate(_ context.Context, who access.Actor, list []ids.ID) (map[ids.ID]search.Row, error) {
	out := map[ids.ID]search.Row{}
	for _, id := range list {
		if d, ok := s[id]; ok && (d.SpaceID == 0 || who.Can(access.ViewSpace, d.SpaceID)) {
			out[id] = search.Row{Title: d.Title, Text: d.Text, Where: "Shelf", Path: "/things/" + id.String()}
		}
	}
	return out, nil
}

// newService gives a search over a shelf, and how many ids did not match.
func newService(t *testing.T, docs ...search.Doc) (s *search.Service, things shelf, mismatches *int) {
	t.Helper()
	d := testkit.DB(t)
	things, mismatches = shelf{}, new(int)
	s = search.New(d, slog.New(slog.DiscardHandler))
	s.Mismatch = func(_ string, n int) { *mismatches += n }
	s.Add(search.Source{Kind: kind, Hydrate: things.hydrate})
	for i := range docs {
		docs[i].Kind, docs[i].At = kind, time.Unix(int64(i), 0)
		things[docs[i].ID] = docs[i]
	}
	if err := d.Tx(context.Background(), func(tx *db.Tx) error { return search.Put(context.Background(), tx, docs...) }); err != nil {
		t.Fatal(err)
	}
	return s, things, mismatches
}

var insider = access.Actor{ID: 1, Roles: map[ids.ID]access.Role{5: access.Member}}

func find(t *testing.T, s *search.Service, who access.Actor, text string) *search.Found {
	t.Helper()
	f, err := s.Find(context.Background(), who, search.Question{Kind: kind, Text: text, Page: 1, Size: 10, Facets: []string{"area"}})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestHighlights(t *testing.T) {
	t.Parallel()
	s, _, _ := newService(
		t,
		search.Doc{ID: 1, Title: "Fish & <b>chips</b> for tenants", Text: "A tenant's tale. " + strings.Repeat("It went on for some time. ", 30) + "Then \ue000all\ue001 tenants <script>alert(1)</script> met."},
		search.Doc{ID: 2, Title: "Adult social care", Text: "ASC reviews"},
	)
	h := find(t, s, insider, "tenants").Hits[0]
	if h.TitleHTML != "Fish &amp; &lt;b&gt;chips&lt;/b&gt; for <mark>tenants</mark>" {
		t.Errorf("the title: %s", h.TitleHTML)
	}
	if strings.Contains(h.ExcerptHTML, "<script") || strings.ContainsAny(h.ExcerptHTML, "\ue000\ue001") || !strings.Contains(h.ExcerptHTML, "<mark>tenant</mark>") {
		t.Errorf("the excerpt: %s", h.ExcerptHTML)
	}
	if len(h.ExcerptHTML) > 600 {
		t.Errorf("the excerpt has %d bytes", len(h.ExcerptHTML))
	}
	// What is meant is marked as well as what was typed.
	if h := find(t, s, insider, "asc").Hits[0]; h.TitleHTML != "<mark>Adult</mark> <mark>social</mark> <mark>care</mark>" {
		t.Errorf("the title of what an acronym means: %s", h.TitleHTML)
	}
	// Without words the beginning is shown, cut at a word.
	all := find(t, s, insider, "")
	if h := all.Hits[1]; !strings.HasPrefix(h.ExcerptHTML, "A tenant&#39;s tale.") || !strings.HasSuffix(h.ExcerptHTML, "…") {
		t.Errorf("the beginning: %s", h.ExcerptHTML)
	}
}

// TestExcerptsAreSentencesAndMarksAreMeant: a piece cut out of a sentence says
// so, words of a synonym are marked only together, and a text without a match
// shows its beginning.
func TestExcerptsAreSentencesAndMarksAreMeant(t *testing.T) {
	t.Parallel()
	filling := strings.Repeat("The officers of the place went on and on about nothing of much interest to anybody at all, ", 8)
	s, _, _ := newService(
		t,
		search.Doc{ID: 1, Title: "Repairs", Text: "Responsible people book housing visits, and " + filling + "and it ends."},
		search.Doc{ID: 2, Title: "One", Text: filling + "where tenants of the borough ask for repairs of a door that will not close " + filling + "and it ends."},
		search.Doc{ID: 3, Title: "Two", Text: "We run a repair booking service. " + filling + "and it ends."},
		search.Doc{ID: 4, Title: "Three", Text: filling + "and it ends. Repairs are done well."},
	)
	excerpts := map[ids.ID]string{}
	for _, h := range find(t, s, insider, "repairs").Hits {
		excerpts[h.ID] = h.ExcerptHTML
	}
	if e := excerpts[1]; !strings.HasPrefix(e, "Responsible people book housing visits, and") || !strings.HasSuffix(e, "…") || len(e) < 150 {
		t.Errorf("no match in the text: %s", e)
	}
	if e := excerpts[2]; !strings.HasPrefix(e, "…") || !strings.HasSuffix(e, "…") || !strings.Contains(e, "<mark>repairs</mark>") {
		t.Errorf("inside a sentence: %s", e)
	}
	if e := excerpts[3]; !strings.HasPrefix(e, "We run a <mark>repair</mark> <mark>booking</mark> service. ") || !strings.HasSuffix(e, "…") {
		t.Errorf("from the beginning: %s", e)
	}
	if e := excerpts[4]; !strings.HasPrefix(e, "…") || !strings.HasSuffix(e, "<mark>Repairs</mark> are done well.") {
		t.Errorf("to the end: %s", e)
	}
}

func TestWhatAPersonMayNotSeeIsNotFound(t *testing.T) {
	t.Parallel()
	s, things, mismatches := newService(
		t,
		search.Doc{ID: 1, Title: "Budget", Facets: map[string][]string{"area": {"open"}}},
		search.Doc{ID: 2, SpaceID: 5, Title: "Budget of the cohort", Facets: map[string][]string{"area": {"private"}}},
	)
	outsider := access.Actor{ID: 2, Roles: map[ids.ID]access.Role{6: access.Moderator}}
	admin := access.Actor{ID: 3, Site: access.SiteAdmin}
	for name, who := range map[string]access.Actor{"outsider": outsider, "admin": admin} {
		f := find(t, s, who, "budget")
		if f.Total != 1 || len(f.Hits) != 1 || f.Hits[0].ID != 1 || len(f.Facets["area"]) != 1 {
			t.Errorf("%s: %+v", name, f)
		}
	}
	if f := find(t, s, insider, "budget"); f.Total != 2 || len(f.Hits) != 2 {
		t.Errorf("insider: %+v", f)
	}
	if f := find(t, s, access.Actor{}, "budget"); f.Total != 0 || len(f.Hits) != 0 {
		t.Errorf("stranger: %+v", f)
	}
	if *mismatches != 0 {
		t.Errorf("%d mismatches", *mismatches)
	}
	// The feature has the last word: what it does not give is not shown.
	delete(things, 1)
	if f := find(t, s, insider, "budget"); len(f.Hits) != 1 || f.Hits[0].ID != 2 || *mismatches != 1 {
		t.Errorf("one is gone: %+v, %d mismatches", f.Hits, *mismatches)
	}
}

func TestChips(t *testing.T) {
	t.Parallel()
	s, _, _ := newService(t, search.Doc{ID: 1, Title: "Libraries", Terms: "Buckinghamshire"}, search.Doc{ID: 2, Title: "Libraries", Terms: "Kent"})
	s.ResolveNames(func(_ context.Context, words []string) ([]search.Name, error) {
		at := slices.Index(words, "bucks")
		if at < 0 {
			return nil, nil
		}
		chip := search.Chip{Kind: "organisation", Value: "7", Label: "Buckinghamshire", Text: "bucks"}
		return []search.Name{{From: at, To: at + 1, Names: []string{"Buckinghamshire"}, Chips: []search.Chip{chip}}}, nil
	})
	f := find(t, s, insider, "libraries in Bucks")
	if len(f.Chips) != 1 || f.Chips[0].Text != "Bucks" || f.Chips[0].Value != "7" {
		t.Errorf("chips: %+v", f.Chips)
	}
	if f.Hits[0].ID != 1 {
		t.Errorf("the council's own comes first: %+v", f.Hits)
	}
}

func TestEverything(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	var found search.Things
	w.As("member").Get("/api/search?q=telecare").Expect(200).JSON(&found)
	if len(found.Items) == 0 || found.Items[0].Kind != "story" || !strings.HasPrefix(found.Items[0].Path, "/stories/") || found.Engine != "postgres" {
		t.Errorf("everything: %+v", found)
	}
	w.As("member").Get("/api/search?q=+").Expect(200).JSON(&found)
	if len(found.Items) != 0 {
		t.Errorf("without words: %+v", found.Items)
	}
	w.As("member").Get("/api/search").Problem(422, "invalid")
	w.As("member").Get("/api/search?q="+strings.Repeat("a", 501)).Problem(422, "invalid")
	w.As("stranger").Get("/api/search?q=telecare").Problem(401, "sign-in")
}

// TestWordsThatStandNowhere: they are forgotten, and were offered to nobody
// before that; those of what is still there stay.
func TestWordsThatStandNowhere(t *testing.T) {
	t.Parallel()
	s, _, _ := newService(t, search.Doc{ID: 1, Title: "Gazetteers of addresses"}, search.Doc{ID: 2, Title: "Quokkasaurus"})
	d := s.DB()
	count := func(word string) (n int) {
		t.Helper()
		if err := d.Get(&n, `select count(*) from search_words where word = $1`, word); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if err := d.Tx(context.Background(), func(tx *db.Tx) error { return search.Drop(context.Background(), tx, kind, 2) }); err != nil {
		t.Fatal(err)
	}
	if f := find(t, s, insider, "quokasaurus"); f.Total != 0 || f.Corrected != nil {
		t.Errorf("a deleted word is offered: %+v", f)
	}
	if count("quokkasaurus") != 1 {
		t.Error("the word was not there to be forgotten")
	}
	if err := s.ForgetWords(context.Background(), 1_000_000); err != nil {
		t.Fatal(err)
	}
	if count("quokkasaurus") != 0 || count("gazetteers") == 0 {
		t.Errorf("left: %d of the deleted, %d of the other", count("quokkasaurus"), count("gazetteers"))
	}
	if f := find(t, s, insider, "gazzetteers"); f.Total != 1 || f.Corrected == nil {
		t.Errorf("after forgetting: %+v", f)
	}
	if err := s.Sweep(context.Background()); err != nil {
		t.Error(err)
	}
}
