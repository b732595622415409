package orgs_test

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"testing"

	"guildhall/server/access"
	"guildhall/server/api"
	"guildhall/server/db"
	"guildhall/server/ids"
	"guildhall/server/orgs"
	"guildhall/server/testkit"
)

func list(w *testkit.World, query string) *api.Page[orgs.Listed] {
	w.T.Helper()
	var page api.Page[orgs.Listed]
	w.As("member").Get("/api/organisations?" + query).Expect(200).JSON(&page)
	return &page
}

func TestCouncilsAreFoundByAnyName(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	for name, code := range map[string]string{
		"bucks": "BUC", "Buckinghamshire Council": "BUC", "lbbd": "BDG", "k&c": "KEC", "St. Helens": "SHN", "ynys môn": "AGY",
		"Royal Borough of Kingston upon Thames": "KTT", "hull": "KHL", "buckinhamshire": "BUC", "cwac": "CHW",
	} {
		if page := list(w, "q="+url.QueryEscape(name)); len(page.Items) == 0 || page.Items[0].Code != code {
			t.Errorf("%q: %+v, want %s first", name, page.Items[:min(1, len(page.Items))], code)
		}
	}
	if page := list(w, "q=zzzzzz"); len(page.Items) != 0 {
		t.Errorf("nonsense: %+v", page.Items)
	}
	if page := list(w, "q="+url.QueryEscape(`%_\' or 1=1`)); len(page.Items) != 0 {
		t.Errorf("signs: %+v", page.Items)
	}
	w.As("stranger").Get("/api/organisations?q=bucks").Problem(401, "sign-in")
	w.As("member").Get("/api/organisations?q="+strings.Repeat("a", 201)).Problem(422, "invalid")
	w.As("member").Get("/api/organisations?cursor=nonsense").Problem(422, "invalid")
}

// TestAbolishedCouncilsAreFoundByTheirNames, with what followed them; a list
// without a text, and one of those to belong to, hold none.
func TestAbolishedCouncilsAreFoundByTheirNames(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	for q, want := range map[string]string{
		"cumbria": "CMA 2023-04-01 CBD WAF", "carlisle": "CAR 2023-04-01 CBD", "wycombe": "WYO 2020-03-31 BUC",
		"nothampton": "NOR 2021-04-01 WNT", "cumbira": "CMA 2023-04-01 CBD WAF",
	} {
		page := list(w, "q="+q)
		if len(page.Items) == 0 || page.Items[0].EndsOn == nil {
			t.Errorf("%s: %+v", q, page.Items)
			continue
		}
		first := page.Items[0]
		got := first.Code + " " + *first.EndsOn
		for _, s := range first.Successors {
			got += " " + s.Code
		}
		if first.Current || got != want {
			t.Errorf("%s: %s, want %s", q, got, want)
		}
	}
	for query, abolished := range map[string]bool{"limit=200": false, "limit=200&former=true": true, "q=carlisle&today=true": false} {
		if page := list(w, query); slices.ContainsFunc(page.Items, func(o orgs.Listed) bool { return !o.Current }) != abolished {
			t.Errorf("%s: abolished ones there: %v", query, !abolished)
		}
	}
	if page := list(w, "q=nothamptonshire&today=true"); len(page.Items) < 2 || page.Items[0].Code != "NNT" || page.Items[1].Code != "WNT" {
		t.Errorf("a slip in a word of a longer name: %+v", page.Items)
	}
}

