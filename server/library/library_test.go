package library_test

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"guildhall/server/db"
	"guildhall/server/events"
	"guildhall/server/ids"
	"guildhall/server/library"
	"guildhall/server/testkit"
)

func find(w *testkit.World, who, query string) library.Results {
	w.T.Helper()
	var r library.Results
	w.As(who).Get("/api/stories?" + query).Expect(200).JSON(&r)
	return r
}

func facet(r library.Results, name string) map[string]library.FacetValue {
	out := map[string]library.FacetValue{}
	for _, f := range r.Facets {
		if f.Name == name {
			for _, v := range f.Values {
				out[v.Value] = v
			}
		}
	}
	return out
}

func load(w *testkit.World, rows ...library.Row) {
	w.T.Helper()
	ctx := context.Background()
	if err := w.DB.Tx(ctx, func(tx *db.Tx) error { return library.Load(ctx, tx, rows) }); err != nil {
		w.T.Fatal(err)
	}
}

func story(key string) library.Row {
	year := 2024
	return library.Row{
		SourceID: key, Title: "Weighing the zeppelins", Problem: "They **floated** off.", WhatWasDone: "Ropes.", Outcome: "<script>alert(1)</script>Held.",
		LeadName: "Northmere County", Areas: []string{"parks-open-spaces"}, Year: &year, Stage: "live", Evidence: "own figures", Sources: []library.Source{},
	}
}

func TestBrowsingTheLibrary(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	first := find(w, "member", "")
	if first.Total != 90 || first.Pages != 5 || len(first.Items) != 20 || first.Page != 1 || first.Engine != "postgres" {
		t.Fatalf("total %d, pages %d, items %d", first.Total, first.Pages, len(first.Items))
	}
	seen := map[ids.ID]bool{}
	for page := 1; page <= first.Pages; page++ {
		for _, h := range find(w, "member", fmt.Sprintf("page=%d", page)).Items {
			seen[h.ID] = true
			if h.Title == "" || h.ExcerptHTML == "" || h.LeadName == "" || len(h.ServiceAreas) == 0 {
				t.Errorf("an empty part: %+v", h)
			}
		}
	}
	if len(seen) != 90 {
		t.Errorf("%d different stories on the pages", len(seen))
	}
	if r := find(w, "member", "page=6"); len(r.Items) != 0 || r.Total != 90 {
		t.Errorf("behind the last page: %d items, total %d", len(r.Items), r.Total)
	}
	if r := find(w, "member", "sort=oldest"); *r.Items[0].Year != 2011 {
		t.Errorf("the oldest: %+v", r.Items[0])
	}
	if r := find(w, "member", "sort=newest"); *r.Items[0].Year != 2025 {
		t.Errorf("the newest: %+v", r.Items[0])
	}
	w.As("stranger").Get("/api/stories").Problem(401, "sign-in")
	for _, bad := range []string{"page=0", "page=501", "sort=best", "nope=1", "q=" + strings.Repeat("a", 501)} {
		w.As("member").Get("/api/stories?"+bad).Problem(422, "invalid")
	}
}

func TestFilters(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	all := find(w, "member", "")
	areas := facet(all, "area")
	if a := areas["housing-repairs"]; a.Parent != "housing-homelessness" || a.Label != "Housing repairs" || a.Count != 3 {
		t.Errorf("an area: %+v", a)
	}
	// One at the top holds for those below, and counts each story once.
	top := find(w, "member", "area=housing-homelessness")
	if top.Total != areas["housing-homelessness"].Count || top.Total < areas["damp-mould"].Count {
		t.Errorf("housing: %d stories, counted %d", top.Total, areas["housing-homelessness"].Count)
	}
	for _, h := range top.Items {
		if !slices.ContainsFunc(h.ServiceAreas, func(a library.Area) bool { return a.Parent != nil && *a.Parent == "housing-homelessness" }) {
			t.Errorf("%s is not about housing", h.Title)
		}
	}
	// Values of one filter add up, filters narrow each other.
	two := find(w, "member", "region=Wales&region=Scotland")
	if two.Total != facet(all, "region")["Wales"].Count+facet(all, "region")["Scotland"].Count || facet(two, "region")["London"].Count == 0 {
		t.Errorf("two regions: %d, others %+v", two.Total, facet(two, "region"))
	}
	narrow := find(w, "member", "region=Scotland&stage=live&year=2021&type=scottish&nation=Scotland&evidence="+url.QueryEscape("published account"))
	if narrow.Total != 1 || *narrow.Items[0].SourceID != "falkirk-telecare" || !facet(narrow, "stage")["live"].Selected {
		t.Errorf("narrowed: %+v", narrow.Items)
	}
	// What is chosen stays to be seen with nothing in it.
	none := find(w, "member", "region=Scotland&stage=alpha")
	if v, ok := facet(none, "stage")["alpha"]; none.Total != 0 || !ok || !v.Selected || v.Count != 0 {
		t.Errorf("nothing: %+v", facet(none, "stage"))
	}
	if r := find(w, "member", "q=telecare&region=Scotland"); r.Total != 3 {
		t.Errorf("words and a filter: %d", r.Total)
	}
	if r := find(w, "member", "area=nope&organisation=77777777"); r.Total != 0 {
		t.Errorf("unknown values: %d", r.Total)
	}
}