func TestAllCouncilsPageByPage(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	seen := map[ids.ID]bool{}
	cursor, nations := "", map[string]int{}
	for {
		page := list(w, "limit=200&cursor="+url.QueryEscape(cursor))
		for _, o := range page.Items {
			if seen[o.ID] {
				t.Fatalf("%s is there twice", o.Name)
			}
			seen[o.ID] = true
			if o.Tier != "combined" && o.Tier != "strategic" && !o.MadeUp {
				nations[o.Nation]++
			}
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	// GOV.UK's own list has 382 principal councils.
	if nations["England"] != 317 || nations["Scotland"] != 32 || nations["Wales"] != 22 || nations["Northern Ireland"] != 11 {
		t.Errorf("principal councils: %v", nations)
	}
	if page := list(w, "type=welsh&limit=200"); len(page.Items) != 22 {
		t.Errorf("%d Welsh councils", len(page.Items))
	}
	if page := list(w, "nation=Scotland&region=Scotland&limit=200"); len(page.Items) != 32 {
		t.Errorf("%d Scottish councils", len(page.Items))
	}
}

func TestOneCouncil(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	var d orgs.Details
	w.As("outsider").Get(testkit.Path("/organisations/%s", list(w, "q=cumbria&former=true").Items[0].ID)).Expect(200).JSON(&d)
	if d.Code != "CMA" || d.Current || len(d.Successors) != 2 || d.Successors[0].Code != "CBD" || d.Successors[1].Code != "WAF" {
		t.Errorf("Cumbria was split in two: %+v", d)
	}
	w.As("member").Get(testkit.Path("/organisations/%s", list(w, "q=buckinghamshire+council").Items[0].ID)).Expect(200).JSON(&d)
	if len(d.Predecessors) != 5 || !slices.Contains(d.Aliases, "bucks") || !slices.Contains(d.Domains, "buckinghamshire.gov.uk") {
		t.Errorf("Buckinghamshire: %d before it, names %v, domains %v", len(d.Predecessors), d.Aliases, d.Domains)
	}
	if d.Stories < 4 || d.People != 0 || d.Attribution != orgs.Attribution || d.Profile.UrbanShare == nil {
		t.Errorf("Buckinghamshire: %+v", d)
	}
	w.As("member").Get("/api/organisations/999999999").Problem(404, "not-found")
	w.As("member").Get("/api/organisations/x").Problem(422, "invalid")
	w.As("stranger").Get(testkit.Path("/organisations/%s", d.ID)).Problem(401, "sign-in")
}

func TestServiceAreas(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	var areas orgs.AreaList
	w.As("member").Get("/api/service-areas").Expect(200).JSON(&areas)
	levels, labels := map[int]int{}, map[string]bool{}
	for _, a := range areas.Items {
		levels[a.Level]++
		if a.Level == 2 && !labels[a.Parent] {
			t.Errorf("%s stands before the one above it", a.Slug)
		}
		labels[a.Slug] = true
	}
	if levels[1] != 15 || levels[2] != 94 {
		t.Errorf("areas by level: %v", levels)
	}
	w.As("stranger").Get("/api/service-areas").Problem(401, "sign-in")
}

// TestLoadingAgain: nothing changes, what the data changed is brought in, and
// what a person edited is left alone.
func TestLoadingAgain(t *testing.T) {
	t.Parallel()
	ctx, d := context.Background(), testkit.DB(t)
	load := func(rows []orgs.Row) {
		t.Helper()
		if err := d.Tx(ctx, func(tx *db.Tx) error { return orgs.Load(ctx, tx, rows) }); err != nil {
			t.Fatal(err)
		}
	}
	state := func() (out []string) {
		t.Helper()
		if err := d.SelectContext(ctx, &out, `select concat_ws('|', id, code, short_name, version, updated_at) from organisations
			union all select concat_ws('|', organisation_id, name, kind, source) from organisation_aliases order by 1`); err != nil {
			t.Fatal(err)
		}
		return out
	}
	rows, err := orgs.Councils()
	if err != nil {
		t.Fatal(err)
	}
	before := state()
	load(rows)
	if !slices.Equal(before, state()) {
		t.Error("loading the same again changed something")
	}
	if _, err := d.ExecContext(ctx, `update organisations set short_name = 'Ours', source_hash = '', version = version + 1 where code = 'KEN'`); err != nil {
		t.Fatal(err)
	}
	changed := slices.Clone(rows)
	for i := range changed {
		if changed[i].Code == "KEN" || changed[i].Code == "ESS" {
			changed[i].ShortName = "Theirs"
		}
	}
	load(changed)
	var names []string
	if err := d.SelectContext(ctx, &names, `select short_name from organisations where code in ('ESS', 'KEN') order by code`); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(names, []string{"Theirs", "Ours"}) {
		t.Errorf("short names after loading: %v", names)
	}
}

func TestNamesInAQuery(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	for query, want := range map[string][]string{
		"bucks revs and bens":             {"Buckinghamshire"},
		"kingston upon hull bins":         {"Kingston upon Hull"},
		"libraries in kent":               {"Kent"},
		"dorset and north yorkshire":      {"Dorset", "North Yorkshire"},
		"north east lincolnshire":         {"North East Lincolnshire"},
		"housing repairs":                 nil,
		"adur and worthing communities":   {"Adur", "Worthing"},
		"city of":                         nil,
		"the county council":              nil,
		"royal borough of greenwich damp": {"Greenwich"},
	} {
		names, err := w.Orgs.Names(context.Background(), strings.Fields(query))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, n := range names {
			for _, c := range n.Chips {
				got = append(got, c.Label)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", query, got, want)
		}
	}
}

func TestBrief(t *testing.T) {
	t.Parallel()
	w := testkit.New(t)
	page, err := w.Orgs.List(context.Background(), access.Actor{}, orgs.Search{Text: "kent", Limit: 1})
	if err != nil || len(page.Items) != 1 {
		t.Fatalf("%+v, %v", page, err)
	}
	if o, err := w.Orgs.Brief(context.Background(), page.Items[0].ID); err != nil || o.Name != page.Items[0].Name {
		t.Errorf("%+v, %v", o, err)
	}
}