func TestWordsFindTheRightStory(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	for q, want := range map[string]string{
		"first scottish council with digital telecare":     "falkirk-telecare",
		"gazetteer for somerset":                           "somerset-llpg",
		"missed bins rushmoor":                             "rushmoor-bins",
		"how busy is newcastel":                            "newcastle-how-busy",
		"who has booked funerals online?":                  "liverpool-funerals",
		"machine learning for sofas":                       "north-tyneside-bulky",
		"cyber attack":                                     "hackney-cyber-recovery",
		`"flight crew"`:                                    "barnsley-copilot",
		"blue badge north yorkshire":                       "north-yorkshire-blue-badge",
		"registering a birth in northern ireland at night": "mid-ulster-births",
	} {
		r := find(w, "member", "q="+url.QueryEscape(q))
		if len(r.Items) == 0 || *r.Items[0].SourceID != want {
			t.Errorf("%q: %d results, first %+v, want %s", q, r.Total, r.Items[:min(1, len(r.Items))], want)
		}
	}
	r := find(w, "member", "q="+url.QueryEscape("Bucks copliot"))
	if len(r.Chips) != 1 || r.Chips[0].Label != "Buckinghamshire" || r.Chips[0].Text != "Bucks" || r.Corrected == nil || r.Corrected.To != "bucks copilot" {
		t.Errorf("chips %+v, corrected %+v", r.Chips, r.Corrected)
	}
	only := find(w, "member", "organisation="+r.Chips[0].Value)
	if only.Total < 4 || only.Total > 10 {
		t.Errorf("only Buckinghamshire: %d", only.Total)
	}
	if h := r.Items[0]; !strings.Contains(h.TitleHTML, "<mark>Copilot</mark>") {
		t.Errorf("the title: %s", h.TitleHTML)
	}
}

func TestOneStory(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	hit := find(w, "member", "q=worcestershire+deaths").Items[0]
	var s library.Story
	w.As("outsider").Get(testkit.Path("/stories/%s", hit.ID)).Expect(200).JSON(&s)
	if s.Lead == nil || s.Lead.Code != "WOR" || len(s.Partners) != 3 || s.Partners[0].ID == nil || len(s.ServiceAreas) != 5 || s.Version != 1 {
		t.Errorf("the story: %+v", s)
	}
	// It is honest about what it is.
	if s.Evidence != "published account" || s.EvidenceNote == "" || len(s.Sources) != 1 || s.Sources[0].URL == "" || s.Licence == "" || s.LastCheckedOn == nil {
		t.Errorf("evidence: %+v", s)
	}
	if !strings.HasPrefix(s.ProblemHTML, `<p lang="en">`) {
		t.Errorf("the HTML: %s", s.ProblemHTML)
	}
	w.As("member").Get("/api/stories/999999999").Problem(404, "not-found")
	w.As("stranger").Get(testkit.Path("/stories/%s", hit.ID)).Problem(401, "sign-in")
}

func TestAStoryForACohort(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	row := story("zeppelins")
	row.SpaceID = int64(w.Space("cohortA"))
	load(w, row)
	inside := find(w, "member", "q=zeppelins")
	if inside.Total != 1 {
		t.Fatalf("the cohort's story: %+v", inside)
	}
	path := testkit.Path("/stories/%s", inside.Items[0].ID)
	var s library.Story
	w.As("moderator").Get(path).Expect(200).JSON(&s)
	if strings.Contains(s.OutcomeHTML, "<script") || !strings.Contains(s.ProblemHTML, "<strong>floated</strong>") {
		t.Errorf("the HTML: %s %s", s.ProblemHTML, s.OutcomeHTML)
	}
	for _, who := range []string{"outsider", "admin"} {
		w.As(who).Get(path).Problem(404, "not-found")
		for _, q := range []string{"q=zeppelins", "q=zepelins", "q=zep", "year=2024&area=parks-open-spaces", "evidence=" + url.QueryEscape("own figures")} {
			if r := find(w, who, q); r.Total != 0 || r.Corrected != nil {
				t.Errorf("%s finds %d by %s, corrected %+v", who, r.Total, q, r.Corrected)
			}
		}
		all := find(w, who, "")
		if all.Total != 90 || facet(all, "area")["parks-open-spaces"].Count != 0 || facet(all, "evidence")["own figures"].Count != 0 {
			t.Errorf("%s: total %d, counts %+v", who, all.Total, facet(all, "evidence"))
		}
	}
}

// TestARenameIsFound: a council's new name is found without anybody touching
// its stories.
func TestARenameIsFound(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	ctx := context.Background()
	err := w.DB.Tx(ctx, func(tx *db.Tx) error {
		var id ids.ID
		if err := tx.GetContext(ctx, &id, `update organisations set name = 'Zedshire Council' where code = 'RUH' returning id`); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `update service_areas set label = 'Qwertying' where slug = 'bereavement'`); err != nil {
			return err
		}
		events.Emit(ctx, tx, events.OrganisationChanged{OrganisationID: id}, events.ServiceAreaChanged{Slug: "bereavement"})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Drain()
	// The server's own worker may have taken the jobs first.
	deadline := time.Now().Add(10 * time.Second)
	for {
		council, area := find(w, "member", "q=zedshire"), find(w, "member", "q=qwertying")
		if council.Total == 1 && *council.Items[0].SourceID == "rushmoor-bins" && area.Total == 2 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the new names find %d and %d", council.Total, area.Total)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func TestLoadingAgain(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	ctx := context.Background()
	versions := func() (n int) {
		t.Helper()
		if err := w.DB.GetContext(ctx, &n, `select sum(version) from stories`); err != nil {
			t.Fatal(err)
		}
		return n
	}
	row := story("zeppelins")
	load(w, row)
	before := versions()
	load(w, row)
	if versions() != before {
		t.Error("loading the same again changed something")
	}
	row.Title = "Weighing the balloons"
	load(w, row)
	if r := find(w, "member", "q=balloons"); r.Total != 1 {
		t.Errorf("a changed row: %d", r.Total)
	}
	if _, err := w.DB.ExecContext(ctx, `update stories set source_hash = '', title = 'Ours' where source_id = 'zeppelins'`); err != nil {
		t.Fatal(err)
	}
	row.Title = "Weighing the kites"
	load(w, row)
	var title string
	if err := w.DB.GetContext(ctx, &title, `select title from stories where source_id = 'zeppelins'`); err != nil || title != "Ours" {
		t.Errorf("loading wrote over what a person edited: %q, %v", title, err)
	}
	bad := story("nowhere")
	bad.Areas = []string{"no-such-area"}
	if err := w.DB.Tx(ctx, func(tx *db.Tx) error { return library.Load(ctx, tx, []library.Row{bad}) }); err == nil {
		t.Error("an unknown service area was accepted")
	}
}

func TestADeletedStoryIsGone(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	ctx := context.Background()
	load(w, story("zeppelins"))
	hit := find(w, "member", "q=zeppelins").Items[0]
	if _, err := w.DB.ExecContext(ctx, `update stories set deleted_at = now() where id = $1`, hit.ID); err != nil {
		t.Fatal(err)
	}
	// Even before search knows, the row is read again and left out.
	if r := find(w, "member", "q=zeppelins"); len(r.Items) != 0 {
		t.Errorf("a deleted story is shown: %+v", r.Items)
	}
	w.As("member").Get(testkit.Path("/stories/%s", hit.ID)).Problem(404, "not-found")
	if err := w.DB.Tx(ctx, func(tx *db.Tx) error {
		events.Emit(ctx, tx, events.ServiceAreaChanged{Slug: "parks-open-spaces"})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "a deleted story is counted no more", func() bool { return find(w, "member", "q=zeppelins").Total == 0 })
}

// TestEqualSections: a story may say the same twice, and each is shown.
func TestEqualSections(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	row := story("same")
	row.Problem, row.WhatWasDone, row.Outcome = "To be told.", "To be told.", "To be told."
	load(w, row)
	var s library.Story
	w.As("member").Get(testkit.Path("/stories/%s", find(w, "member", "q=zeppelins").Items[0].ID)).Expect(200).JSON(&s)
	if s.ProblemHTML == "" || s.ProblemHTML != s.WhatWasDoneHTML || s.ProblemHTML != s.OutcomeHTML {
		t.Errorf("the sections are %q, %q and %q", s.ProblemHTML, s.WhatWasDoneHTML, s.OutcomeHTML)
	}
}

func TestMadeStoriesAreAlwaysTheSame(t *testing.T) {
	t.Parallel()
	rows, err := library.Stories()
	if err != nil || len(rows) != 90 {
		t.Fatalf("%d stories, %v", len(rows), err)
	}
	a, b := library.NewMade(rows, []string{"libraries", "parking"}, 10), library.NewMade(rows, []string{"libraries", "parking"}, 10)
	for _, n := range []int{0, 7, 99_999} {
		if x, y := a.Story(n), b.Story(n); x.Title != y.Title || x.Outcome != y.Outcome || x.EvidenceNote == "" || x.LeadCode[:5] != "LOAD-" {
			t.Errorf("story %d: %+v, %+v", n, x, y)
		}
	}
}
